import type { DescribedCommand, DescribedOption } from './described-commands.ts'
import type { Shell } from './shells.ts'

/** The program that completes the command's line in a shell. */
export function completionFor(shell: Shell, program: DescribedCommand, schemes: readonly string[]): string {
  return { bash, zsh, fish }[shell](program, schemes)
}

/** Every command of the tree, the outermost first. */
function flat(command: DescribedCommand): readonly DescribedCommand[] {
  return [command, ...command.commands.flatMap(flat)]
}

function pathOf({ words }: DescribedCommand): string {
  return words.slice(1).join(' ')
}

function namesOf({ short, long }: DescribedOption): readonly string[] {
  return short === undefined ? [long] : [short, long]
}

/** The words that may stand for a value. */
function choicesOf(value: DescribedOption['value'] | DescribedCommand['argument'], schemes: readonly string[]): readonly string[] {
  if (value === 'scheme') return schemes
  return Array.isArray(value) ? value : []
}

function isPath({ value }: DescribedOption): boolean {
  return value === 'file' || value === 'folder' || value === 'scheme'
}

function bash(program: DescribedCommand, schemes: readonly string[]): string {
  const all = flat(program)
  const words = all.map(one => {
    const list = [...one.commands.map(({ words }) => words.at(-1)), ...choicesOf(one.argument, schemes), ...one.options.flatMap(namesOf)]
    return `    '${pathOf(one)}') words='${list.join(' ')}' ;;`
  })
  const values = valueCases(all, (pattern, option) => {
    const choices = choicesOf(option.value, schemes)
    const lists = [
      ...(choices.length === 0 ? [] : [`compgen -W '${choices.join(' ')}' -- "$current"`]),
      ...(isPath(option) ? [`compgen -f -- "$current"`] : []),
    ]
    return `    ${pattern}) COMPREPLY=(${lists.length === 0 ? '' : `$(${lists.join('; ')})`}); return ;;`
  })
  return `# Completion of countersign for bash: eval "$(countersign completion bash)"
_countersign() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path='' words='' at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${path:+$path }\${COMP_WORDS[at]}" in
    ${all
      .slice(1)
      .map(one => `'${pathOf(one)}'`)
      .join('|')}) path="\${path:+$path }\${COMP_WORDS[at]}" ;;
    esac
  done
  case "$path $before" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _countersign countersign
`
}

/** A case for each option that takes a value: in bash's patterns, the path and the option. */
function valueCases(all: readonly DescribedCommand[], make: (pattern: string, option: DescribedOption) => string): string[] {
  return all.flatMap(one =>
    one.options
      .filter(({ value }) => value !== undefined)
      .map(option =>
        make(
          namesOf(option)
            .map(name => `'${pathOf(one)} ${name}'`)
            .join('|'),
          option,
        ),
      ),
  )
}

function zsh(program: DescribedCommand, schemes: readonly string[]): string {
  const functions = flat(program).map(one => {
    const specs = one.options.map(option => zshOption(option, schemes))
    const name = zshName(one)
    const words = choicesOf(one.argument, schemes)
    const first = words.length === 0 ? [] : [zshQuoted(`1:argument:(${words.join(' ')})`)]
    if (one.commands.length === 0) return `${name}() {\n  _arguments -s ${[...specs, ...first, "'*:file:_files'"].join(' \\\n    ')}\n}`
    const commands = one.commands.map(inner => `    ${zshQuoted(`${inner.words.at(-1)}:${inner.description.replaceAll(':', '\\:')}`)}`)
    const cases = one.commands.map(inner => `      ${inner.words.at(-1)}) ${zshName(inner)} ;;`)
    return `${name}() {
  local state
  local -a commands=(
${commands.join('\n')}
  )
  _arguments -C ${[...specs, "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')}
  case $state in
    command) _describe command commands ;;
    argument) case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}`
  })
  return `#compdef countersign
# Completion of countersign for zsh: eval "$(countersign completion zsh)"
${functions.join('\n')}
compdef _countersign countersign
`
}

function zshName({ words }: DescribedCommand): string {
  return `_${words.join('_').replaceAll('-', '_')}`
}

function zshOption(option: DescribedOption, schemes: readonly string[]): string {
  const { description, value } = option
  const text = description.replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:')
  const choices = choicesOf(option.value, schemes)
  const action = choices.length > 0 ? `(${choices.join(' ')})` : isPath(option) ? '_files' : ' '
  const names = namesOf(option)
  const body = `[${text}]${value === undefined ? '' : `:value:${action}`}`
  // Any number of times, since many may be repeated.
  return names.map(name => zshQuoted(`*${name}${body}`)).join(' ')
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function fish(program: DescribedCommand, schemes: readonly string[]): string {
  const lines = flat(program).flatMap(one => {
    const path = one.words.slice(1)
    const isHere = path.map(word => `__fish_seen_subcommand_from ${word}`).join('; and ')
    const inner = one.commands.map(({ words }) => words.at(-1)).join(' ')
    const notYet = inner === '' ? '' : `not __fish_seen_subcommand_from ${inner}`
    const condition = [isHere, notYet].filter(Boolean).join('; and ') || 'true'
    const begin = `complete -c countersign -n ${fishQuoted(condition)}`
    return [
      ...one.commands.map(({ words, description }) => `${begin} -f -a ${words.at(-1)} -d ${fishQuoted(description)}`),
      ...choicesOf(one.argument, schemes).map(word => `${begin} -f -a ${word}`),
      ...one.options.map(option => {
        const { short, long, description, value } = option
        const choices = choicesOf(option.value, schemes)
        return [
          begin,
          ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
          `-l ${long.slice(2)}`,
          ...(value === undefined ? [] : ['-r', isPath(option) ? '-F' : '-f']),
          ...(choices.length === 0 ? [] : [`-a ${fishQuoted(choices.join(' '))}`]),
          `-d ${fishQuoted(description)}`,
        ].join(' ')
      }),
    ]
  })
  return `# Completion of countersign for fish: countersign completion fish | source\n${lines.join('\n')}\n`
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
