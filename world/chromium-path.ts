import { existsSync } from 'node:fs'

/** Chromium's program: that of `CHROMIUM`, or where systems put it; undefined where there is none. */
export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/google-chrome', process.env['CHROMIUM'] ?? ''].findLast(path =>
  existsSync(path),
)
