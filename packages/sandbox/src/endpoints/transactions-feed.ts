import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { ApiError } from '../errors.ts'
import { feedMessage, feedQuery } from '../feed/events.ts'

/** What a request gets that does not ask for a WebSocket; for those that do see `feed/`. */
export const transactionsFeed = endpoint({
  method: 'GET',
  path: '/transactions/feed',
  summary: 'A WebSocket that tells of every change of a transaction: each of its messages is one such object',
  query: z.object(feedQuery),
  answer: feedMessage,
  status: 101,
  async handle() {
    throw new ApiError(
      426,
      'upgrade-required',
      'Upgrade required',
      'This is a WebSocket: open it as ws:// or wss://, with the same headers.',
    )
  },
})
