import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A plugin of Rolldown that notes which packages of others a bundle has in it, for their licences. */
export function noteLicences() {
  /** Folders of the packages. @type {Set<string>} */
  const folders = new Set()
  return {
    plugin: {
      name: 'licences',
      load(id) {
        const [, owner] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id) ?? []
        if (owner !== undefined) folders.add(id.slice(0, id.lastIndexOf(`/${owner}/`) + owner.length + 1))
        return null
      },
    },
    /** Name, version and licence of each, with the texts that it has. */
    text() {
      const notices = [...folders].sort().map(noticeOf)
      return `${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
    },
  }
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter(file => /^(licen[cs]e|copying|notice)/i.test(file) && statSync(join(folder, file)).isFile())
  const text = files.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n')
  if (text === '' && license === undefined) throw new Error(`${name} says nothing of its licence.`)
  return `${name} ${version} (${license})\n\n${text}`
}
