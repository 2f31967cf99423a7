export { DEFAULT_UI_PORT, type RunningUi, startUi, type UiOptions } from './server.ts'
