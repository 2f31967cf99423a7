import { type Field, fieldsOf, type Recipe } from '../recipe/recipe.ts'

export function isSignature(part: Recipe): boolean {
  return fieldOf(part) === 'signature'
}

/** The field that a part carries; a carried part has one. */
export function fieldOf(part: Recipe): Field {
  return fieldsOf(part)[0] ?? ''
}
