import type { Stage } from './stage.ts'

const BALANCE = '/qapi/v1/balance'

/** Make a key, sign, send, break it, have it explained, rotate, revoke. */
export async function giveTour({ origin, say, run, sendWrongly }: Stage): Promise<void> {
  const admin = ['--server', origin, '--token-file', 'admin.token']
  const url = origin + BALANCE

  await say(`An API whose calls are signed runs at ${origin}: the sandbox, for as long as this tour takes. First, a key that may read the
balance. Its secret goes into a file that only you can read, and nobody can show it again.`)
  const shown = await run(['keys', 'create', 'tour', '--permission', 'balance', ...admin, '--secret-out', 'tour.secret'])
  const id = /csk_[0-9A-Za-z]{26}/.exec(shown)?.[0]
  if (id === undefined) throw new Error(`There is no key in: ${shown}`)
  const key = ['--api-key', id, '--secret-file', 'tour.secret']

  await say(`What is signed is timestamp, method, URL and body. These are the headers that go with a call:`)
  await run(['sign', 'GET', url, ...key])

  await say('Signed and sent in one go:')
  await run(['send', 'GET', url, ...key])

  await say(`Now a client that somebody wrote by hand. It signs the path where the whole URL belongs, and all it is told is this:`)
  const curl = await sendWrongly(BALANCE, id, 'tour.secret')

  await say('You have the secret, so you can ask what was signed instead:')
  await run(['explain', '--secret-file', 'tour.secret', '--', ...curl])

  await say('A call that the key has no permission for says which one it wants:')
  await run(['send', 'GET', `${origin}/qapi/v1/funds`, ...key], [1])

  await say('A new secret, while the old one stays good for an hour, so that no client fails meanwhile:')
  await run(['keys', 'rotate', id, '--overlap', '1h', ...admin, '--secret-out', 'tour.new-secret'])
  await run(['send', 'GET', url, '--api-key', id, '--secret-file', 'tour.secret'])
  await run(['send', 'GET', url, '--api-key', id, '--secret-file', 'tour.new-secret'])

  await say('And when a key has to go, it goes at once:')
  await run(['keys', 'revoke', id, '--yes', ...admin])
  await run(['send', 'GET', url, '--api-key', id, '--secret-file', 'tour.new-secret'], [1])

  await say(`That was it; the sandbox and the key are gone. From here:

  countersign sandbox       an API of your own to try clients on
  countersign send --help   call an API you have a key for
  countersign ui            the same in a page
  countersign gateway       put it in front of your own API`)
}
