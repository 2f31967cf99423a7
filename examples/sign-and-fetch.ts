/** Calls a signed API with a `fetch` that signs. */
import { createSigner, signedFetch } from 'countersign'
import { qredoV1 } from 'countersign/schemes'

const { API_BASE = 'http://127.0.0.1:4567/qapi/v1', API_KEY = '', API_SECRET = '', WALLET = '' } = process.env

const fetch = signedFetch(createSigner(qredoV1, { keyId: API_KEY, secret: API_SECRET }))

const balance = await fetch(`${API_BASE}/balance`)
console.log(await balance.text())

const transaction = await fetch(`${API_BASE}/transaction`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ from: WALLET, to: `0x${'1'.repeat(40)}`, value: '1', gasLimit: '21000', gasPrice: '1', note: 'für 5 €' }),
})
console.log(await transaction.text())
