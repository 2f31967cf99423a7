import { describeSamples } from '../../test/sample-cases.ts'
import { LANGUAGES } from './index.ts'

// Node's row stands in code.test.ts; Postman's sandbox is a package, in world/postman.test.ts.
for (const { name } of LANGUAGES) if (name !== 'node' && name !== 'postman') describeSamples(name)
