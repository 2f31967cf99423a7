import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

export interface TestRedis {
  readonly url: string
  stop(): Promise<void>
  /** With what it had written, or without. */
  start(options?: { readonly isEmpty?: boolean }): Promise<void>
  close(): Promise<void>
}

const program = ['redis-server', 'valkey-server'].find(name => spawnSync(name, ['--version']).error === undefined)

export const hasRedis = program !== undefined

/** A Redis of its own on a free port, which writes everything down. */
export async function startRedis(): Promise<TestRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  const redis: TestRedis = {
    url,
    async start({ isEmpty = false } = {}) {
      if (isEmpty) rmSync(join(directory, 'appendonlydir'), { recursive: true, force: true })
      child = spawn(
        program ?? '',
        ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
        {
          stdio: 'ignore',
        },
      )
      const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => 20 })
      client.on('error', () => undefined)
      await client.ping()
      client.disconnect()
    },
    async stop() {
      child?.kill('SIGKILL')
      await sleep(50)
    },
    async close() {
      await redis.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

/** Three nodes without copies: the slots are divided among them. */
export async function startRedisCluster(): Promise<{ readonly nodes: readonly string[]; close(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-cluster-'))
  const children: ChildProcess[] = []
  const ports: number[] = []
  for (let count = 0; count < 3; count++) {
    // The nodes talk to each other on this port plus ten thousand.
    let port = await freePort()
    while (port > 55_000) port = await freePort()
    ports.push(port)
    const own = mkdtempSync(join(directory, 'node-'))
    children.push(
      spawn(program ?? '', ['--port', String(port), '--bind', '127.0.0.1', '--dir', own, '--cluster-enabled', 'yes', '--save', ''], {
        stdio: 'ignore',
      }),
    )
  }
  const nodes = ports.map(port => `redis://127.0.0.1:${port}`)
  for (const node of nodes) {
    const client = new Redis(node, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
    client.on('error', () => undefined)
    await client.ping()
    client.disconnect()
  }
  const { status, stdout } = spawnSync('redis-cli', ['--cluster', 'create', ...ports.map(port => `127.0.0.1:${port}`), '--cluster-yes'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stdout)
  return {
    nodes,
    async close() {
      for (const child of children) child.kill('SIGKILL')
      await sleep(50)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
