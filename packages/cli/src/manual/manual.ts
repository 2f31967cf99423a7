import { SCHEMES } from 'countersign/schemes'
import { VERSION } from '../process/version.ts'
import { completionFor } from './completions.ts'
import { describeCommands } from './described-commands.ts'
import { manPages } from './man-page.ts'
import { SHELLS } from './shells.ts'

/** What is made of the commands' definitions when the command is built: file names below `dist`, and texts. */
export async function makeManual(): Promise<readonly { readonly file: string; readonly text: string }[]> {
  const program = await describeCommands()
  const schemes = SCHEMES.map(({ name }) => name)
  return [
    ...manPages(program, VERSION).map(({ file, text }) => ({ file: `man/${file}`, text })),
    ...SHELLS.map(shell => ({ file: `completions/${shell}`, text: completionFor(shell, program, schemes) })),
  ]
}
