export { type ReadFile, readCurlLine, readCurlWords } from './curl-line.ts'
export { chooseEntry, type HarRequest, readHar } from './har.ts'
export { PastedError, type PastedRequest, readHeaderLines } from './pasted-request.ts'
export { readRawHttp } from './raw-http.ts'
