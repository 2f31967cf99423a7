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
  [['-E', '--cert', '--key', '-x', '--proxy', '--socks5'], 'use --curl, and add this option to the line that it prints'],
  [['--resolve'], '--connect-to connects to another server than the URL names'],
  [['-f', '--fail', '--fail-with-body'], 'leave it out: the exit code is 1 for any answer but 2xx'],
  [['--silent', '-S', '--show-error', '-N', '--no-buffer', '--compressed'], 'leave it out: this is the default'],
  [['-m', '--max-time', '--connect-timeout'], 'write --timeout'],
  [['-w', '--write-out'], '--json has status, headers and body'],
  [['-D', '--dump-header'], '-i shows status and headers, on standard error'],
  [['-O', '--remote-name'], 'write -o FILE'],
  [['-c', '--cookie-jar', '-j', '--netrc', '-n'], 'nothing of a call is kept for the next'],
  [['--http1.1', '-0', '--http1.0', '--http2', '--http3', '-4', '--ipv4', '-6', '--ipv6'], 'leave it out: Node chooses, by HTTP/1.1'],
  [['--oauth2-bearer'], "write -H 'authorization: Bearer …'"],
  [['--aws-sigv4'], 'write --scheme aws-sigv4'],
  [['-#', '--progress-bar'], 'leave it out: nothing but the answer is shown'],
]

/** Options of ours that mean something else to curl, with the values that only curl's would have. */
const OURS: readonly (readonly [flag: string, ofCurl: RegExp, advice: string])[] = [
  ['-k', /^:|^https?:|^[A-Z]+$/, '-k is --api-key here; certificates are always checked'],
  ['-s', /^:|^https?:|^[A-Z]+$/, '-s is --scheme here; nothing but the body goes to standard output anyway'],
  ['-u', /:/, '-u is --unit here; a call is signed with --api-key and COUNTERSIGN_SECRET, or --profile'],
]

/**
 * What to do instead, for a command line that curl would have taken; undefined where there is nothing to say.
 *
 * @param unknown the option that `send` doesn't have; undefined where something else is wrong
 */
export function curlAdvice(args: readonly string[], unknown: string | undefined): string | undefined {
  if (unknown === undefined)
    return OURS.find(([flag, ofCurl]) => ofCurl.test(args[args.indexOf(flag) + 1] ?? '') && args.includes(flag))?.[2]
  const found = INSTEAD.find(([flags]) => flags.some(flag => flag === unknown || (/^-[^-]/.test(unknown) && unknown.startsWith(flag))))
  return found === undefined ? undefined : `${unknown}: ${found[1]}`
}
