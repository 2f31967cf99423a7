import { createSigner, createVerifier, memoryKeys } from 'countersign'
import { awsSigV4, qredoPartner, qredoV1 } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { asFlags } from './as-flags.ts'

const secret = 'A'.repeat(44)

/** What the library throws. */
function messageOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  throw new Error('Nothing was thrown.')
}

describe('messages that name an option of the library', () => {
  it.each<readonly [() => unknown, string]>([
    [() => createSigner(qredoV1, { keyId: 'k', secret: 'c2hvcnQ=' }), 'give --allow-short-secret if'],
    [() => createSigner(qredoPartner, { keyId: 'k' } as never), 'a private key, in PEM: give --private-key-file'],
    [() => memoryKeys(qredoPartner, [{ id: 'k' }]), 'verifies with a public key: give --public-key-file'],
    [
      () => createSigner(qredoV1, { keyId: 'k', secret }).sign({ method: 'POST', url: 'https://a.example/', body: 'x' }),
      'or give --allow ambiguous-request',
    ],
    [
      () => createSigner(awsSigV4, { keyId: 'AKIDEXAMPLE', secret }).sign({ method: 'GET', url: 'https://a.example/' }),
      'give --param service=… and --param region=…',
    ],
  ])('name the option of the command: %#', (work, said) => {
    const told = asFlags(messageOf(work))
    expect(told).toContain(said)
    expect(told).not.toMatch(/allowShortSecret|privateKey|publicKey|\boption parameters\b|or allow '/)
  })

  it('leave all others as they are', () => {
    const other = messageOf(() => createVerifier(qredoV1, { origin: 'nowhere', keys: memoryKeys(qredoV1, []) }))
    expect(asFlags(other)).toBe(other)
  })
})
