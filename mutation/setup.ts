import fc from 'fast-check'

// Most changes are noticed by the first random calls, and those that aren't would take the whole run each time.
fc.configureGlobal({ interruptAfterTimeLimit: 300 })
