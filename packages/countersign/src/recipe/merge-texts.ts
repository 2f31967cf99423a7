import { partsOf } from './compile.ts'
import { join, type MessageRecipe, type Recipe, text } from './recipe.ts'

/**
 * The same message in fewer parts: constant texts beside each other are one. For compiling only; what is shown keeps
 * its parts.
 */
export function mergeTexts(recipe: Recipe): MessageRecipe {
  const merged: Recipe[] = []
  for (const part of partsOf(recipe)) {
    const last = merged.at(-1)
    if (part.op === 'text' && last?.op === 'text') merged[merged.length - 1] = text(last.text + part.text)
    else merged.push(part)
  }
  return join('', merged)
}
