import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import type { GatewayConfig } from '@countersign/server'

/** What a process asks the first one at its start. */
const SETTINGS_WANTED = 'countersign-settings-wanted'

/** What the first process tells one in whose place there is another. */
export const REPLACED = 'countersign-replaced'

interface SettingsSent {
  readonly type: 'countersign-settings'
  readonly config: GatewayConfig
}

/**
 * The settings of a process, from the first one. It doesn't read the file itself: that may have changed since the first
 * process looked at it. Two processes would go by two settings then, with two memories of the calls that were taken.
 */
export async function settingsFromFirst(): Promise<GatewayConfig> {
  process.send?.(SETTINGS_WANTED)
  for (;;) {
    const [message] = (await once(process, 'message')) as [unknown]
    if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'countersign-settings')
      return (message as SettingsSent).config
  }
}

/** Gives a new process its settings, once it asks. */
export function giveSettings(worker: Worker, config: GatewayConfig): void {
  worker.on('message', (message: unknown) => {
    if (message !== SETTINGS_WANTED) return
    const sent: SettingsSent = { type: 'countersign-settings', config }
    // One that ended meanwhile is replaced by another, which asks for itself.
    worker.send(sent, () => undefined)
  })
}
