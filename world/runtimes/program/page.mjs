/** A page. Over http from elsewhere than localhost there is no WebCrypto, and only that is looked at. */
import cases from './cases.json' with { type: 'json' }
import { runChecks } from './checks.js'
import { library } from './doors.js'
import { doors } from './web-doors.js'

globalThis.result = isSecureContext ? checks() : refusal()

async function checks() {
  return { doors, ...(await runChecks(library, cases)) }
}

async function refusal() {
  const { core, schemes } = library
  const signer = core.createSigner(schemes.qredoV1, { keyId: 'k', secret: cases.adapter.secret })
  try {
    await signer.signAsync({ method: 'GET', url: 'https://api.example.com/' })
    return 'signed'
  } catch ({ code }) {
    return code
  }
}
