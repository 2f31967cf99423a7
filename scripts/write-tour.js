/** Records `countersign tour` into docs/tour.md. Run by `npm run tour`; ports, times and keys are new each time. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../packages/cli/bin/countersign.js', import.meta.url))
const text = execFileSync(process.execPath, [command, 'tour'], { encoding: 'utf8' })
writeFileSync(
  new URL('../docs/tour.md', import.meta.url),
  `# A tour

\`countersign tour\` makes a key, signs, sends, breaks it, has it explained, rotates and revokes, against a sandbox of its own. Every command is really run; this is what one run
printed.

\`\`\`text
${text.trim()}
\`\`\`
`,
)
