import type { MaybePromise } from '../contract/maybe-promise.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import { hashOf, type Recipe, text } from './recipe.ts'

/** A stretch of what a step makes. `name` is the field that it holds, `literal`, `hash`, or the name of a value. */
interface StepPart {
  readonly name: string
  readonly value: Uint8Array
}

/** Something that is put together on the way to the message: what is hashed, a named value; the message itself. */
export interface Step {
  readonly name: string
  readonly parts: readonly StepPart[]
}

/** Writes a recipe for one call, its hashes worked out. */
export type WriteRecipe = (recipe: Recipe) => MaybePromise<Message>

/**
 * A message taken apart for those who want to look: named steps of named parts, each step behind those it is made of,
 * `message` last. Never on the way of a call that is signed or verified.
 */
export async function stepsOf(message: Recipe, write: WriteRecipe): Promise<readonly Step[]> {
  const steps: Step[] = []
  for (const { name, recipe } of namedSteps({ name: 'message', recipe: message })) {
    const parts: StepPart[] = []
    for (const part of partsShown(recipe)) parts.push({ name: partName(part), value: messageBytes(await write(part)) })
    steps.push({ name, parts: parts.filter(({ value }) => value.length > 0) })
  }
  return steps
}

interface NamedRecipe {
  readonly name: string
  readonly recipe: Recipe
}

/** Those inside a step come before it. */
function namedSteps(step: NamedRecipe): readonly NamedRecipe[] {
  return [...innerSteps(step.recipe), step]
}

function innerSteps(recipe: Recipe): readonly NamedRecipe[] {
  switch (recipe.op) {
    case 'step':
      return namedSteps({ name: recipe.name, recipe: recipe.of })
    case 'filter': {
      const hash = hashOf(recipe)
      if (hash === undefined || hash.of.op !== 'join') return innerSteps(recipe.of)
      return namedSteps({ name: `what is hashed with ${hash.digest}`, recipe: hash.of })
    }
    case 'join':
    case 'first':
      return recipe.of.flatMap(innerSteps)
    default:
      return []
  }
}

/** As `partsOf` gives them, but that a named value stays whole: it has a step of its own. */
function partsShown(recipe: Recipe): readonly Recipe[] {
  if (recipe.op !== 'join') return [recipe]
  const { by, of } = recipe
  return of.flatMap((part, index) => (by === '' || index === 0 ? partsShown(part) : [text(by), ...partsShown(part)]))
}

function partName(part: Recipe): string {
  if (hashOf(part) !== undefined) return 'hash'
  switch (part.op) {
    case 'text':
      return 'literal'
    case 'field':
      return part.field
    case 'step':
      return part.name
    case 'list':
      return part.from
    case 'filter':
      return partName(part.of)
    default:
      return part.of.slice(0, 1).map(partName).join('')
  }
}
