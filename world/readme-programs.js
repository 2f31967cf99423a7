/** README's samples as programs. */

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
  const lines = sample.split('\n')
  const imports = lines.filter(line => line.startsWith('import '))
  const rest = lines.filter(line => !line.startsWith('import '))
  // CommonJS has no await outside of a function.
  return `${imports.join('\n')}\n\nasync function main() {\n${rest.join('\n')}\n}\nexport const done = main()\n`
}
