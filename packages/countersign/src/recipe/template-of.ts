import { hashOf, type Recipe } from './recipe.ts'

/** A recipe as it would be declared, in one line: for people to read. What a template can't say is written in words. */
export function templateOf(recipe: Recipe): string {
  const hash = hashOf(recipe)
  if (hash !== undefined) {
    const how = hash.encoding === 'raw' ? 'as bytes' : hash.encoding
    if (hash.encoding !== 'raw' && isValue(hash.of)) return expression(hash.of, hash.digest, hash.encoding)
    return `{${hash.digest} of "${templateOf(hash.of)}", ${how}}`
  }
  switch (recipe.op) {
    case 'text':
      return recipe.text.replace(/[{}]/g, brace => brace + brace)
    case 'field':
    case 'first':
    case 'filter':
      return expression(recipe)
    case 'step':
      return templateOf(recipe.of)
    case 'join':
      return recipe.of.map(templateOf).join(recipe.by)
    case 'list':
      return `{each of ${recipe.from}: "${templateOf(recipe.each)}"}`
  }
}

/** `{field|filter|filter}`. */
function expression(recipe: Recipe, ...filters: readonly string[]): string {
  if (recipe.op === 'filter') return expression(recipe.of, filterText(recipe.filter, recipe.with), ...filters)
  const value = isValue(recipe) ? valueText(recipe) : `"${templateOf(recipe)}"`
  return `{${[value, ...filters].join('|')}}`
}

function filterText(filter: string, argument: string): string {
  return argument === '' ? filter : `${filter}(${argument})`
}

function isValue(recipe: Recipe): boolean {
  return recipe.op === 'field' || recipe.op === 'first'
}

function valueText(recipe: Recipe): string {
  if (recipe.op === 'first') return recipe.of.map(valueText).join(' or ')
  return recipe.op === 'field' ? recipe.field : templateOf(recipe)
}
