import type { Command } from 'commander'
import type { Done } from '../process/exit.ts'
export function defineInit(_command: Command, _done: Done): void {}
