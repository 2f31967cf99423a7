import { relative } from 'node:path'

/** A path as somebody in this folder would write it: relative, where it lies below. */
export function nearestPath(path: string): string {
  const short = relative('', path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}
