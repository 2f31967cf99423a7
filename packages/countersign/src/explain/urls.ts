import { decodeAnySpelling } from '../wire/percent.ts'
import { changing, type Hypothesis } from './hypothesis.ts'

const RIGHT = 'Sign the URL exactly as it is sent, character by character.'

/**
 * Every way to have spelled the URL otherwise than it was sent. Which part of it was signed is another question, see
 * `mutations.ts`.
 */
export function urlHypotheses(basePath: string, fragment: string): readonly Hypothesis[] {
  return [
    onTarget(
      'fragment',
      1,
      'It signed the URL with its fragment, the part from # on, which is never sent.',
      target => (fragment === '' ? undefined : target + fragment),
      'Take the fragment off before the URL is signed.',
    ),
    onTarget('without-query', 1, 'It signed the URL without its query.', target => target.split('?', 1)[0], 'Sign the query as well.'),
    onTarget('trailing-slash', 1, 'It signed the path with a slash at its end, which was not sent.', target =>
      onPath(target, path => (path.endsWith('/') ? path : `${path}/`)),
    ),
    onTarget('trailing-slash-dropped', 1, 'It signed the path without the slash that was sent at its end.', target =>
      onPath(target, path => (path.length > 1 ? path.replace(/\/$/, '') : path)),
    ),
    onOrigin(
      'http-for-https',
      1,
      'It signed http:// where https:// is right.',
      origin => origin.replace(/^https:/, 'http:'),
      'Sign the public URL: behind a proxy that ends TLS, too, it begins with https://.',
    ),
    onOrigin('https-for-http', 1, 'It signed https:// where http:// is right.', origin => origin.replace(/^http:/, 'https:')),
    onOrigin(
      'default-port',
      1,
      'It signed the host with its default port.',
      origin => (/:\d+$/.test(origin) ? undefined : origin + (origin.startsWith('https') ? ':443' : ':80')),
      'Leave out the port that is the scheme’s own.',
    ),
    onOrigin('port-dropped', 2, 'It signed the host without its port.', origin => origin.replace(/:\d+$/, '')),
    onOrigin('upper-case-host', 2, 'It signed the host in upper case.', origin =>
      origin.replace(/(?<=:\/\/).*/, host => host.toUpperCase()),
    ),
    onOrigin('title-case-host', 4, 'It signed the host with a capital.', origin =>
      origin.replace(/(?<=:\/\/)./, letter => letter.toUpperCase()),
    ),
    onOrigin('localhost', 3, 'It signed localhost for 127.0.0.1.', origin => origin.replace('//127.0.0.1', '//localhost')),
    onOrigin('loopback', 3, 'It signed 127.0.0.1 for localhost.', origin => origin.replace('//localhost', '//127.0.0.1')),
    onOrigin('websocket', 3, 'It signed the ws:// form of the URL.', origin => origin.replace(/^http/, 'ws')),
    onOrigin('http-for-websocket', 3, 'It signed the http:// form of a ws:// URL.', origin => origin.replace(/^ws/, 'http')),
    onTarget('plus-for-space', 1, 'It signed + where %20 was sent.', target => target.replaceAll('%20', '+')),
    onTarget('space-for-plus', 1, 'It signed %20 where + was sent.', target => target.replaceAll('+', '%20')),
    onTarget('slash-decoded', 2, 'It signed / where %2F was sent.', target => target.replace(/%2f/gi, '/')),
    onTarget('unreserved-decoded', 2, 'It signed letters, digits or -._~ decoded, which were sent percent-encoded.', target =>
      target.replace(/%(2[dDeE]|3\d|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE])/g, encoded => decodeURIComponent(encoded)),
    ),
    onTarget('hex-upper', 2, 'It signed percent-encodings in upper case, and sent them in lower case.', target =>
      target.replace(/%[0-9a-fA-F]{2}/g, encoded => encoded.toUpperCase()),
    ),
    onTarget('hex-lower', 2, 'It signed percent-encodings in lower case, and sent them in upper case.', target =>
      target.replace(/%[0-9a-fA-F]{2}/g, encoded => encoded.toLowerCase()),
    ),
    onTarget('decoded', 1, 'It signed the URL decoded, and sent it percent-encoded.', decodeAnySpelling),
    onTarget('encoded-twice', 2, 'It signed the URL percent-encoded twice.', target => target.replaceAll('%', '%25')),
    onTarget('reserved-encoded', 3, 'It signed the query with characters encoded that were sent as they are.', target =>
      onQuery(target, query => query.replace(/[!'()*,:;@$/?]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)),
    ),
    onTarget(
      'query-sorted',
      1,
      'It signed the query with its parameters sorted.',
      target => onQuery(target, query => query.split('&').sort().join('&')),
      'Sign the parameters in the order in which they are sent.',
    ),
    onTarget('query-reversed', 4, 'It signed the parameters in another order than they were sent in.', target =>
      onQuery(target, query => query.split('&').reverse().join('&')),
    ),
    onTarget('question-mark', 3, 'It signed a ? at the end of the URL, which was not sent.', target =>
      target.includes('?') ? undefined : `${target}?`,
    ),
    onTarget('question-mark-dropped', 3, 'It signed the URL without the ? that was sent at its end.', target => target.replace(/\?$/, '')),
    onTarget(
      'first-segment-dropped',
      2,
      'It signed the path without its first segment, as a proxy takes off a base path.',
      target => /^\/[^/?]+(?=\/)/.exec(target) && target.replace(/^\/[^/?]+/, ''),
      'Sign the public path, with the base path that a proxy takes off.',
    ),
    onTarget(
      'two-segments-dropped',
      3,
      'It signed the path without its first two segments, as a proxy takes off a base path.',
      target => /^(\/[^/?]+){2}(?=\/)/.exec(target) && target.replace(/^(\/[^/?]+){2}/, ''),
      'Sign the public path, with the base path that a proxy takes off.',
    ),
    onTarget('first-segment-doubled', 2, 'It signed the path with its first segment twice, as when a base path is joined twice.', target =>
      target.replace(/^\/[^/?]+/, segment => segment + segment),
    ),
    onTarget(
      'two-segments-doubled',
      3,
      'It signed the path with its first two segments twice, as when a base path is joined twice.',
      target => target.replace(/^(?:\/[^/?]+){2}/, segments => segments + segments),
    ),
    onTarget('leading-slash-dropped', 3, 'It signed the path without the slash it begins with.', target => target.replace(/^\//, '')),
    onTarget(
      'slashes-doubled',
      3,
      'It signed two slashes where one was sent, as when a base URL with a slash is joined.',
      target => `/${target}`,
    ),
    onTarget('lower-case', 4, 'It signed the path in lower case.', target => target.toLowerCase()),
    ...(basePath === ''
      ? []
      : [
          onTarget(
            'base-path-missing',
            1,
            `It signed the path without ${basePath}.`,
            target => (target.startsWith(basePath) ? target.slice(basePath.length) : undefined),
            'Sign the public path, with its base path.',
          ),
          onTarget(
            'base-path-taken-off',
            1,
            `It signed the path with ${basePath} before it, which was taken off on the way.`,
            target => (target.startsWith(`${basePath}/`) || target === basePath ? undefined : basePath + target),
            `The call is right: verify it for the URL that was called, by an origin with ${basePath}.`,
          ),
        ]),
  ]
}

function onTarget(
  code: string,
  weight: number,
  did: string,
  change: (target: string) => string | null | undefined,
  fix = RIGHT,
): Hypothesis {
  return { code: `url-${code}`, dimension: 'url', weight, did, fix, ...changing('target', target => change(target) ?? undefined) }
}

function onOrigin(code: string, weight: number, did: string, change: (origin: string) => string | undefined, fix = RIGHT): Hypothesis {
  return { code: `url-${code}`, dimension: 'url', weight, did, fix, ...changing('origin', change) }
}

function onPath(target: string, change: (path: string) => string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? change(target) : change(target.slice(0, mark)) + target.slice(mark)
}

function onQuery(target: string, change: (query: string) => string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark + 1) + change(target.slice(mark + 1))
}
