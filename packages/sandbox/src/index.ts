export { API_BASE } from './app.ts'
export type { DemoKey } from './demo-keys.ts'
export { DEFAULT_STEP_MS, type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts'
