import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

export interface TestRedis {
  readonly url: string
  readonly port: number
  /** What an operator says to it: `say('REPLICAOF', 'NO', 'ONE')`. */
  say(command: string, ...args: (string | number)[]): Promise<unknown>
  /** With SIGKILL. */
  stop(): Promise<void>
  /** With what it had written, or without. */
  start(options?: StartOptions): Promise<void>
  /** Its process hangs (SIGSTOP), or goes on. */
  hang(): void
  goOn(): void
  close(): Promise<void>
}

interface StartOptions {
  readonly isEmpty?: boolean
  readonly args?: readonly string[]
  /** Whether it returns while the data is still read from disk. */
  readonly isLoading?: boolean
}

const program = ['redis-server', 'valkey-server'].find(name => spawnSync(name, ['--version']).error === undefined)

export const hasRedis = program !== undefined

/** A Redis of its own on a free port, which writes everything down. Its nodes as a cluster also use port + 10,000. */
export async function startRedis(...args: readonly string[]): Promise<TestRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-redis-'))
  let port = await freePort()
  while (port > 55_000) port = await freePort()
  const password = args.includes('--requirepass') ? `:${args[args.indexOf('--requirepass') + 1]}@` : ''
  const url = `redis://${password}127.0.0.1:${port}`
  const always = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
  ]
  let child: ChildProcess | undefined
  const redis: TestRedis = {
    url,
    port,
    async say(command, ...words) {
      const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: null, enableReadyCheck: false })
      client.on('error', () => undefined)
      try {
        return await client.call(command, ...words)
      } finally {
        client.disconnect()
      }
    },
    async start({ isEmpty = false, args: more = [], isLoading = false } = {}) {
      if (isEmpty) rmSync(join(directory, 'appendonlydir'), { recursive: true, force: true })
      child = spawn(program ?? '', [...always, ...args, ...more], { stdio: 'ignore' })
      const client = new Redis(url, {
        lazyConnect: true,
        maxRetriesPerRequest: null,
        retryStrategy: () => 20,
        enableReadyCheck: !isLoading,
      })
      client.on('error', () => undefined)
      await client.info()
      client.disconnect()
    },
    async stop() {
      if (child !== undefined) await end(child)
    },
    hang: () => void child?.kill('SIGSTOP'),
    goOn: () => void child?.kill('SIGCONT'),
    async close() {
      await redis.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await redis.start().catch(async (error: unknown) => {
    await redis.close()
    throw error
  })
  return redis
}

/** A replica that has all that its primary has. */
export async function startReplica(primary: TestRedis, ...args: readonly string[]): Promise<TestRedis> {
  await primary.say('CONFIG', 'SET', 'repl-diskless-sync-delay', 0)
  const replica = await startRedis('--replicaof', '127.0.0.1', String(primary.port), ...args)
  await until(async () => (await replicationOf(replica)).includes('master_link_status:up'))
  return replica
}

/** Waits until a replica has all that its primary has; from then on it gets nothing, because it has no right to. */
export async function holdBack(replica: TestRedis, primary: TestRedis): Promise<void> {
  const offsetOf = async (redis: TestRedis) => /^master_repl_offset:(\d+)/m.exec(await replicationOf(redis))?.[1]
  await until(async () => (await offsetOf(replica)) === (await offsetOf(primary)))
  await replica.say('CONFIG', 'SET', 'masterauth', 'held back')
  await until(async () => {
    await primary.say('CLIENT', 'KILL', 'TYPE', 'replica')
    return (await replicationOf(replica)).includes('master_link_status:down')
  })
}

export async function replicationOf(redis: TestRedis): Promise<string> {
  return String(await redis.say('INFO', 'replication'))
}

/**
 * Three sentinels that watch it as `main`, and promote a replica half a second after it is gone. They have a password
 * of their own.
 */
export async function startSentinels(primary: TestRedis, password: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-sentinels-'))
  const children: ChildProcess[] = []
  const ports: number[] = []
  for (let count = 0; count < 3; count++) {
    const port = await freePort()
    const file = join(directory, `${count}.conf`)
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${directory}`,
        'requirepass guardian',
        `sentinel monitor main 127.0.0.1 ${primary.port} 2`,
        `sentinel auth-pass main ${password}`,
        'sentinel down-after-milliseconds main 500',
        'sentinel failover-timeout main 5000',
      ].join('\n'),
    )
    ports.push(port)
    children.push(spawn(program ?? '', [file, '--sentinel'], { stdio: 'ignore' }))
  }
  const first = new Redis(ports[0] ?? 0, {
    password: 'guardian',
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
    enableReadyCheck: false,
  })
  first.on('error', () => undefined)
  // Each has to know the others and the replica, or nobody is promoted.
  await until(async () => {
    const [known] = (await first.call('SENTINEL', 'MASTERS')) as string[][]
    const of = (name: string) => known?.[known.indexOf(name) + 1]
    return of('num-slaves') === '1' && of('num-other-sentinels') === '2'
  })
  first.disconnect()
  return {
    url: `redis-sentinel://:${password}@${ports.map(port => `127.0.0.1:${port}`).join(',')}?sentinelPassword=guardian#main`,
    async close() {
      await Promise.all(children.map(end))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The slots are divided among the nodes; each may have a copy of its own. */
export async function startRedisCluster(copies: 0 | 1 = 0): Promise<{ readonly nodes: readonly TestRedis[]; close(): Promise<void> }> {
  const settings = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--cluster-replica-validity-factor',
    '0',
    '--appendonly',
    'no',
  ]
  const nodes: TestRedis[] = []
  for (let count = 0; count < 3 * (1 + copies); count++) nodes.push(await startRedis(...settings, '--repl-diskless-sync-delay', '0'))
  const { status, stdout } = spawnSync(
    'redis-cli',
    ['--cluster', 'create', ...nodes.map(({ port }) => `127.0.0.1:${port}`), '--cluster-replicas', String(copies), '--cluster-yes'],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stdout)
  if (copies > 0)
    await until(
      async () => (await Promise.all(nodes.map(replicationOf))).filter(text => text.includes('master_link_status:up')).length === 3,
    )
  return {
    nodes,
    async close() {
      await Promise.all(nodes.map(node => node.close()))
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Asks until it is so. */
export async function until(isSo: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`Not so after ${withinMs} ms: ${isSo}`)
    await new Promise(resolve => setTimeout(resolve, 20))
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
