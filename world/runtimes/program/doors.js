/** The library by its published entry points, as the checks take it. */
import * as core from 'countersign'
import * as explain from 'countersign/explain'
import * as httpSignatures from 'countersign/http-signatures'
import * as qredo from 'countersign/qredo'
import * as schemes from 'countersign/schemes'
import * as sigv4 from 'countersign/sigv4'
import * as web from 'countersign/web'

export const library = { core, explain, httpSignatures, qredo, schemes, sigv4, web }
