import type { BuiltInField } from '../recipe/recipe.ts'
import type { SchemeDeclaration } from './declaration.ts'

/**
 * Nothing, where every member of a declaration and every part that its templates name is known; else what the compiler
 * shows at the mistake.
 */
export type KnownParts<D extends SchemeDeclaration> = [UnknownMember<D>] extends [never]
  ? [UnknownPart<D>] extends [never]
    ? unknown
    : { readonly message: Mistake<`Unknown part {${UnknownPart<D>}}`> }
  : { readonly name: Mistake<`Unknown member ${UnknownMember<D>}`> }

/** An object, since a text that clashes with another would leave `never`, and the compiler would say nothing else. */
interface Mistake<Text extends string> {
  readonly mistake: Text
}

/** Objects whose members have names of their own. */
type Nested = 'secret' | 'timestamp' | 'nonce' | 'signature' | 'only'

type UnknownMember<D extends SchemeDeclaration> = (
  | Exclude<keyof D, keyof SchemeDeclaration | '$schema'>
  | { [M in keyof D & Nested]: Exclude<keyof D[M], keyof NonNullable<SchemeDeclaration[M]>> }[keyof D & Nested]
) &
  string

type UnknownPart<D extends SchemeDeclaration> = Exclude<PartNames<Templates<D>>, BuiltInField | `header.${string}` | ParameterNames<D>>

type ParameterNames<D> = D extends { readonly parameters: infer P } ? keyof P & string : never

/** Every text of a declaration that is a template. */
export type Templates<D> = D extends { readonly message: infer M }
  ? Strings<M> | CarriedStrings<D, 'headers'> | CarriedStrings<D, 'query'>
  : never

type CarriedStrings<D, Place extends 'headers' | 'query'> = D extends { readonly [P in Place]: infer H } ? Strings<H[keyof H]> : never

type Strings<V> = V extends string
  ? V
  : V extends readonly (infer I)[]
    ? Strings<I>
    : V extends { readonly of: infer O }
      ? Strings<O>
      : V extends { readonly items: infer I }
        ? Strings<I>
        : never

/** The names in a template's braces, without filters; doubled braces are passed over. */
export type PartNames<T extends string> = T extends `${infer Before}{${infer Rest}`
  ? Rest extends `{${infer Escaped}`
    ? PartNames<Escaped>
    : Rest extends `${infer Expression}}${infer After}`
      ? NamesOf<Expression> | PartNames<After>
      : Before extends string
        ? never
        : never
  : never

type NamesOf<E extends string> = E extends `${infer Value}|${string}`
  ? NamesOf<Value>
  : E extends `${infer First} or ${infer Second}`
    ? Trim<First> | Trim<Second>
    : Trim<E>

type Trim<T extends string> = T extends ` ${infer R}` ? Trim<R> : T extends `${infer R} ` ? Trim<R> : T
