import { UsageError } from '../process/exit.ts'

/** This machine, without a scheme: `localhost:4567/x`, `127.0.0.1/x`, `[::1]:80`. */
const LOCAL = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?:[/?]|$)/i
/** Whether a host, or a URL without its scheme, is this machine. */
export const isLocal = (text: string): boolean => LOCAL.test(text)
/** A port of this machine: `:4567`, `:4567/x`. */
const PORT = /^:\d{1,5}(?:[/?]|$)/

/**
 * The URL that is meant: what is on this machine needs no `http://`, or no host either. Every other URL is left as it
 * is, since all of its characters may be signed.
 *
 * @throws UsageError `url-malformed`
 */
export function readUrl(text: string): string {
  if (PORT.test(text)) return `http://localhost${text}`
  if (LOCAL.test(text)) return `http://${text}`
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) {
    const { username, password } = new URL(text)
    if (username === '' && password === '') return text
    throw new UsageError('url-malformed', 'A URL that is called has no user name and password: a signature says who calls.')
  }
  throw new UsageError(
    'url-malformed',
    `${JSON.stringify(text)} is not a URL: write https://api.example.com/path, or :4567/path for this machine.`,
  )
}
