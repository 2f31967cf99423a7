export { consoleDirectory } from './console-directory.ts'
export { type RunningUi, startUi, type UiOptions } from './server.ts'
