import 'reflect-metadata'
import { Controller, Module, Post, Req } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import * as forExpress from 'countersign/express'
import * as forFastify from 'countersign/fastify'
import { overHttp1 } from '../packages/countersign/test/body-senders.ts'
import { echo, textOf } from './servers.js'

/**
 * An application of one module and one controller; the decorators are called by hand.
 * @param configure what its `configure(consumer)` does
 */
function moduleOf(options, verifiedCall, configure) {
  class Orders {
    create(request) {
      options.handled()
      const read = Buffer.isBuffer(request.body) ? request.body : textOf(request.body)
      return echo(verifiedCall(request), read)
    }
  }
  Controller()(Orders)
  Post('x')(Orders.prototype, 'create', Object.getOwnPropertyDescriptor(Orders.prototype, 'create'))
  Req()(Orders.prototype, 'create', 0)
  class App {
    configure(consumer) {
      configure?.(consumer)
    }
  }
  Module({ controllers: [Orders] })(App)
  return App
}

async function started(app) {
  await app.listen(0, '127.0.0.1')
  return { send: overHttp1, port: app.getHttpServer().address().port, close: () => app.close() }
}

const NEST = { logger: false, forceCloseConnections: true }
/** Nest answers a POST with it. */
const CREATED = { accepted: 201, contentType: 'application/json' }

export const NESTS = {
  'Nest 11 on Express, `app.use()`': async options => {
    const { verifier, onError } = options
    const app = await NestFactory.create(moduleOf(options, forExpress.verifiedCall), new ExpressAdapter(), NEST)
    app.use(forExpress.requireSignature(verifier, { onError }))
    return { ...(await started(app)), ...CREATED }
  },
  'Nest 11 on Express, as a middleware of a module, with `rawBody: true`': async options => {
    const { verifier, onError } = options
    const check = forExpress.requireSignature(verifier, { onError })
    const module = moduleOf(options, forExpress.verifiedCall, consumer => consumer.apply(check).forRoutes('x'))
    return { ...(await started(await NestFactory.create(module, new ExpressAdapter(), { ...NEST, rawBody: true }))), ...CREATED }
  },
  'Nest 11 on Fastify': async options => {
    const { verifier, onError } = options
    const adapter = new FastifyAdapter()
    const app = await NestFactory.create(
      moduleOf(options, request => forFastify.verifiedCall(request)),
      adapter,
      NEST,
    )
    app.useBodyParser('application/octet-stream')
    adapter.getInstance().addHook('preParsing', forFastify.requireSignature(verifier, { onError }))
    return { ...(await started(app)), ...CREATED, contentType: 'application/octet-stream' }
  },
}
