import { z } from 'zod'

const amount = z.string().regex(/^(0|[1-9]\d{0,77})$/, 'a whole number in the smallest unit, as a decimal string of at most 78 digits')
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hexadecimal digits')

/** The body of `POST /transaction`. */
export const transactionRequest = z
  .object({
    from: address,
    to: address,
    value: amount,
    gasLimit: amount,
    gasPrice: amount.optional(),
    maxFeePerGas: amount.optional(),
    maxPriorityFeePerGas: amount.optional(),
    data: z
      .string()
      .regex(/^(0x)?([0-9a-fA-F]{2})*$/, 'bytes in hexadecimal')
      .max(262_144)
      .optional(),
    chainID: z.union([amount, z.int().positive().transform(String)]).optional(),
    note: z.string().max(1000).optional(),
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

export type TransactionRequest = z.infer<typeof transactionRequest>

/** The most a transaction can take from its wallet. */
export function costOf(request: TransactionRequest): bigint {
  return BigInt(request.value) + BigInt(request.gasLimit) * BigInt(request.gasPrice ?? request.maxFeePerGas ?? 0)
}
