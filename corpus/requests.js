/** Requests of many shapes, and what Python makes of their bodies. */
import { execFileSync, spawnSync } from 'node:child_process'

export const hasPython = spawnSync('python3', ['--version']).status === 0

const URLS = [
  'https://api.qredo.network/qapi/v1/transaction',
  'https://api.qredo.network/qapi/v1/transaction?archived=true&name=a%20b',
  'https://api.example.com/v1/orders/42?z=1&a=2&m=%7Ex%2Fy',
  'https://api.example.com/a/b/c/d?q=%C3%BC%20%26&empty=',
  'https://pay.example.org/webhooks/in?x=%2Fa%7E&sort=-date',
]

const VALUES = [
  { from: '0x1111', to: '0x2222', value: '1000000000000000000', gasLimit: '21000' },
  { note: 'für 5 € <b>&</b>', path: 'a/b', n: 12345 },
  { z: 1, a: 'two words', m: true },
  { list: [1, 2, { deep: [null, 'x/y'] }], b: { c: 'ä' }, a: 1.5 },
  {
    id: 'ord_1',
    amount: '10.00',
    currency: 'EUR',
    text: "it's <ok> / fine",
    items: Array.from({ length: 12 }, (_, i) => ({ sku: `sku-${i}`, qty: i })),
  },
]

/** How the right body was written: what is sent. */
const WRITERS = [value => JSON.stringify(value), value => JSON.stringify(value, null, 1), value => `${JSON.stringify(value)}\n`]

const PYTHON = `
import json, sys
out = []
for text in json.load(sys.stdin):
    value = json.loads(text)
    out.append({"dumps": json.dumps(value), "unicode": json.dumps(value, ensure_ascii=False), "indent2": json.dumps(value, indent=2), "indent4": json.dumps(value, indent=4),
                "sorted": json.dumps(value, sort_keys=True), "compact": json.dumps(value, separators=(",", ":")), "repr": str(value)})
print(json.dumps(out))
`

export function makeRequests() {
  const requests = []
  for (const [index, url] of URLS.entries()) {
    for (const [at, value] of VALUES.entries())
      requests.push({ method: ['POST', 'PUT', 'PATCH'][(index + at) % 3], url, text: WRITERS[(index + at) % WRITERS.length](value) })
  }
  const python = JSON.parse(
    execFileSync('python3', ['-c', PYTHON], { input: JSON.stringify(requests.map(({ text }) => text)), encoding: 'utf8' }),
  )
  return requests.map((request, index) => ({ ...request, python: python[index] }))
}

/** Secrets with bytes of every kind, and the other one that is live during a rotation. */
export function makeSecrets() {
  return Array.from({ length: 4 }, (_, index) => ({
    keyId: '9OgjbzwhoE4LJA',
    text: Buffer.from(Array.from({ length: 60 }, (_, i) => (i * 37 + index * 91 + 200) & 255)).toString('base64'),
    old: Buffer.from(Array.from({ length: 60 }, (_, i) => (i * 53 + index * 17 + 7) & 255)).toString('base64'),
  }))
}
