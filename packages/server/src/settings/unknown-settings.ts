import { nearest } from 'countersign'
import { type Document, isMap, isNode, isScalar } from 'yaml'
import { z } from 'zod'

/** A setting that there is not, and what was probably meant. */
export interface UnknownSetting {
  readonly path: readonly PropertyKey[]
  /** The setting of that place whose name is nearest, where one is near. */
  readonly meant: string | undefined
}

/** The settings that zod found unknown, each by itself. */
export function unknownSettings(schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): readonly UnknownSetting[] {
  return issues.flatMap(issue => {
    if (issue.code !== 'unrecognized_keys') return []
    const known = namesAt(z.toJSONSchema(schema, { io: 'input' }) as SchemaNode, issue.path)
    return issue.keys.map(key => ({
      path: [...issue.path, key],
      meant: nearest(key, known) ?? known.find(name => lettersOf(name) === lettersOf(key)),
    }))
  })
}

/** Two letters that are swapped are more than one mistake to {@link nearest}, in a short name. */
function lettersOf(name: string): string {
  return [...name].sort().join('')
}

/** Where a setting's name begins; undefined where it is not in the document. */
export function offsetOfName(document: Document, path: readonly PropertyKey[]): number | undefined {
  const around: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(around)) return undefined
  const key = around.items.find(item => isScalar(item.key) && item.key.value === path.at(-1))?.key
  return isNode(key) ? key.range?.[0] : undefined
}

interface SchemaNode {
  readonly properties?: { readonly [name: string]: SchemaNode }
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
}

/** The names that an object at a path may have. */
function namesAt(schema: SchemaNode, path: readonly PropertyKey[]): readonly string[] {
  const [first, ...rest] = path
  const branches = [schema, ...(schema.anyOf ?? [])]
  return branches.flatMap(branch => {
    if (first === undefined) return Object.keys(branch.properties ?? {})
    const next = typeof first === 'number' ? branch.items : branch.properties?.[String(first)]
    return next === undefined ? [] : namesAt(next, rest)
  })
}
