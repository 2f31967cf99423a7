/** The table of `docs/runtimes.md`, from what the runtimes have printed. */

/** The head of the table. */
export const head = [
  '| runtime | how it is loaded | calls signed and verified | changed calls refused | published messages verified | forms of keys | entry points loaded | `fetch` adapter | `explain` | what it can’t |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
].join('\n')

/**
 * @param host of `HOSTS`
 * @param result what it has printed
 * @param needNode the entry points that import Node's own modules
 */
export function rowOf({ name, loaded, server, crypto }, { version, calls, messages, keys, doors, explained }, needNode) {
  // Debian's Chromium is newer every few weeks, and has no version here.
  const runtime = name === 'Chromium' ? name : `${name.split(' ')[0]} ${version}`
  const named = needNode.map(door => `\`${door}\``).join(', ')
  const cant =
    crypto === 'node' ? 'nothing of this' : `\`sign\` and \`countersign/qredo\`: \`no-synchronous-crypto\`; ${named}: Node’s modules`
  const cells = [
    runtime,
    loaded,
    `${total(calls.signed)}`,
    `${total(calls.refused)}`,
    `${total(messages)}`,
    `${Object.values(keys).flat().length}`,
    `${Object.keys(doors).length}`,
    server === undefined ? 'called' : `called, and behind ${server}`,
    explained[0] === 'explained' ? 'names the mistake' : explained[0],
    cant,
  ]
  return `| ${cells.join(' | ')} |`
}

function total(counts) {
  return Object.values(counts).reduce((sum, each) => sum + each, 0)
}
