import type { Loss } from '../contract/loss.ts'

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
const onParameters = (query: string, change: (parameters: readonly string[]) => readonly string[]): string =>
  change(query.split('&')).join('&')
const nameOf = (parameter: string): string => parameter.split('=', 1).join('')
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What is left of a part once a loss has taken its own, worked out apart from the library. */
export const LEFT: { readonly [L in Loss]: (text: string, part: string) => string } = {
  'letter-case': text => text.toLowerCase(),
  'white-space': text => text.replace(/[ \t]+/g, ' ').replace(/^ | $|(?<=\n) | (?=\n)/g, ''),
  'line-or-list': text => text.replace(/ *, */g, ',').replace(/\n/g, ','),
  'escape-spelling': (text, part) =>
    part === 'path'
      ? text
          .split('/')
          .map(segment => encodeURIComponent(decode(segment)))
          .join('/')
      : onParameters(text, all =>
          all.map(one =>
            [nameOf(one), one.slice(nameOf(one).length + 1)]
              .map(word => encodeURIComponent(decode(word)))
              .join(one.includes('=') ? '=' : ''),
          ),
        ),
  'parameter-order': text => onParameters(text, all => [...all].sort((a, b) => byText(nameOf(a), nameOf(b)))),
  'equal-names': text => onParameters(text, all => [...all].sort(byText)),
  'empty-parameters': text => onParameters(text, all => all.filter(one => one !== '').map(one => (one.includes('=') ? one : `${one}=`))),
  'dot-segments': text => {
    const left: string[] = []
    for (const segment of text.split('/')) segment === '..' ? left.pop() : segment !== '.' && segment !== '' && left.push(segment)
    return left.join('/')
  },
  'double-slashes': text =>
    text
      .split('/')
      .filter(segment => segment !== '')
      .join('/'),
  'which-place': () => '',
  'not-utf-8': text => new TextDecoder().decode(Buffer.from(text, 'latin1')),
}

/** What is left of a part of the coverage table once all of these losses have taken their own. */
export function leftOf(part: string, value: string, losses: readonly Loss[]): string {
  const mark = part === 'query' && value.startsWith('?') ? '?' : ''
  // Text is read before it is taken apart; the others run twice, since some only show what others left.
  const all = [...losses.filter(loss => loss === 'not-utf-8'), ...losses, ...losses]
  const left = all.reduce((text, loss) => LEFT[loss](text, part), value.slice(mark.length))
  return left === '' && losses.includes('empty-parameters') ? '' : mark + left
}
