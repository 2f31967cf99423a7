/** What to write in the place of curl's options that `send` has under another name, or does without. */
const INSTEAD: readonly (readonly [flags: readonly string[], advice: string])[] = [
  [['-X', '--request'], 'the method comes before the URL: countersign send POST https://…'],
  [['-I', '--head'], 'write countersign send HEAD https://… -i'],
  [['-G', '--get', '--url-query'], 'write the parameters into the URL: they are signed as they stand there'],
  [['--url'], 'the URL stands by itself, behind the method'],
  [['--data-raw', '--data-binary', '--data-ascii'], '-d sends its text byte for byte, and -d @file a file'],
  [['--data-urlencode', '-F', '--form'], "write the body into a file, then -d @file -H 'content-type: …'"],
  [['-T', '--upload-file'], 'write countersign send PUT https://… -d @file'],
  [['-A', '--user-agent'], "write -H 'user-agent: …'"],
  [['-b', '--cookie'], "write -H 'cookie: …'"],
  [['-e', '--referer'], "write -H 'referer: …'"],
  [['--user', '--basic', '--digest'], 'the call is signed: give --api-key and COUNTERSIGN_SECRET, or --profile'],
  [['-L', '--location'], 'leave it out: redirections within the origin are followed, and to no other is a signature sent'],
  [['--insecure'], "leave it out: certificates are always checked; NODE_EXTRA_CA_CERTS=ca.pem adds one's own"],
  [['--cacert', '--capath'], 'set NODE_EXTRA_CA_CERTS=ca.pem'],
  [['-E', '--cert', '--key', '-x', '--proxy', '--socks5'], '--curl prints a line that curl sends, to which it can be added'],
  [['--resolve'], '--connect-to connects to another server than the URL names'],
  [['-f', '--fail', '--fail-with-body'], 'leave it out: the exit code is 1 for any answer but 2xx'],
  [['--silent', '-S', '--show-error', '-sS', '-N', '--no-buffer', '--compressed'], 'leave it out: it is always so'],
  [['-m', '--max-time', '--connect-timeout'], 'write --timeout'],
  [['-w', '--write-out'], '--json has status, headers and body'],
  [['-D', '--dump-header'], '-i shows status and headers, on standard error'],
  [['-O', '--remote-name'], 'write -o FILE'],
]

/** Options of ours that mean something else to curl. */
const OURS: readonly (readonly [flag: string, advice: string])[] = [
  ['-k', '-k is --api-key here; certificates are always checked'],
  ['-s', '-s is --scheme here; nothing but the body goes to standard output anyway'],
  ['-u', '-u is --unit here; a call is signed with --api-key and COUNTERSIGN_SECRET, or --profile'],
]

/** What to do instead, for a command line that curl would have taken; undefined where there is nothing to say. */
export function curlAdvice(args: readonly string[], message: string): string | undefined {
  const [, unknown] = /unknown option '([^'=]+)/.exec(message) ?? []
  if (unknown === undefined) return OURS.find(([flag]) => args.includes(flag))?.[1]
  const found = INSTEAD.find(([flags]) => flags.some(flag => flag === unknown || (/^-[^-]/.test(unknown) && unknown.startsWith(flag))))
  return found === undefined ? undefined : `${unknown}: ${found[1]}`
}
