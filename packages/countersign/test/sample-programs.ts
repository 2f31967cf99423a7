import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const has = (program: string, argument = '--version'): boolean => spawnSync(program, [argument]).error === undefined

/** The samples of a language, by the name of their scheme. */
type Samples = ReadonlyMap<string, string>

/** Runs the sample of a scheme, and gives what it printed. Rejects where it exits with another code than 0. */
export type RunSample = (schemeName: string, env: NodeJS.ProcessEnv) => Promise<string>

/** How the samples of a language are run here. */
export interface SampleRunner {
  readonly needs: string
  readonly isHere: boolean
  /** Compiles what has to be compiled, all samples at once. */
  prepare(folder: string, fileName: string, samples: Samples): Promise<RunSample>
}

/** Samples that run as they are printed. */
function interpreted(needs: string, isHere: boolean, command: string): SampleRunner {
  return {
    needs,
    isHere,
    async prepare(folder, fileName, samples) {
      const files = new Map([...samples].map(([name, sample]) => [name, write(join(folder, name), fileName, sample)]))
      return (name, env) => run(command, [files.get(name) ?? ''], { env, timeout: 60_000 })
    },
  }
}

/**
 * Samples that are compiled into one program, each in a package of its own; the program is told by its argument which
 * to run. Nothing of a sample is changed but what makes it a program by itself.
 */
const GO: SampleRunner = {
  needs: 'go',
  isHere: has('go', 'version'),
  async prepare(folder, fileName, samples) {
    const rooms = roomsOf(samples)
    write(folder, 'go.mod', 'module samples\n\ngo 1.18\n')
    for (const { room, sample } of rooms) {
      const asPackage = sample.replace(/^package main$/m, `package ${room}`).replace(/^func main\(\) \{$/m, 'func Main() {')
      write(join(folder, room), fileName, asPackage)
    }
    write(
      folder,
      'main.go',
      `package main\n\nimport (\n\t"os"\n${rooms.map(({ room }) => `\t"samples/${room}"\n`).join('')})\n\nfunc main() {\n\tswitch os.Args[1] {\n${rooms
        .map(({ name, room }) => `\tcase ${JSON.stringify(name)}:\n\t\t${room}.Main()\n`)
        .join('')}\tdefault:\n\t\tos.Exit(2)\n\t}\n}\n`,
    )
    const program = join(folder, 'samples')
    await run('go', ['build', '-buildvcs=false', '-o', program, '.'], { cwd: folder, env: process.env })
    return (name, env) => run(program, [name], { env, timeout: 60_000 })
  },
}

const JAVA: SampleRunner = {
  needs: 'a JDK (javac)',
  isHere: has('javac'),
  async prepare(folder, fileName, samples) {
    const rooms = roomsOf(samples)
    const files = rooms.map(({ room, sample }) => write(join(folder, room), fileName, `package ${room};\n${sample}`))
    const classes = join(folder, 'classes')
    await run('javac', ['-J-XX:TieredStopAtLevel=1', '-d', classes, ...files], { env: process.env })
    const roomOf = new Map(rooms.map(({ name, room }) => [name, room]))
    const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', classes]
    return (name, env) => run('java', [...options, `${roomOf.get(name)}.${basename(fileName, '.java')}`], { env, timeout: 60_000 })
  },
}

const CSHARP: SampleRunner = {
  needs: 'mcs and mono',
  isHere: has('mcs') && has('mono'),
  async prepare(folder, fileName, samples) {
    const rooms = roomsOf(samples)
    const files = rooms.map(({ room, sample }) =>
      write(
        join(folder, room),
        fileName,
        `namespace ${room}\n{\n${sample.replace(/^ {4}static int Main\(\)$/m, '    public static int Main()')}\n}\n`,
      ),
    )
    const cases = rooms.map(({ name, room }) => `            case ${JSON.stringify(name)}: return ${room}.Sign.Main();\n`).join('')
    const all = write(
      folder,
      'Samples.cs',
      `static class Samples\n{\n    static int Main(string[] names)\n    {\n        switch (names[0])\n        {\n${cases}            default: return 2;\n        }\n    }\n}\n`,
    )
    const program = join(folder, 'samples.exe')
    const options = ['-langversion:7', '-r:System.Net.Http.dll', '-main:Samples', `-out:${program}`]
    await run('mcs', [...options, all, ...files], { env: process.env })
    return (name, env) => run('mono', [program, name], { env, timeout: 60_000 })
  },
}

/** By the name of the language. */
export const SAMPLE_RUNNERS: { readonly [language: string]: SampleRunner } = {
  curl: interpreted('bash, openssl and curl', has('bash') && has('openssl', 'version') && has('curl'), 'bash'),
  python: interpreted('python3', has('python3'), 'python3'),
  node: interpreted('node', true, process.execPath),
  go: GO,
  java: JAVA,
  php: interpreted('php', has('php'), 'php'),
  ruby: interpreted('ruby', has('ruby'), 'ruby'),
  csharp: CSHARP,
}

/** A package for each sample; names of schemes have characters that names of packages can't have. */
function roomsOf(samples: Samples): readonly { readonly name: string; readonly room: string; readonly sample: string }[] {
  return [...samples].map(([name, sample], index) => ({ name, room: `sample${index}`, sample }))
}

function write(folder: string, fileName: string, text: string): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, fileName)
  writeFileSync(file, text)
  return file
}

async function run(
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd?: string; timeout?: number },
): Promise<string> {
  return (await execute(command, args, { maxBuffer: 10_000_000, ...options })).stdout
}
