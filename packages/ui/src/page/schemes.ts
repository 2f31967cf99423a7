import type { Scheme } from 'countersign'
import * as all from 'countersign/schemes'

export const SCHEMES: readonly Scheme[] = Object.values(all).sort((a, b) => (a.name < b.name ? -1 : 1))

export function findScheme(name: string): Scheme | undefined {
  return SCHEMES.find(scheme => scheme.name === name)
}
