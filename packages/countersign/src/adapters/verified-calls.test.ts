import express from 'express'
import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { verifiedCall } from './verified-calls.ts'

describe('verifiedCall', () => {
  it('says what is missing where nothing has verified a request', () => {
    expect(() => verifiedCall({})).toThrow(
      expect.objectContaining({ code: 'call-not-verified', message: expect.stringContaining('requireSignature(verifier)') as string }),
    )
  })

  it('is the only way to a call: an open route has no member that might not be there', () => {
    express().get('/open', request => {
      // @ts-expect-error a request of Express has no auth
      request.auth
    })
    fastify().get('/open', async request => {
      // @ts-expect-error a request of Fastify has no auth
      request.auth
    })
  })
})
