export { type RunningUi, startUi, type UiOptions } from './server.ts'
