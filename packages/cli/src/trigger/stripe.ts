import { jsonEvent, type ProviderSamples, type SampleEvent, type SampleInput } from './sample.ts'

type Make = (input: SampleInput, created: number) => object

/** The envelope of https://docs.stripe.com/api/events/object, with an object of our own making. */
function event(type: string, make: Make): (input: SampleInput) => SampleEvent {
  return input => {
    const created = Math.floor(input.nowMs / 1000)
    return jsonEvent(
      {
        id: `evt_${input.id(24)}`,
        object: 'event',
        api_version: '2025-09-30.clover',
        created,
        data: { object: make(input, created) },
        livemode: false,
        pending_webhooks: 1,
        request: { id: `req_${input.id(14)}`, idempotency_key: input.uuid() },
        type,
      },
      { 'user-agent': 'Stripe/1.0 (countersign trigger)' },
      'application/json; charset=utf-8',
    )
  }
}

const payment: Make = ({ id }, created) => ({
  id: `pi_${id(24)}`,
  object: 'payment_intent',
  amount: 2000,
  amount_received: 2000,
  currency: 'eur',
  created,
  customer: `cus_${id(14)}`,
  livemode: false,
  metadata: {},
  payment_method_types: ['card'],
  status: 'succeeded',
})

export const STRIPE: ProviderSamples = {
  events: {
    'payment_intent.succeeded': event('payment_intent.succeeded', payment),
    'payment_intent.payment_failed': event('payment_intent.payment_failed', (input, created) => ({
      ...payment(input, created),
      amount_received: 0,
      last_payment_error: { code: 'card_declined', type: 'card_error' },
      status: 'requires_payment_method',
    })),
    'checkout.session.completed': event('checkout.session.completed', ({ id }, created) => ({
      id: `cs_test_${id(58)}`,
      object: 'checkout.session',
      amount_total: 2000,
      currency: 'eur',
      created,
      customer_details: { email: 'jenny@example.com', name: 'Jenny Rosen' },
      livemode: false,
      mode: 'payment',
      payment_intent: `pi_${id(24)}`,
      payment_status: 'paid',
      status: 'complete',
    })),
    'invoice.paid': event('invoice.paid', ({ id }, created) => ({
      id: `in_${id(24)}`,
      object: 'invoice',
      amount_due: 2000,
      amount_paid: 2000,
      currency: 'eur',
      created,
      customer: `cus_${id(14)}`,
      livemode: false,
      status: 'paid',
    })),
    'customer.created': event('customer.created', ({ id }, created) => ({
      id: `cus_${id(14)}`,
      object: 'customer',
      created,
      email: 'jenny@example.com',
      livemode: false,
      metadata: {},
      name: 'Jenny Rosen',
    })),
  },
}
