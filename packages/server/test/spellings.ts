/** How clients may write what they must not reach or say: the data of the gateway's tests. Not published. */

/** Ways to write `/admin` and what is below it, and `/v1/admin`, for some server or other. */
export const PATHS: readonly string[] = [
  ...['/%61dmin', '/%2561dmin', '/ADMIN', '/Admin/', '/aDMIN/x', '/%41dmin', '/admi%6e', '/adm%49n/'],
  ...['/admin;', '/admin;/', '/admin;x=1/y', '/admin;%2f/x', '/;/admin', '/;x/admin/', '/admin%3b/', '/admin%3bx=1'],
  ...['/admin%2f', '/admin%2Fx', '/admin%252fx', '/%2fadmin', '/%2Fadmin/', '/v1%2Fadmin', '/public%2f..%2fadmin/'],
  ...['//admin', '//admin/', '///admin/x', '/.//admin/', '/public//../admin/', '/%2f/admin/'],
  ...['/./admin', '/./admin/', '/%2e/admin/', '/public/../admin', '/public/../admin/', '/public/%2e%2e/admin/', '/public/.%2e/admin/'],
  ...['/public/..%2fadmin', '/public/..%2fadmin/', '/public/..%2Fadmin/x', '/public%2f../admin/', '/public/%2e%2e%2fadmin/'],
  ...['/public/%252e%252e/admin', '/public/..%252fadmin', '/public/..;/admin', '/public/..;/admin/', '/public/..;x=1/admin/x'],
  ...['/public;/../admin/', '/public/.;/../admin/', '/public/x/..;/..;/admin/', '/public/..%3b/admin/', '/..;/admin/'],
  ...['/public\\..\\admin', '/public/..\\admin', '/public%5c..%5cadmin', '/public/..%5cadmin/', '/\\admin/', '/%5cadmin/'],
  ...['/admin.', '/admin%20', '/admin%00', '/admin%2e', '/admin/.', '/admin/./', '/admin/x/..', '/admin/..;/admin/'],
  ...['/public/..%c0%afadmin/', '/public/%c0%ae%c0%ae/admin/', '/%u0061dmin', '/../admin/', '/../../admin', '/PUBLIC/..%2fADMIN/'],
  ...[
    '/v1%2fadmin/',
    '/V1/admin',
    '/v1//admin',
    '/v1/x/..%2fadmin',
    '/v1/;/admin',
    '/v1%252Fadmin',
    '/v1/%61dmin/x',
    '/v1\\admin',
    '/v1/./admin',
  ],
  // What a reader of URLs takes for a host, a query or a fragment.
  ...['//a/admin', '//a/admin/x', '///a/admin', '/%2fa/admin', '/\\a/admin', '//user@a:80/admin', '//a/v1%2fadmin', '//public/../admin'],
  ...['/admin%3f', '/admin%3fx=1', '/admin%23', '/admin%253fx', '/v1%2fadmin%3fx', '/admin?x', '/admin%26', '/public%3f/../admin'],
  ...['http://a/admin', 'http://a//admin', 'HTTP://A/%61dmin', 'admin', '*', '/admin#x', '/#/../admin', '/public#/../admin'],
  // Other characters that become these letters, dots and slashes: fullwidth, the Kelvin sign's kin, combining ones.
  ...[
    '/%EF%BD%81dmin',
    '/adm%C4%B1n',
    '/ADM%C4%B0N',
    '/public/%EF%BC%8E%EF%BC%8E/admin',
    '/public%EF%BC%8Fadmin',
    '/public/..%E2%88%95admin',
  ],
  ...[
    '/admin%C2%A0',
    '/admin%E2%80%8B',
    '/admin%CC%81',
    '/admin%09',
    '/admin%0a',
    '/admin%0d%0a',
    '/admin%7f',
    '/admin%ff',
    '/admin%',
    '/admin%2',
  ],
  ...[
    '/index.php/admin',
    '/index.php/%61dmin',
    '/public/index.php/../../admin/',
    '/admin/index.php',
    '/admin~',
    '/admin::$DATA',
    '/admin,',
    '/admin:',
  ],
]

/** Characters of a header's name that some server takes for another. */
const SEPARATORS = ['-', '_', '.', '~', '!', '#', '$', '%', '&', "'", '*', '+', '^', '`', '|']
const OURS = ['permissions', 'key', 'organisation', 'fund', 'wallet', 'scheme', 'anything']
export const NAMES: readonly string[] = [
  ...SEPARATORS.flatMap(sign => [`X${sign}Countersign${sign}Permissions`, `x-countersign${sign}permissions`, `X${sign}COUNTERSIGN-Wallet`]),
  ...OURS.flatMap(name => [`X-Countersign-${name}`, `x_countersign_${name}`]),
  ...['X-Forwarded-For', 'X_Forwarded_For', 'x.forwarded.user', 'X-Forwarded-Prefix', 'X-Forwarded-Anything', 'x-forwarded_host'],
  ...['Forwarded', 'X-Real-IP', 'X_Real_IP', 'X-Client-IP', 'Client_IP', 'True-Client-Ip', 'CF-Connecting-IP', 'X.Remote.Addr', 'Proxy'],
  ...['X-Countersign-Identity', 'X_Countersign_Identity', 'X-Countersign_Identity', 'X-Envoy-External-Address'],
  ...[
    'DO-Connecting-IP',
    'CF-Pseudo-IPv4',
    'CloudFront-Viewer-Address',
    'X-Vercel-Forwarded-For',
    'X-Original-Forwarded-For',
    'X-NF-Client-Connection-IP',
  ],
  ...[
    'Remote-User',
    'X_Remote_User',
    'X-Remote-Group',
    'X-Remote-Extra-Scope',
    'X-Auth-Request-Email',
    'X-WebAuth-User',
    'X-Goog-IAP-JWT-Assertion',
  ],
  ...[
    'Client-Cert',
    'Client-Cert-Chain',
    'X-SSL-Client-Verify',
    'SSL-Client-Cert',
    'X-Client-DN',
    'X-MS-Client-Principal',
    'X-AppEngine-Remote-Addr',
  ],
  ...['X-MS-Original-URL', 'X-WAWS-Unencoded-URL', 'X-Envoy-Original-Host', 'X-HTTP-Verb-Override', 'Script-Name', 'X-Matched-Path'],
  ...['X-Middleware-Subrequest', 'X-Original-Host', 'X-Original-Remote-Addr'],
  ...['X-HTTP-Method-Override', 'x_http_method_override', 'X-Original-URL', 'X.Original.URL', 'X-Rewrite-URL', 'X-Request_Id'],
]
