import { failureOfKey, type KeySource } from 'countersign'
import { type Proven, stillProves } from './still-proves.ts'
import type { Tunnel } from './tunnel.ts'

/** The WebSockets that are open, each for as long as its key, and what it was proven with, may be used. */
export interface OpenTunnels {
  add(tunnel: Tunnel, from: TunnelFrom): void
  /** Ends them all, because the gateway does; and those that are added from now on. */
  endAll(): void
  readonly size: number
}

/** What a WebSocket was let through for. */
interface TunnelFrom extends Proven {
  readonly address: string | undefined
  /** The key needs one of these, as its route says. */
  readonly permission: readonly string[] | undefined
}

export interface OpenTunnelsOptions {
  readonly keys: KeySource
  /** Told of keys that can't be read: their WebSockets end as well. */
  readonly report: (error: unknown) => void
  readonly now?: (() => number) | undefined
}

/** Together with the time in which other processes' changes are seen, less than a second. */
export const LOOK_MS = 250

interface Open extends TunnelFrom {
  readonly tunnel: Tunnel
}

export function createOpenTunnels({ keys, report, now = Date.now }: OpenTunnelsOptions): OpenTunnels {
  const open = new Set<Open>()
  let timer: NodeJS.Timeout | undefined
  let isEnding = false

  async function mayGoOn(one: Open): Promise<boolean> {
    const { key: known, address, permission } = one
    try {
      const key = await keys.find(known.id)
      if (key?.schemeName !== known.schemeName || failureOfKey(key, now(), address) !== undefined) return false
      if (!stillProves(one, key)) return false
      return permission === undefined || permission.some(name => key.permissions.has(name))
    } catch (error) {
      report(error)
      return false
    }
  }

  function look(): void {
    for (const one of open)
      void mayGoOn(one).then(may => {
        if (!may && open.delete(one)) one.tunnel.end('key-ended')
      })
  }

  return {
    add(tunnel, from) {
      if (isEnding) return tunnel.end('going-away')
      const added: Open = { tunnel, ...from }
      open.add(added)
      timer ??= setInterval(look, LOOK_MS).unref()
      void tunnel.closed.then(() => {
        open.delete(added)
        if (open.size > 0) return
        clearInterval(timer)
        timer = undefined
      })
    },
    endAll() {
      isEnding = true
      for (const { tunnel } of open) tunnel.end('going-away')
      open.clear()
    },
    get size() {
      return open.size
    },
  }
}
