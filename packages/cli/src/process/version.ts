import manifest from '@countersign/cli/package.json' with { type: 'json' }

export const VERSION: string = manifest.version
