import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run } from './command.ts'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

/** What is typed, and what a shell makes of it or offers. */
const LINES: readonly (readonly [typed: string, offered: string])[] = [
  ['ke', 'keys'],
  ['keys cr', 'create'],
  ['completion zs', 'zsh'],
  ['schemes strip', 'stripe'],
  ['sign -s slac', 'slack'],
  ['keys list --sta', '--state'],
  ['keys list --state disab', 'disabled'],
]

describe('countersign completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints the program for %s, and what to do with it is in its help', async shell => {
    const { code, stdout } = await run('countersign', ['completion', shell])
    expect([code, stdout]).toEqual([0, readFileSync(`${dist}completions/${shell}`, 'utf8')])
    expect((await run('countersign', ['completion', '--help'])).stdout).toContain(`countersign completion ${shell}`)
  })

  it('refuses another shell', async () => {
    expect(await run('countersign', ['completion', 'tcsh'])).toMatchObject({ code: 2, stdout: '' })
  })

  it.skipIf(!has('bash')).each(LINES)('in bash: %s → %s (needs bash)', (typed, offered) => {
    const script = `source ${dist}completions/bash
COMP_WORDS=(countersign "$@"); COMP_CWORD=$#; _countersign; printf '%s\\n' "\${COMPREPLY[@]}"`
    const printed = execFileSync('bash', ['-c', script, 'bash', ...typed.split(' ')], { cwd: '/', encoding: 'utf8' })
    expect(printed.split('\n')).toContain(offered)
  })

  it.skipIf(!has('fish')).each(LINES)('in fish: %s → %s (needs fish)', (typed, offered) => {
    const printed = execFileSync('fish', ['-c', `source ${dist}completions/fish; complete -C 'countersign ${typed}'`], {
      cwd: '/',
      encoding: 'utf8',
    })
    expect(printed.split('\n').map(line => line.split('\t')[0])).toContain(offered)
  })

  it.skipIf(!has('zsh')).each(LINES)('in zsh, after Tab: %s → %s (needs zsh)', (typed, offered) => {
    const script = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "unsetopt zle_bracketed_paste; PS1='> '; autoload -Uz compinit; compinit -u -D; source ${dist}completions/zsh; print rea''dy"
zpty -r z out '*ready*'
zpty -w -n z "countersign ${typed}"$'\\t'
zpty -r z out '*${[...typed.split(' ').slice(0, -1), offered].join(' ')}*'
print -r -- "$out"`
    expect(execFileSync('zsh', ['-c', script], { cwd: '/', encoding: 'utf8', timeout: 60_000 })).toContain(offered)
  })
})

describe('the man pages', () => {
  const pages = readdirSync(`${dist}man`)

  it('are one for the command and one for each of its commands, with every option', async () => {
    const { stdout } = await run('countersign', ['--help'])
    const names = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = '']) => name).filter(name => name !== 'help')
    expect(names.length).toBeGreaterThan(15)
    expect(pages.sort()).toEqual(['countersign.1', ...names.map(name => `countersign-${name}.1`)].sort())
    const help = (await run('countersign', ['help', 'keys', 'create'])).stdout
    const text = readFileSync(`${dist}man/countersign-keys.1`, 'utf8').replaceAll('\\-', '-')
    for (const [, flag = ''] of help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)) expect(text).toContain(flag)
  })

  it('are all named in package.json, which npm links them by', () => {
    const { man } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect([...man].sort()).toEqual(pages.map(page => `./dist/man/${page}`).sort())
  })

  it.skipIf(!has('groff')).each(pages)('%s is laid out without a warning (needs groff)', page => {
    const { status, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-c', `${dist}man/${page}`], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('S\bSY\bYN\bNO\bOP\bPS\bSI\bIS\bS')
  })
})
