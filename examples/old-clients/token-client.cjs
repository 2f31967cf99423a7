/**
 * A JavaScript client of v2 as they are found in public code: CryptoJS, and the secret made a string by toString('ascii'). That is right only while every byte of the
 * secret is below 0x80.
 *
 *     API_V2=http://127.0.0.1:4567/api/v2 WORKSPACE=… API_KEY=… API_SECRET=… node token-client.cjs
 */
const CryptoJS = require('crypto-js')

const { API_V2, WORKSPACE, API_KEY, API_SECRET } = process.env

function buildSignature(timestamp, method, url, body = '') {
  const secret = Buffer.from(API_SECRET, 'base64').toString('ascii')
  const signature = CryptoJS.HmacSHA256(`${timestamp}${method}${url}${body}`, secret).toString(CryptoJS.enc.Base64)
  return signature.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

async function main() {
  const url = `${API_V2}/workspaces/${WORKSPACE}/token`
  const timestamp = Math.floor(Date.now() / 1000).toString()
  const response = await fetch(url, {
    headers: {
      'qredo-api-key': API_KEY,
      'qredo-api-timestamp': timestamp,
      'qredo-api-signature': buildSignature(timestamp, 'GET', url),
    },
  })
  const answer = await response.json()
  if (!response.ok) {
    console.log(response.status, answer.code)
    process.exit(1)
  }
  const balance = await fetch(`${API_V2}/balance`, { headers: { 'x-token': answer.token } })
  console.log(await balance.text())
}

main()
