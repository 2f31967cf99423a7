import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import type { GatewayConfig, NamedFiles } from '@countersign/server'

/** What a process asks the first one at its start. */
const SETTINGS_WANTED = 'countersign-settings-wanted'

/** What the first process tells one in whose place there is another. */
export const REPLACED = 'countersign-replaced'

/** All that a process goes by. */
export interface WorkerSettings {
  readonly config: GatewayConfig
  readonly files: NamedFiles
}

interface SettingsSent {
  readonly type: 'countersign-settings'
  readonly settings: WorkerSettings
}

/**
 * The settings of a process, from the first one. It reads neither their file nor those that they name: these may have
 * changed since the first process looked at them. Two processes would go by two settings then, with two memories of the
 * calls that were taken.
 */
export async function settingsFromFirst(): Promise<WorkerSettings> {
  process.send?.(SETTINGS_WANTED)
  for (;;) {
    const [message] = (await once(process, 'message')) as [unknown]
    if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'countersign-settings')
      return (message as SettingsSent).settings
  }
}

/** Gives a new process its settings, once it asks. */
export function giveSettings(worker: Worker, settings: WorkerSettings): void {
  worker.on('message', (message: unknown) => {
    if (message !== SETTINGS_WANTED) return
    const sent: SettingsSent = { type: 'countersign-settings', settings }
    // One that ended meanwhile is replaced by another, which asks for itself.
    worker.send(sent, () => undefined)
  })
}
