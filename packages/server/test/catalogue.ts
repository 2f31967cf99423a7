import type { Permission } from '../src/index.ts'

/** Permissions to test with. */
export const CATALOGUE: readonly Permission[] = ['balance', 'web3', 'read_only'].map(name => ({
  name,
  title: name,
  description: '',
  opens: [],
}))
