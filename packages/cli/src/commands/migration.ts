import type { Command } from 'commander'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import type { JsonOption } from '../keys/key-options.ts'
import { addManagerOptions, type ManagerOptions, withManager } from '../keys/store-options.ts'
import { readNumber } from '../options/numbers.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { minuteOf } from '../text/minute.ts'
import { table } from '../text/table.ts'

interface ReportOptions extends ManagerOptions, JsonOption {
  readonly from: string[]
  readonly to: string[]
  readonly days: string
}

export function defineMigration(migration: Command, done: Done): void {
  addManagerOptions(migration.command('report').description('list the keys that were used with a deprecated scheme or route'))
    .optionsGroup('What:')
    .option('--from <name...>', `what is deprecated: schemes, or routes as "route /path" (default: ${DEFAULT_SCHEME_NAME})`)
    .option('--to <name...>', 'what is to be used instead (default: anything else)')
    .option('--days <n>', 'who used it in so many days', '30')
    .optionsGroup('Output:')
    .option('--json', '{"using":[…],"stopped":…}')
    .addHelpText(
      'after',
      `
A key whose organisation has used the successor shows when: it has begun to move. Uses are written every few seconds.
The exit code is 0 when nobody uses it any more, and 1 when somebody does.

Examples:
  $ countersign migration report --from qredo-v1 --to qredo-v2
  $ countersign migration report --from "route /v1" --server https://keys.example.com --json`,
    )
    .action(
      async ({
        from = [DEFAULT_SCHEME_NAME],
        to = [],
        ...options
      }: Partial<Pick<ReportOptions, 'from' | 'to'>> & Omit<ReportOptions, 'from' | 'to'>) => {
        const days = readNumber(options.days, '--days', 1, 3660)
        const report = await withManager(options, manager => manager.migration({ from, to, days }))
        if (options.json === true) out(`${JSON.stringify(report)}\n`)
        else if (report.using.length === 0) tell(`No key was used with ${from.join(', ')} in ${days} days.`)
        else {
          out(
            table(
              ['ID', 'NAME', 'BY WAY OF', 'CALLS', 'LAST USED', 'SUCCESSOR USED'],
              report.using.map(({ keyId, name, via, count, lastUsedAt, successorLastUsedAt }) => [
                keyId,
                name,
                via,
                String(count),
                minuteOf(lastUsedAt),
                successorLastUsedAt === null ? 'not yet' : minuteOf(successorLastUsedAt),
              ]),
            ),
          )
        }
        if (options.json !== true && report.stopped > 0) tell(`${report.stopped} more used it once, and not in these ${days} days.`)
        done(report.using.length === 0 ? EXIT.ok : EXIT.refused)
      },
    )
}
