import type { DescribedCommand, DescribedOption } from './described-commands.ts'

/** A page of section 1 in the language of man(7). */
export interface ManPage {
  /** `countersign-keys.1` */
  readonly file: string
  readonly text: string
}

/** One page for the command, and one for each of its commands, those within it included. */
export function manPages(program: DescribedCommand, version: string): readonly ManPage[] {
  return [program, ...program.commands].map(command => ({
    file: `${command.words.join('-')}.1`,
    text: `${[heading(command, version), ...sections(command, command === program), seeAlso(command, program)].join('\n')}\n`,
  }))
}

function heading({ words, description }: DescribedCommand, version: string): string {
  const name = words.join('-')
  return [
    `.TH ${quoted(name.toUpperCase())} 1 "" ${quoted(`countersign ${version}`)} "Countersign"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(description)}`,
  ].join('\n')
}

function sections(command: DescribedCommand, isProgram: boolean): string[] {
  const inner = isProgram ? [] : command.commands
  return [
    '.SH SYNOPSIS',
    ...(inner.length === 0 ? [command] : inner).map(({ words, usage }) => `.B ${escaped(words.join(' '))}\n${escaped(usage)}\n.br`),
    ...(isProgram
      ? ['.SH COMMANDS', ...command.commands.map(({ words, description }) => entry(words.slice(1).join(' '), description))]
      : []),
    ...options(command),
    ...inner.flatMap(one => [`.SH ${quoted(one.words.join(' '))}`, escaped(one.description), ...options(one, '.SS'), ...more(one, '.SS')]),
    ...more(command, '.SH'),
  ]
}

function options(command: DescribedCommand, heading = '.SH'): string[] {
  const groups = [...new Set(command.options.map(({ group }) => group))]
  return groups.flatMap(group => [
    `${heading} ${quoted(group.toUpperCase())}`,
    ...command.options.filter(one => one.group === group).map(option),
  ])
}

function option({ flags, description, variable, defaultValue, value }: DescribedOption): string {
  const notes = [
    Array.isArray(value) ? `one of ${value.join(', ')}` : '',
    defaultValue === undefined ? '' : `default: ${defaultValue}`,
    variable === undefined ? '' : `environment: ${variable}`,
  ].filter(Boolean)
  return entry(flags, notes.length === 0 ? description : `${description} (${notes.join('; ')})`)
}

/** Text below the options: lines that are indented stay as they are. */
function more(command: DescribedCommand, heading: string): string[] {
  if (command.more === '') return []
  return [`${heading} NOTES`, '.nf', ...command.more.split('\n').map(escaped), '.fi']
}

function seeAlso(command: DescribedCommand, program: DescribedCommand): string {
  const others = [program, ...program.commands].filter(one => one !== command)
  return `.SH "SEE ALSO"\n${others.map(({ words }) => `.BR ${escaped(words.join('-'))} (1)`).join(',\n')}`
}

function entry(term: string, text: string): string {
  return `.TP\n.B ${escaped(term)}\n${escaped(text)}`
}

/** A dash is one to type, what is not ASCII has its number, and no line begins with what roff takes for a request. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/[^\0-\x7e]/gu, character => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`)
    .replace(/^([.'])/gm, '\\&$1')
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`
}
