import { addr, Transaction } from 'micro-eth-signer'
import type { TransactionRequest } from './request.ts'

export interface Wallet {
  readonly address: string
  readonly privateKey: string
}

export function createWallet(): Wallet {
  return addr.random()
}

export interface EncodedTransaction {
  /** Unsigned, as `0x…`. */
  readonly rawTx: string
  readonly sign: (privateKey: string) => { readonly signedTx: string; readonly hash: string }
}

/**
 * The Ethereum transaction that a request asks for: EIP-1559 with the two fees, else legacy.
 *
 * @throws what is wrong with the request for Ethereum (a checksum, a number out of range)
 */
export function encodeTransaction(request: TransactionRequest, nonce: number, chainId: string): EncodedTransaction {
  const base = {
    to: request.to,
    value: BigInt(request.value),
    gasLimit: BigInt(request.gasLimit),
    nonce: BigInt(nonce),
    chainId: BigInt(chainId),
    data: request.data ?? '',
  }
  const tx =
    request.maxFeePerGas === undefined
      ? Transaction.prepare({ ...base, type: 'legacy', gasPrice: BigInt(request.gasPrice ?? 0) }, false)
      : Transaction.prepare(
          {
            ...base,
            type: 'eip1559',
            maxFeePerGas: BigInt(request.maxFeePerGas),
            maxPriorityFeePerGas: BigInt(request.maxPriorityFeePerGas ?? 0),
          },
          false,
        )
  return {
    rawTx: tx.toHex({ includeSignature: false }),
    sign(privateKey) {
      const signed = tx.signBy(privateKey)
      return { signedTx: signed.toHex(), hash: `0x${signed.hash.replace(/^0x/, '')}` }
    },
  }
}
