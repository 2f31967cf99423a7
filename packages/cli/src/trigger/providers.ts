import { GITHUB } from './github.ts'
import type { ProviderSamples } from './sample.ts'
import { SHOPIFY } from './shopify.ts'
import { SLACK } from './slack.ts'
import { STANDARD_WEBHOOKS } from './standard-webhooks.ts'
import { STRIPE } from './stripe.ts'

/** The webhooks that a sample is known of, by the scheme's name. All bodies are of our own making. */
export const PROVIDERS: ReadonlyMap<string, ProviderSamples> = new Map([
  ['stripe', STRIPE],
  ['github', GITHUB],
  ['slack', SLACK],
  ['shopify', SHOPIFY],
  ['standard-webhooks', STANDARD_WEBHOOKS],
])
