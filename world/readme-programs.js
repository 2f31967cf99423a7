/**
 * README's samples as programs. A sample takes for granted what the reader has: imports of an earlier one, a key, an
 * app. Whatever name of these a sample uses and doesn't declare is put before it.
 */
const GIVEN = {
  createSigner: `import { createSigner } from 'countersign'`,
  createVerifier: `import { createVerifier } from 'countersign'`,
  defineScheme: `import { defineScheme } from 'countersign'`,
  memoryKeys: `import { memoryKeys } from 'countersign'`,
  signedFetch: `import { signedFetch } from 'countersign'`,
  qredoV1: `import { qredoV1 } from 'countersign/schemes'`,
  bybit: `import { bybit } from 'countersign/schemes'`,
  requireSignature: `import { requireSignature } from 'countersign/node'`,
  openKeyService: `import { openKeyService } from '@countersign/server'`,
  express: `import express from 'express'`,
  createServer: `import { createServer } from 'node:http'`,
  keyId: `const keyId = 'k1'`,
  secret: `const secret = Buffer.alloc(32, 7).toString('base64')`,
  orders: `const orders = 'https://api.example.com/orders'`,
  origin: `const origin = 'https://api.example.com'`,
  workspaceId: `const workspaceId = 'w1'`,
  keys: `const keys = memoryKeys(bybit, [{ id: keyId, secret }])`,
  signer: `const signer = createSigner(qredoV1, { keyId, secret })`,
  verifier: `const verifier = createVerifier(qredoV1, { origin, keys: memoryKeys(qredoV1, [{ id: keyId, secret }]) })`,
  app: `const app = express()`,
}

/**
 * @param {string} markdown
 * @param {string} language of the samples' fences
 */
export function samplesOf(markdown, language) {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text)
}

/**
 * @param {string} sample
 * @returns {string} a program in TypeScript, good as an ES module and as CommonJS; its `done` tells when it is
 */
export function programOf(sample) {
  let text = sample
  for (;;) {
    const missing = Object.keys(GIVEN).filter(name => uses(text, name) && !declares(text, name))
    if (missing.length === 0) break
    text = `${missing.map(name => GIVEN[name]).join('\n')}\n${text}`
  }
  const lines = text.split('\n')
  const imports = lines.filter(line => line.startsWith('import '))
  const rest = lines.filter(line => !line.startsWith('import '))
  // CommonJS has no await outside of a function.
  return `${imports.join('\n')}\n\nasync function main() {\n${declaredInOrder(rest).join('\n')}\n}\nexport const done = main()\n`
}

/** Given lines were put before, and may need one another: those that need nothing come first. */
function declaredInOrder(lines) {
  const given = Object.values(GIVEN).filter(line => lines.includes(line))
  return [...given, ...lines.filter(line => !given.includes(line))]
}

/** As a name of its own: no member, no property's key, not within a text. */
function uses(text, name) {
  return new RegExp(`(?<![.\\w'/-])${name}(?![\\w'-]|:)`).test(text.replaceAll(/'[^']*'/g, `''`))
}

function declares(text, name) {
  return new RegExp(
    `^(?:import (?:\\{[^}]*\\b${name}\\b[^}]*\\}|${name}) from|const (?:\\{[^}]*\\b${name}\\b[^}]*\\}|${name}) =)`,
    'm',
  ).test(text)
}
