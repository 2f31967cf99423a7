import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

export function createPaint(hasColors: boolean): Paint {
  return (style, text) => (hasColors ? styleText(style, text, { validateStream: false }) : text)
}

/** Whether standard output shows colours: a terminal that can, unless NO_COLOR is set. */
export function showsColors(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors()
}
