import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'

export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
}

const TYPES: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** All files of the built page, by the path of their URL. No other path is ever looked up on the disk. */
export function readPage(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>()
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(entry)]
    if (type === undefined) continue
    const path = `/${entry.split(sep).join('/')}`
    files.set(path === '/index.html' ? '/' : path, { type, bytes: readFileSync(join(directory, entry)) })
  }
  return files
}
