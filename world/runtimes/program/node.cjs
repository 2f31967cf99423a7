/** Node, by `require()`. */
const library = {
  core: require('countersign'),
  explain: require('countersign/explain'),
  httpSignatures: require('countersign/http-signatures'),
  qredo: require('countersign/qredo'),
  schemes: require('countersign/schemes'),
  sigv4: require('countersign/sigv4'),
  web: require('countersign/web'),
}
const cases = require('./cases.json')
const doors = Object.fromEntries(cases.doors.map(name => [name, Object.keys(require(name)).length]))

void Promise.all([import('./checks.js'), import('./node-server.js')]).then(async ([{ runChecks }, { serve }]) => {
  console.log(JSON.stringify({ version: process.versions.node, doors, ...(await runChecks(library, cases, serve)) }))
})
