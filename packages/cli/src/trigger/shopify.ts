import { jsonEvent, type ProviderSamples, type SampleInput } from './sample.ts'

const SHOP = 'sample-shop.myshopify.com'

/** https://shopify.dev/docs/apps/build/webhooks#headers */
function headersOf(topic: string, { uuid, nowMs }: SampleInput): { readonly [name: string]: string } {
  return {
    'x-shopify-topic': topic,
    'x-shopify-shop-domain': SHOP,
    'x-shopify-api-version': '2025-10',
    'x-shopify-webhook-id': uuid(),
    'x-shopify-event-id': uuid(),
    'x-shopify-triggered-at': new Date(nowMs).toISOString(),
    'user-agent': 'Shopify-Captain-Hook (countersign trigger)',
  }
}

function event(topic: string, make: (id: number, at: string) => object) {
  return (input: SampleInput) => jsonEvent(make(input.nowMs, new Date(input.nowMs).toISOString()), headersOf(topic, input))
}

export const SHOPIFY: ProviderSamples = {
  headersOf,
  events: {
    'orders/create': event('orders/create', (id, at) => ({
      id,
      admin_graphql_api_id: `gid://shopify/Order/${id}`,
      created_at: at,
      currency: 'EUR',
      email: 'jenny@example.com',
      financial_status: 'paid',
      name: '#1001',
      order_number: 1001,
      total_price: '20.00',
      line_items: [{ id: id + 1, title: 'Sample tee', quantity: 1, price: '20.00', sku: 'TEE-1' }],
      customer: { id: id + 2, email: 'jenny@example.com', first_name: 'Jenny', last_name: 'Rosen' },
    })),
    'products/update': event('products/update', (id, at) => ({
      id,
      admin_graphql_api_id: `gid://shopify/Product/${id}`,
      title: 'Sample tee',
      handle: 'sample-tee',
      status: 'active',
      updated_at: at,
      variants: [{ id: id + 1, product_id: id, price: '20.00', sku: 'TEE-1', inventory_quantity: 5 }],
    })),
    'app/uninstalled': event('app/uninstalled', (id, at) => ({
      id,
      name: 'Sample shop',
      domain: SHOP,
      myshopify_domain: SHOP,
      email: 'owner@example.com',
      updated_at: at,
    })),
  },
}
