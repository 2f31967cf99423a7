import type { KnipConfig } from 'knip'
import bench from './bench/package.json' with { type: 'json' }

/** What `npm run unused` takes for used although nothing here imports it, each with the reason. */
const config: KnipConfig = {
  // Packages of their own, which are installed by their scripts.
  ignore: ['world/**'],
  workspaces: {
    '.': {
      entry: [
        // Programs for readers; each is type-checked or run by the tests beside them.
        'examples/*.ts',
        'examples/old-clients/*.cjs',
        // What a program of somebody else's sees of the published types.
        'scripts/consumer/consumer.{ts,cts}',
        // Read by Stryker, which stands in a package of its own.
        'mutation/{stryker,vitest}.config.{js,ts}',
        'mutation/setup.ts',
      ],
      // The benchmarks have a package of their own too.
      ignoreDependencies: Object.keys(bench.dependencies),
      // Programs of the machine; what needs one says so, and is skipped without it.
      ignoreBinaries: ['go', 'nginx', 'openssl', 'redis-server', 'wrk'],
    },
    'packages/cli': {
      // What scripts/bundle-command.js and scripts/single-file.js begin with.
      entry: ['src/{countersign,apitool,single-file}.ts', 'src/process/broken-output.ts', 'src/infer/worker.ts', 'src/manual/manual.ts'],
      ignoreBinaries: ['fish', 'groff', 'mount', 'openssl', 'umount'],
    },
    'packages/countersign': { ignoreBinaries: ['openssl'] },
    'packages/server': { ignoreBinaries: ['java', 'redis-cli', 'unshare'] },
  },
}

export default config
