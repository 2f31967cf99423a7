import { crypto as platform } from '#crypto'
import { stepsOf } from '../recipe/steps.ts'
import { textOf } from './difference.ts'
import { createWriter, type SceneInput, setScene } from './scene.ts'

/** A stretch of the message. `name` is what it is: `timestamp`, `url`, `literal`, `hash`. */
export interface MessagePart {
  readonly name: string
  readonly text: string
}

/**
 * The message that a request's signature is made of, taken apart: to show it.
 *
 * @throws CountersignError `url-not-signable`
 */
export async function messageParts(input: SceneInput): Promise<readonly MessagePart[]> {
  const { base, assumptions } = setScene(input)
  const write = createWriter(platform, base)
  const steps = await stepsOf(input.scheme.message, recipe => write({ ...assumptions, recipe }))
  const parts = steps.at(-1)?.parts ?? []
  return parts.map(({ name, value }) => ({ name, text: textOf(value) }))
}
