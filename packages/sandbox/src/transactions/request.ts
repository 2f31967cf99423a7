import { z } from 'zod'

const amount = z
  .string()
  .regex(/^(0|[1-9]\d{0,77})$/, 'a whole number in the smallest unit, as a decimal string of at most 78 digits')
  .meta({ description: 'In the asset’s smallest unit, as a decimal string.' })
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hexadecimal digits')

/** The body of `POST /transaction`. */
export const transactionRequest = z
  .object({
    from: address.meta({ description: 'The address of one of the account’s Web3 wallets.' }),
    to: address.meta({ description: 'In mixed case it is checked as EIP-55 says.' }),
    value: amount,
    gasLimit: amount,
    gasPrice: amount.optional().meta({ description: 'Types 0 and 1.' }),
    maxFeePerGas: amount.optional().meta({ description: 'EIP-1559, together with maxPriorityFeePerGas, in the place of gasPrice.' }),
    maxPriorityFeePerGas: amount.optional(),
    data: z
      .string()
      .regex(/^(0x)?([0-9a-fA-F]{2})*$/, 'bytes in hexadecimal')
      .max(262_144)
      .optional(),
    chainID: z
      .union([amount, z.int().positive()])
      .transform(String)
      .optional()
      .meta({ description: 'Default: the wallet’s; another one is refused.' }),
    nonce: z.int().min(0).optional().meta({ description: 'Default: the wallet’s next one; another one is refused.' }),
    note: z.string().max(1000).optional().meta({ description: 'sandbox:hold, sandbox:reject and sandbox:fail make the sandbox do so.' }),
  })
  .refine(body => (body.gasPrice === undefined) !== (body.maxFeePerGas === undefined), {
    error: 'give gasPrice, or maxFeePerGas and maxPriorityFeePerGas, and not both',
  })
  .refine(body => (body.maxFeePerGas === undefined) === (body.maxPriorityFeePerGas === undefined), {
    error: 'maxFeePerGas and maxPriorityFeePerGas come together',
  })
  .refine(body => BigInt(body.maxPriorityFeePerGas ?? 0) <= BigInt(body.maxFeePerGas ?? 0), {
    error: 'maxPriorityFeePerGas is more than maxFeePerGas',
  })
  .meta({ id: 'TransactionRequest' })

export type TransactionRequest = z.infer<typeof transactionRequest>

/** The most a transaction can take from its wallet. */
export function costOf(request: TransactionRequest): bigint {
  return BigInt(request.value) + BigInt(request.gasLimit) * BigInt(request.gasPrice ?? request.maxFeePerGas ?? 0)
}
