import { jsonEvent, type ProviderSamples, type SampleInput } from './sample.ts'

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure */
function event(type: string, make: (input: SampleInput) => object) {
  return (input: SampleInput) => jsonEvent({ type, timestamp: new Date(input.nowMs).toISOString(), data: make(input) })
}

export const STANDARD_WEBHOOKS: ProviderSamples = {
  events: {
    'user.created': event('user.created', ({ id }) => ({ id: `usr_${id(16)}`, email: 'jenny@example.com', name: 'Jenny Rosen' })),
    'invoice.paid': event('invoice.paid', ({ id }) => ({ id: `inv_${id(16)}`, amount: 2000, currency: 'EUR' })),
    'order.shipped': event('order.shipped', ({ id }) => ({ id: `ord_${id(16)}`, carrier: 'sample', tracking: id(12) })),
  },
}
