/** The example of the page "Sign Qredo API calls", in TypeScript, with its functions' own names. */
import { qredo } from 'countersign/qredo'

const { API_BASE = 'http://127.0.0.1:4567/qapi/v1', API_KEY = '', API_SECRET = '', WALLET = '' } = process.env

const { myTime, signGET, signJSON, bodyText } = qredo(API_SECRET)

const getTime = myTime()
const balance = await fetch(`${API_BASE}/balance`, {
  headers: { 'qredo-api-key': API_KEY, 'qredo-api-ts': String(getTime), 'qredo-api-sig': signGET(getTime, 'GET', `${API_BASE}/balance`) },
})
console.log(await balance.text())

const url = `${API_BASE}/transaction`
const body = { from: WALLET, to: `0x${'1'.repeat(40)}`, value: '1', gasLimit: '21000', gasPrice: '1', note: 'für 5 €' }
const postTime = myTime()
const transaction = await fetch(url, {
  method: 'POST',
  body: bodyText(body),
  headers: { 'qredo-api-key': API_KEY, 'qredo-api-ts': String(postTime), 'qredo-api-sig': signJSON(postTime, 'POST', url, body) },
})
console.log(await transaction.text())
