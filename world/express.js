import { createServer } from 'node:http'
import { requireSignature, verifiedCall } from 'countersign/express'
import express5 from 'express'
import express4 from 'express4'
import { echo, listening, textOf } from './servers.js'

/** @param order which of check and parser come first */
export function expressApp(express, options, order = ['check', 'parser']) {
  const { verifier, onError } = options
  const steps = {
    check: requireSignature(verifier, { onError }),
    parser: express.json({ verify: (request, _response, rawBody) => void Object.assign(request, { rawBody }) }),
    raw: express.raw({ type: () => true }),
  }
  const app = express()
  app.use(...order.map(step => steps[step]))
  app.use((request, response) => {
    options.handled()
    // Wrappers put the bytes where parsers put what they made of them.
    const isRaw = Buffer.isBuffer(request.body) && (order.includes('raw') || request.body.length === 0)
    const read = isRaw ? request.body : textOf(request.body)
    if (!response.headersSent) response.json(echo(verifiedCall(request), read))
  })
  app.use((error, _request, response, _next) => {
    if (!response.headersSent) response.status(error.status ?? 500).end()
  })
  return app
}

const row = (express, order) => options => listening(createServer(expressApp(express, options, order)))

export const EXPRESS = {
  'Express 4': row(express4),
  'Express 4 behind `express.json({ verify })`': row(express4, ['parser', 'check']),
  'Express 4 behind `express.raw()`': row(express4, ['raw', 'check']),
  'Express 5 with `express.json()`': row(express5),
  'Express 5 behind `express.json({ verify })`': row(express5, ['parser', 'check']),
}
