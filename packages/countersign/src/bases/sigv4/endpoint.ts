/** What the requests to a host are signed for; what the host does not tell is `undefined`. */
export interface Endpoint {
  readonly service: string | undefined
  readonly region: string | undefined
}

const DOMAIN = /\.(?:vpce\.)?(?:amazonaws\.(?:com|com\.cn|eu)|(?:api|on)\.aws|api\.amazonwebservices\.(?:com\.cn|eu))$/
const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d$/
/** Of S3, from before a region was a label of its own. */
const S3_REGION = /^s3-(?:fips-)?([a-z]{2,4}(?:-[a-z]+)+-\d)$/
/** Of the whole world; they are signed for the first region. */
const GLOBAL = /^(?:budgets|cloudfront|iam|route53|s3|s3-external-1|savingsplans|sdb|sts|waf)$/
const GLOBAL_REGION = 'us-east-1'

/** Hosts that are named otherwise than the service that they are signed for (botocore's service models). */
const SERVICES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map(
  Object.entries({
    'agent-registry': 'agent-registry-control',
    appconfig: 'appconfigdata',
    appstream: 'appstream2',
    aps: 'aps-workspaces',
    awsssoportal: 'portal.sso',
    bedrock: 'bedrock-agent bedrock-agent-runtime bedrock-data-automation bedrock-data-automation-runtime bedrock-runtime',
    'bedrock-agentcore': 'bedrock-agentcore-control',
    cassandra: 'cassandra-streams',
    chime: 'identity-chime media-pipelines-chime meetings-chime messaging-chime voice-chime',
    cloudhsm: 'cloudhsmv2',
    cloudsearch: 'cloudsearchdomain',
    cloudwatch: 'cloudwatch-omni',
    connect: 'contact-lens',
    dynamodb: 'ddb',
    events: 'eventsv2',
    'execute-api': 'participant.connect',
    forecast: 'forecastquery',
    greengrass: 'greengrass-ats.iot',
    iam: 'iam-toolbox',
    'iot-jobs-data': 'data.jobs.iot',
    IoTSecuredTunneling: 'api.tunneling.iot',
    ivs: 'ivsrealtime',
    lambda: 'lambda-url',
    lex: 'models-v2-lex runtime-v2-lex',
    memorydb: 'memory-db',
    mgh: 'migrationhub-config',
    mobiletargeting: 'pinpoint',
    partnercentral: 'partnercentral-prm',
    personalize: 'personalize-events personalize-runtime',
    s3: 's3-accelerate s3-accesspoint s3-control s3-external-1',
    s3express: 's3express-control',
    ses: 'email mail-manager',
    servicecatalog: 'servicecatalog-appregistry',
    signer: 'data-signer',
    'sms-voice': 'sms-voice.pinpoint',
    'sso-oauth': 'oidc',
    'aws-marketplace': 'agreement-marketplace deployment-marketplace discovery-marketplace marketplace reporting-marketplace',
  }).flatMap(([service, names]) => names.split(' ').map(name => [name, service] as const)),
)

/** Of S3: websites take no signature, and access points of several regions one of another kind (SigV4A). */
const NOT_FOR_SIGV4 = /^s3-(?:website|global)/

/**
 * Reads a host of AWS: `SERVICE.REGION.amazonaws.com`, what S3, the dual-stack, FIPS and VPC endpoints make of that,
 * and the few that name their region elsewhere or not at all.
 */
export function readEndpoint(host: string): Endpoint {
  const name = host.replace(DOMAIN, '')
  const labels = name.split('.').map(label => label.replace(/-fips$/, ''))
  const region = takeRegion(labels)
  if (labels.at(-1) === 'dualstack') labels.pop()
  const last = labels.at(-1) ?? ''
  if (name === host || NOT_FOR_SIGV4.test(last)) return { service: undefined, region: undefined }
  const service = serviceOf(labels, last)
  if (region !== undefined) return { service, region }
  // Without a region, S3's accelerated hosts are the only ones for which the service alone is sure.
  if (!host.endsWith('.amazonaws.com') || last === 's3-accelerate') return { service: service === 's3' ? service : undefined, region }
  if (GLOBAL.test(last)) return { service, region: GLOBAL_REGION }
  return { service: undefined, region: labels.length === 1 ? GLOBAL_REGION : undefined }
}

/** Takes the region off the labels. */
function takeRegion(labels: string[]): string | undefined {
  const last = labels.at(-1) ?? ''
  if (REGION.test(last)) return labels.pop()
  const [, region] = S3_REGION.exec(last) ?? []
  if (region !== undefined) labels.splice(-1, 1, 's3')
  // A domain of OpenSearch or CloudSearch: NAME.REGION.es.
  else if (/^(?:es|aoss|cloudsearch)$/.test(last) && REGION.test(labels.at(-2) ?? '')) return labels.splice(-2, 1)[0]
  return region
}

function serviceOf(labels: readonly string[], last: string): string {
  if (last.startsWith('s3express-')) return 's3express'
  for (const count of [3, 2, 1]) {
    const service = SERVICES.get(labels.slice(-count).join('.'))
    if (service !== undefined) return service
  }
  // What an account has there; the service itself has the name alone.
  return last === 'iot' && labels.length > 1 ? 'iotdata' : last
}
