import { buffer } from 'node:stream/consumers'
import codegenie from '@codegenie/serverless-express'
import forFastifyOnLambda from '@fastify/aws-lambda'
import * as forFastify from 'countersign/fastify'
import * as forKoa from 'countersign/koa'
import * as forNode from 'countersign/node'
import express5 from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import serverlessHttp from 'serverless-http'
import { expressApp } from './express.js'
import { echo, textOf } from './servers.js'

const SOURCE_IP = '192.0.2.7'

/** Events as AWS makes them of a call; a function is told of the whole body, so none is late or cut off. */
export const EVENTS = {
  'REST API': ({ method, path, query, headers, body }) => ({
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: query && Object.fromEntries(new URLSearchParams(query)),
    multiValueQueryStringParameters: query && Object.fromEntries([...new URLSearchParams(query)].map(([name, value]) => [name, [value]])),
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      resourcePath: '/{proxy+}',
      httpMethod: method,
      path: `/prod${path}`,
      stage: 'prod',
      requestId: 'r',
      identity: { sourceIp: SOURCE_IP, userAgent: 'test' },
    },
    ...body,
  }),
  'HTTP API': ({ method, path, query, headers, body }) => ({
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers,
    ...(query && { queryStringParameters: Object.fromEntries(new URLSearchParams(query)) }),
    requestContext: {
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: SOURCE_IP, userAgent: 'test' },
      requestId: 'r',
      stage: '$default',
    },
    isBase64Encoded: body.isBase64Encoded,
    // An HTTP API leaves it out where there is none.
    ...(body.body === null ? {} : { body: body.body }),
  }),
  // A balancer gives the query as it was sent, and an empty text where there is no body.
  'load balancer': ({ method, path, query, headers, body }) => ({
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/1' } },
    httpMethod: method,
    path,
    queryStringParameters: Object.fromEntries(query.split('&').flatMap(pair => (pair === '' ? [] : [pair.split('=', 2)]))),
    headers: { ...headers, 'x-forwarded-for': SOURCE_IP, 'x-forwarded-port': '443', 'x-forwarded-proto': 'https' },
    isBase64Encoded: body.isBase64Encoded,
    body: body.body ?? '',
  }),
}

function bodyOf({ pieces, framing }, isBase64Encoded) {
  if (framing === 'none') return { body: null, isBase64Encoded: false }
  const bytes = Buffer.from(pieces.join(''))
  return { body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8'), isBase64Encoded }
}

/** Sends calls as events. @param invoke what AWS calls */
function invoked(invoke, eventOf, isBase64Encoded) {
  return async ({ method, target, headers, sending }) => {
    const [path, query = ''] = target.split('?', 2)
    const length = sending.framing === 'length' ? { 'content-length': String(Buffer.byteLength(sending.pieces.join(''))) } : {}
    const body = bodyOf(sending, isBase64Encoded)
    const event = eventOf({ method, path, query, headers: { host: 'api.example', ...headers, ...length }, body })
    const answer = await invoke(event, { callbackWaitsForEmptyEventLoop: true })
    return { status: answer.statusCode, text: answer.isBase64Encoded ? Buffer.from(answer.body, 'base64').toString() : answer.body }
  }
}

/** A handler for AWS of each wrapper, with what it has to close. */
export const WRAPPERS = {
  '`@fastify/aws-lambda`': async options => {
    const { verifier, onError } = options
    const app = fastify()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.addHook('preParsing', forFastify.requireSignature(verifier, { onError }))
    app.post('/x', async request => {
      options.handled()
      return echo(forFastify.verifiedCall(request), request.body)
    })
    return { invoke: forFastifyOnLambda(app), close: () => app.close(), contentType: 'application/octet-stream' }
  },
  '`serverless-http` with Express 5': options => ({ invoke: serverlessHttp(expressApp(express5, options)) }),
  '`serverless-http` with Express 4': options => ({ invoke: serverlessHttp(expressApp(express4, options)) }),
  '`serverless-http` with `node:http`': options => ({ invoke: serverlessHttp(nodeListener(options)) }),
  '`serverless-http` with Koa': options => ({ invoke: serverlessHttp(koaApp(options)) }),
  '`@codegenie/serverless-express` 4 with Koa': options => ({ invoke: codegenie({ app: koaApp(options).callback() }) }),
  '`@codegenie/serverless-express` 4 with Express 5': options => ({ invoke: codegenie({ app: expressApp(express5, options) }) }),
  '`@codegenie/serverless-express` 4 with Express 4': options => ({ invoke: codegenie({ app: expressApp(express4, options) }) }),
  '`@codegenie/serverless-express` 4 with `node:http`': options => ({ invoke: codegenie({ app: nodeListener(options) }) }),
}

function koaApp(options) {
  const { verifier, onError } = options
  const app = new Koa()
  app.silent = true
  return app
    .use(forKoa.requireSignature(verifier, { onError }))
    .use(bodyParser())
    .use(context => {
      options.handled()
      context.body = echo(forKoa.verifiedCall(context), textOf(context.request.body))
    })
}

function nodeListener(options) {
  const { verifier, onError } = options
  return forNode.requireSignature(
    verifier,
    async (request, response, verified) => {
      options.handled()
      const text = JSON.stringify(echo(verified, await buffer(request)))
      response.setHeader('content-type', 'application/json')
      response.end(text)
    },
    { onError },
  )
}

export const LAMBDAS = Object.fromEntries(
  Object.entries(WRAPPERS).flatMap(([wrapper, made]) =>
    Object.entries(EVENTS).flatMap(([event, eventOf]) =>
      [false, true].map(isBase64Encoded => [
        `${wrapper}, ${event}${isBase64Encoded ? ', base64' : ''}`,
        async options => {
          const { invoke, close = () => undefined, ...more } = await made(options)
          return { send: invoked(invoke, eventOf, isBase64Encoded), port: 443, hasNoClients: true, close, ...more }
        },
      ]),
    ),
  ),
)
