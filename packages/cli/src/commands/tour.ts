import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { type Done, EXIT } from '../process/exit.ts'
import { createStage } from '../tour/stage.ts'
import { giveTour } from '../tour/tour.ts'

export function defineTour(command: Command, done: Done): void {
  command
    .option('--no-pause', 'do not wait for Enter between the steps')
    .addHelpText('after', '\nNothing of it stays on this machine, and every command that it shows is really run.')
    .action(async ({ pause }: { pause: boolean }) => {
      // Loaded here, so that the other commands start without a database and a server.
      const { startSandbox } = await import('@countersign/sandbox')
      const folder = mkdtempSync(join(tmpdir(), 'countersign-tour-'))
      const reader = pause && process.stdin.isTTY && process.stdout.isTTY ? createInterface(process.stdin, process.stderr) : undefined
      let isFirst = true
      const wait = async (): Promise<void> => {
        if (!isFirst) await reader?.question('\n(Enter goes on, Ctrl+C ends it) ')
        isFirst = false
      }
      const sandbox = await startSandbox({ directory: folder })
      try {
        await giveTour(createStage({ sandbox, folder, pause: wait }))
        done(EXIT.ok)
      } finally {
        reader?.close()
        await sandbox.close()
        rmSync(folder, { recursive: true, force: true })
      }
    })
}
