import { crypto as platform } from '#crypto'
import { messageBytes } from '../message.ts'
import type { Part } from '../template.ts'
import { textOf } from './difference.ts'
import { createWriter, type SceneInput, setScene } from './scene.ts'

/** A stretch of the message. `name` is what it is: `timestamp`, `url`, `literal`, `hash`. */
export interface MessagePart {
  readonly name: string
  readonly text: string
}

/**
 * The message that a request's signature is made of, taken apart: to show it.
 *
 * @throws CountersignError `url-not-signable`
 */
export async function messageParts(input: SceneInput): Promise<readonly MessagePart[]> {
  const { base, assumptions } = setScene(input)
  const write = createWriter(platform, base)
  const parts: MessagePart[] = []
  for (const part of input.scheme.message)
    parts.push({ name: nameOf(part), text: textOf(messageBytes(await write({ ...assumptions, parts: [part] }))) })
  return parts.filter(({ text }) => text !== '')
}

function nameOf(part: Part): string {
  return part.kind === 'field' ? part.field : part.kind
}
