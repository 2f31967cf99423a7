/**
 * What the signing agent does: a signed call for a token, the token renewed with itself, and a WebSocket with it, whose messages are printed.
 *
 *     API_V2=http://127.0.0.1:4567/api/v2 WORKSPACE=… API_KEY=… API_SECRET=… node agent.cjs
 */
const { createHmac } = require('node:crypto')
const WebSocket = require('ws')

const { API_V2, WORKSPACE, API_KEY, API_SECRET } = process.env

async function getJson(url, headers) {
  const response = await fetch(url, { headers })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response.json()
}

async function initToken() {
  const url = `${API_V2}/workspaces/${WORKSPACE}/token`
  const timestamp = Math.floor(Date.now() / 1000).toString()
  const signature = createHmac('sha256', Buffer.from(API_SECRET, 'base64url')).update(`${timestamp}GET${url}`).digest('base64url')
  return (await getJson(url, { 'qredo-api-key': API_KEY, 'qredo-api-timestamp': timestamp, 'qredo-api-signature': signature })).token
}

async function main() {
  let token = await initToken()
  token = (await getJson(`${API_V2}/workspaces/${WORKSPACE}/token/refresh`, { 'x-token': token })).token
  const socket = new WebSocket(`${API_V2.replace('http', 'ws')}/transactions/feed`, { headers: { 'x-token': token } })
  socket.on('open', () => console.log('connected'))
  socket.on('message', message => console.log(String(message)))
  socket.on('error', error => {
    console.error(error.message)
    process.exit(1)
  })
}

main().catch(error => {
  console.error(error.message)
  process.exit(1)
})
