import { describe, expect, it } from 'vitest'
import { readEndpoint } from './endpoint.ts'

describe('the service and the region of a host', () => {
  it.each([
    // S3: the URLs of botocore's endpoint rule sets of s3 and s3control, and those from before.
    ['s3.amazonaws.com', 's3', 'us-east-1'],
    ['bucket.s3.amazonaws.com', 's3', 'us-east-1'],
    ['s3.eu-west-1.amazonaws.com', 's3', 'eu-west-1'],
    ['bucket.s3.eu-west-1.amazonaws.com', 's3', 'eu-west-1'],
    ['my.own.bucket.s3.eu-west-1.amazonaws.com', 's3', 'eu-west-1'],
    ['bucket.s3.cn-north-1.amazonaws.com.cn', 's3', 'cn-north-1'],
    ['s3.dualstack.eu-west-1.amazonaws.com', 's3', 'eu-west-1'],
    ['bucket.s3.dualstack.eu-west-1.amazonaws.com', 's3', 'eu-west-1'],
    ['bucket.s3-fips.us-east-2.amazonaws.com', 's3', 'us-east-2'],
    ['bucket.s3-fips.dualstack.us-east-2.amazonaws.com', 's3', 'us-east-2'],
    ['s3-us-west-2.amazonaws.com', 's3', 'us-west-2'],
    ['bucket.s3-us-west-2.amazonaws.com', 's3', 'us-west-2'],
    ['s3-fips-us-gov-west-1.amazonaws.com', 's3', 'us-gov-west-1'],
    ['s3-external-1.amazonaws.com', 's3', 'us-east-1'],
    ['bucket.s3-accelerate.amazonaws.com', 's3', undefined],
    ['bucket.s3-accelerate.dualstack.amazonaws.com', 's3', undefined],
    ['123456789012.s3-control.us-east-1.amazonaws.com', 's3', 'us-east-1'],
    ['123456789012.s3-control-fips.dualstack.us-east-1.amazonaws.com', 's3', 'us-east-1'],
    ['point-123456789012.s3-accesspoint.us-east-1.amazonaws.com', 's3', 'us-east-1'],
    ['point-123456789012.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com', 's3', 'us-east-1'],
    ['point-123456789012.s3-object-lambda.us-east-1.amazonaws.com', 's3-object-lambda', 'us-east-1'],
    ['point-123456789012.op-01ac5d28a6a232904.s3-outposts.us-east-1.amazonaws.com', 's3-outposts', 'us-east-1'],
    ['s3-outposts-fips.us-east-1.api.aws', 's3-outposts', 'us-east-1'],
    ['bucket--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com', 's3express', 'us-west-2'],
    ['bucket--usw2-az1--x-s3.s3express-fips-usw2-az1.dualstack.us-west-2.amazonaws.com', 's3express', 'us-west-2'],
    ['s3express-control.us-west-2.amazonaws.com', 's3express', 'us-west-2'],
    ['s3express-control-fips.dualstack.us-west-2.amazonaws.com', 's3express', 'us-west-2'],
    ['bucket.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com', 's3', 'us-east-1'],
    ['s3tables.us-east-1.amazonaws.com', 's3tables', 'us-east-1'],
    ['bucket.s3-website-us-east-1.amazonaws.com', undefined, undefined],
    ['bucket.s3-website.eu-central-1.amazonaws.com', undefined, undefined],
    ['alias.accesspoint.s3-global.amazonaws.com', undefined, undefined],
    // Other hosts that name service and region in another way.
    ['iam.amazonaws.com', 'iam', 'us-east-1'],
    ['iam-fips.amazonaws.com', 'iam', 'us-east-1'],
    ['sts.amazonaws.com', 'sts', 'us-east-1'],
    ['sqs.amazonaws.com', undefined, 'us-east-1'],
    ['kms-fips.ca-central-1.amazonaws.com', 'kms', 'ca-central-1'],
    ['bedrock-runtime-fips.us-east-1.amazonaws.com', 'bedrock', 'us-east-1'],
    ['ec2.us-east-1.api.aws', 'ec2', 'us-east-1'],
    ['sqs.eusc-de-east-1.amazonaws.eu', 'sqs', 'eusc-de-east-1'],
    ['id.execute-api.ap-southeast-2.amazonaws.com', 'execute-api', 'ap-southeast-2'],
    ['id.lambda-url.us-east-1.on.aws', 'lambda', 'us-east-1'],
    ['123456789012.ddb.us-east-1.amazonaws.com', 'dynamodb', 'us-east-1'],
    ['search-domain-abc.us-west-2.es.amazonaws.com', 'es', 'us-west-2'],
    ['doc-domain-abc.us-west-2.cloudsearch.amazonaws.com', 'cloudsearch', 'us-west-2'],
    ['abc-ats.iot.us-east-1.amazonaws.com', 'iotdata', 'us-east-1'],
    ['data.iot-fips.us-east-1.amazonaws.com', 'iotdata', 'us-east-1'],
    // What is not of AWS, and what does not tell.
    ['example.com', undefined, undefined],
    ['sqs.eu-west-1.amazonaws.com.example', undefined, undefined],
    ['s3.eu-west-1.amazonaws.com:8443', undefined, undefined],
    ['id.endpoint.events.amazonaws.com', undefined, undefined],
    ['amazonaws.com', undefined, undefined],
  ])('%s: %s in %s', (host, service, region) => {
    expect(readEndpoint(host)).toEqual({ service, region })
  })
})
