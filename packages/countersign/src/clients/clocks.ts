import { wantFunction } from '../contract/refuse-unknown.ts'
import type { Signer } from '../sign/sign.ts'
import { type ClockCorrection, REFUSALS } from './fetch.ts'

/** The signers of a client, by origin: for a server that told its time there is one with a clock of its own. */
export interface Clocks {
  signerFor(url: string): Signer
  /** Whether an answer is worth reading for {@link Clocks.correct}. */
  mayCorrect(status: number): boolean
  /**
   * The signer of a second attempt after a refusal that is put down to the clock; `undefined` for any other answer.
   *
   * @param refusal only made where `status` is that of a refusal
   */
  correct(url: string, status: number, refusal: () => Response): Promise<Signer | undefined>
  /** Goes on with the signer of a second attempt, unless that was refused as well. */
  keep(url: string, status: number, by: Signer): void
}

/**
 * What `signedFetch` does about the clock, for the other clients. It has its own lines for it: with these, what a
 * browser needs would be 109 bytes above the limit of `npm run size`.
 *
 * @throws CountersignError `option-invalid`
 */
export function createClocks(signer: Signer, correctClock: ClockCorrection | undefined): Clocks {
  if (correctClock !== undefined) wantFunction('correctClock', correctClock)
  const corrected = new Map<string, Signer>()
  const originOf = (url: string): string => new URL(url).origin
  const mayCorrect = (status: number): boolean => correctClock !== undefined && REFUSALS.includes(status)
  return {
    mayCorrect,
    signerFor: url => corrected.get(originOf(url)) ?? signer,
    async correct(url, status, refusal) {
      if (correctClock === undefined || !mayCorrect(status)) return undefined
      // A clock that was set for a server is not the right one for it any more.
      corrected.delete(originOf(url))
      const offsetMs = await correctClock(refusal(), url, signer.clock())
      return offsetMs === undefined ? undefined : signer.withClock(() => signer.clock() + offsetMs)
    },
    keep(url, status, by) {
      if (!REFUSALS.includes(status)) corrected.set(originOf(url), by)
    },
  }
}

/**
 * An answer of another library, as a {@link ClockCorrection} reads it.
 *
 * @param body `undefined` where it isn't held, such as that of a stream: then only the `Date` tells the time
 */
export function asResponse(status: number, headers: Headers, body: BodyInit | undefined): Response {
  const told = new Headers(headers)
  if (body === undefined) told.delete('content-type')
  return new Response(body ?? null, { status, headers: told })
}
