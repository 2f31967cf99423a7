import { type Capabilities, type CompiledHash, compileText, joined } from '../recipe/compile.ts'
import { isMac, type Recipe } from '../recipe/recipe.ts'
import type { Carrier, WriteCarrier } from '../scheme/scheme.ts'
import { isSignature } from './carried-part.ts'

/** Compiles the function that writes what a header or a parameter carries. */
export function compileWriter(
  { items, prefix, separator = '' }: Carrier,
  hashes: CompiledHash[],
  capabilities: Capabilities,
): WriteCarrier {
  return joined<Parameters<WriteCarrier>>([
    () => prefix,
    joined(
      items.map(parts => compileItem(parts, hashes, capabilities)),
      separator,
    ),
  ])
}

function compileItem(parts: readonly Recipe[], hashes: CompiledHash[], capabilities: Capabilities): WriteCarrier {
  const writers = parts.map((part): WriteCarrier => {
    if (isMac(part)) return (_call, _signature, signedPassphrase) => signedPassphrase
    if (!isSignature(part)) return compileText(part, hashes, capabilities)
    if (part.op !== 'filter') return (_call, signature) => signature
    return (call, signature) => capabilities.filter?.(part, () => signature)?.(call) ?? ''
  })
  return joined(writers)
}
