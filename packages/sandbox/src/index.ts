export { PARTNER_BASE, V1_BASE, V2_BASE } from './apis.ts'
export type { DemoKey } from './demo/keys.ts'
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts'
