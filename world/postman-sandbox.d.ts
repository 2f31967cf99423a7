declare module 'postman-sandbox' {
  interface Context {
    on(event: string, listener: (...args: never[]) => void): void
    execute(script: object, options: object, done: (error: Error | null, execution: never) => void): void
    dispose(): void
  }
  const Sandbox: { createContext(done: (error: Error | null, context: Context) => void): void }
  export default Sandbox
}
