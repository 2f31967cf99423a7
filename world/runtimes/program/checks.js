/**
 * What the library has to do on every runtime. One program for all of them: it uses nothing but the published entry
 * points, which a host gives it, and what every runtime has. Nothing is left out: what fails is in `failures`, and the
 * counts are of what was done.
 *
 * @param library the modules: `core`, `schemes`, `explain`, `web`, `httpSignatures`, `sigv4`, `qredo`
 * @param cases from `cases.js`, as JSON
 * @param serve starts the runtime's own server with a `fetch` handler, where it has one
 */
export async function runChecks(library, cases, serve) {
  const failures = []
  const attempt = async (name, work) => {
    try {
      return await work()
    } catch (error) {
      failures.push(`${name}: ${error?.code ?? error?.name}: ${error?.message}`)
      return undefined
    }
  }
  const calls = { signed: {}, verified: {}, refused: {} }
  const codes = new Set()
  const atOnce = new Set()
  for (const call of cases.calls) {
    await attempt(`${call.name} ${call.request.method} ${call.request.url}`, async () => {
      const { scheme, signer } = signerOf(library, call)
      const signed = await signer.signAsync(call.request)
      checkSigned(signed, call)
      count(calls.signed, call.name)
      atOnce.add(signsAtOnce(signer, call, signed))
      const { verify } = verifierOf(library, scheme, call)
      const target = signed.url.slice(new URL(signed.url).origin.length)
      const incoming = { method: call.request.method, target, headers: headersOf(call, signed), body: signed.body }
      const refused = await verify(changed(incoming))
      if (refused.ok) throw new Error('a changed call was accepted')
      codes.add(refused.failure.code)
      count(calls.refused, call.name)
      const accepted = await verify(incoming)
      if (!accepted.ok) throw new Error(`refused: ${accepted.failure.code}`)
      same(accepted.key.id, call.key.id, 'key')
      count(calls.verified, call.name)
    })
  }
  const adapter = { called: await attempt('adapter', () => askCalled(library, cases.adapter)) }
  if (serve !== undefined) adapter.served = await attempt('server', () => askServed(library, cases.adapter, serve))
  return {
    calls,
    refusedBy: [...codes].sort(),
    messages: await checkMessages(library, cases.messages, attempt),
    keys: await checkKeys(library, cases.keys, attempt),
    refusedKeys: await refuseKeys(library, cases.refusedKeys, attempt),
    adapter,
    explained: await attempt('explain', () => explainCase(library, cases.explain)),
    atOnce: [...atOnce].sort(),
    qredo: await attempt('qredo', () => signWithQredo(library, cases.qredo)),
    failures,
  }
}

function signerOf({ core, schemes, sigv4 }, { name, declaration, sigV4, credentials, parameters, at }) {
  const scheme = declaration ? core.defineScheme(declaration) : sigV4 ? sigv4.sigV4(sigV4) : schemes.schemeNamed(name)
  return { scheme, signer: core.createSigner(scheme, credentials, { parameters, clock: () => at }) }
}

/** Whether what was signed is the vector: whole, or as far as it was published. */
function checkSigned(signed, { headers, url, authorizationEnd, urlEnd }) {
  if (headers !== undefined) same(sorted(signed.headers), sorted(headers), 'headers')
  if (url !== undefined) same(signed.url, url, 'url')
  if (authorizationEnd !== undefined && !signed.headers.authorization.endsWith(authorizationEnd)) throw new Error('another signature')
  if (urlEnd !== undefined && !signed.url.endsWith(urlEnd)) throw new Error('another signature')
}

function verifierOf({ core }, scheme, { key, at, request, credentials }) {
  // Schemes that don't sign all of a call want `only`; a webhook's scheme has its own.
  const only = { methods: [request.method], paths: 'any', query: 'any', body: 'any' }
  const named = credentials.keyId === undefined ? { keyId: key.id } : {}
  const wantsOnly = core.isDeclared(scheme) && scheme.only.body !== 'required'
  return core.createVerifier(scheme, {
    origin: new URL(request.url).origin,
    keys: core.memoryKeys(scheme, [key]),
    clock: () => at,
    ...named,
    ...(wantsOnly ? { only } : {}),
  })
}

/** The headers that arrive: the client's own, and those of the signature. */
function headersOf({ request }, { headers }) {
  return { host: new URL(request.url).host, ...request.headers, ...headers }
}

/** Another last byte of the body where there is one, else another target. */
function changed(incoming) {
  const { body, target } = incoming
  if (body !== undefined)
    return { ...incoming, body: Uint8Array.from(body, (byte, place) => (place === body.length - 1 ? byte ^ 1 : byte)) }
  return { ...incoming, target: target.includes('?') ? target.replace('?', '?x=1&') : `${target}?x=1` }
}

/** What `sign` does here: the same as `signAsync`, or the code by which it is refused. */
function signsAtOnce(signer, { request }, signed) {
  try {
    same(signer.sign(request).headers, signed.headers, 'headers signed at once')
    return 'signed'
  } catch (error) {
    if (error.code === undefined) throw error
    return error.code
  }
}

/** The old tool's functions, which have no promises. */
function signWithQredo({ qredo }, { secret, xtime, url, signature }) {
  try {
    same(qredo.qredo(secret).signGET(BigInt(xtime), 'GET', url), signature, 'signature')
    return 'signed'
  } catch (error) {
    if (error.code === undefined) throw error
    return error.code
  }
}

/** Published messages and signatures: each holds, and with another parameter or signature it does not. */
async function checkMessages({ httpSignatures }, messages, attempt) {
  const { readSignatures, verifySignature } = httpSignatures
  const done = {}
  for (const { name, message, input, signature, key } of messages) {
    await attempt(`RFC 9421, ${name}`, async () => {
      const headers = [...message.headers, ['Signature-Input', input], ['Signature', signature]]
      const [labelled] = readSignatures({ ...message, headers })
      const used = withBytes(key)
      const other = `${labelled.signature.startsWith('A') ? 'B' : 'A'}${labelled.signature.slice(1)}`
      same(await verifySignature(message, labelled, used), true, 'published')
      same(await verifySignature(message, { ...labelled, input: `${labelled.input};x` }, used), false, 'other input')
      same(await verifySignature(message, { ...labelled, signature: other }, used), false, 'other signature')
      count(done, key.algorithm)
    })
  }
  return done
}

/** A message is signed and verified with a key pair in each of the forms that are taken. */
async function checkKeys({ httpSignatures }, keys, attempt) {
  const done = {}
  for (const { algorithm, form, privateKey, publicKey } of keys) {
    await attempt(`${algorithm}, ${form}`, async () => {
      const signed = await signed9421(httpSignatures, { algorithm, privateKey })
      same(await holds9421(httpSignatures, signed, { algorithm, publicKey }, MESSAGE), true, 'signature')
      same(await holds9421(httpSignatures, signed, { algorithm, publicKey }, { ...MESSAGE, method: 'PUT' }), false, 'other method')
      done[algorithm] = [...(done[algorithm] ?? []), form]
    })
  }
  return done
}

/** Keys that no runtime takes, although some of the platforms would. */
async function refuseKeys({ httpSignatures }, keys, attempt) {
  const done = {}
  for (const { name, algorithm, privateKey, publicKey } of keys) {
    await attempt(name, async () => {
      try {
        if (privateKey !== undefined) await signed9421(httpSignatures, { algorithm, privateKey })
        else await holds9421(httpSignatures, await someSignature(httpSignatures), { algorithm, publicKey }, MESSAGE)
      } catch (error) {
        if (error.code === undefined) throw error
        done[name] = error.code
        return
      }
      throw new Error('was taken')
    })
  }
  return done
}

const MESSAGE = { method: 'POST', origin: 'https://api.example.com', target: '/a?b=1', headers: [] }
const COMPONENTS = ['"@method"', '"@target-uri"']

async function signed9421({ signMessage }, key) {
  const options = { label: 'sig', components: COMPONENTS, parameters: { created: 1647356399, keyid: 'k' }, key }
  return signMessage(MESSAGE, options)
}

async function holds9421({ readSignatures, verifySignature }, signed, key, message) {
  const headers = [
    ['Signature-Input', signed['signature-input']],
    ['Signature', signed.signature],
  ]
  const [labelled] = readSignatures({ ...message, headers })
  return verifySignature(message, labelled, key)
}

/** Of another key, since the platform may sign with none that is refused. */
function someSignature(httpSignatures) {
  return signed9421(httpSignatures, { algorithm: 'hmac-sha256', secret: new Uint8Array(32).fill(1) })
}

function withBytes({ algorithm, publicKey, secret }) {
  return publicKey === undefined ? { algorithm, secret: Uint8Array.from(atob(secret), one => one.charCodeAt(0)) } : { algorithm, publicKey }
}

/** The `fetch` handler of the checks: says who called, and what arrived. */
export function handlerOf({ core, schemes, web }, origin, { keyId, secret }) {
  const scheme = schemes.schemeNamed('rfc9421')
  const verifier = core.createVerifier(scheme, { origin, keys: core.memoryKeys(scheme, [{ id: keyId, secret }]) })
  return web.requireSignature(verifier, (_request, { key, body }) =>
    Response.json({ hello: key.id, body: body === undefined ? '' : new TextDecoder().decode(body) }),
  )
}

/**
 * What a handler answers to a signed GET, a signed POST, the same POST again, a POST with another body, and a call
 * without a signature.
 *
 * @param ask what sends a call to it
 */
export async function askHandler({ core, schemes }, origin, { keyId, secret }, ask) {
  const signer = core.createSigner(schemes.schemeNamed('rfc9421'), { keyId, secret })
  const post = await signer.signAsync({ method: 'POST', url: `${origin}/orders?x=%20`, body: '{"a":"ü"}' })
  const other = await signer.signAsync({ method: 'POST', url: `${origin}/orders?x=%20`, body: '{"a":"ü"}' })
  const get = await signer.signAsync({ method: 'GET', url: `${origin}/orders` })
  const sent = [
    ['GET', get],
    ['POST', post],
    ['POST again', post],
    ['POST changed', { ...other, body: new TextEncoder().encode('{"a":"u"}') }],
    ['GET unsigned', { method: 'GET', url: `${origin}/orders`, headers: {}, body: undefined }],
  ]
  const answers = {}
  for (const [name, { method, url, headers, body }] of sent) {
    const answer = await ask(url, { method, headers, ...(body === undefined ? {} : { body }) })
    const told = await answer.json()
    answers[name] = [answer.status, told.code ?? `${told.hello} ${told.body}`.trim()]
  }
  return answers
}

async function askCalled(library, settings) {
  const origin = 'https://api.example.com'
  const handler = handlerOf(library, origin, settings)
  return askHandler(library, origin, settings, (url, init) => handler(new Request(url, init)))
}

async function askServed(library, settings, serve) {
  const { origin, stop } = await serve(own => handlerOf(library, own, settings))
  try {
    return await askHandler(library, origin, settings, (url, init) => fetch(url, init))
  } finally {
    await stop()
  }
}

async function explainCase({ schemes, explain }, { scheme, request, secret }) {
  const { outcome, causes } = await explain.explain({ scheme: schemes.schemeNamed(scheme), request, secret })
  return [outcome, ...causes.map(({ code }) => code)]
}

function sorted(headers) {
  return Object.entries(headers).sort(([one], [other]) => (one < other ? -1 : 1))
}

function count(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1
}

function same(got, wanted, what) {
  const [one, other] = [got, wanted].map(value => JSON.stringify(value))
  if (one !== other) throw new Error(`${what}: ${one} in the place of ${other}`)
}
