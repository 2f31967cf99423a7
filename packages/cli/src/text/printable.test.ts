import { describe, expect, it } from 'vitest'
import { printableLines, printableWord } from './printable.ts'

describe('what a stranger wrote', () => {
  it('stands on one line, cut off, without what a terminal would obey', () => {
    expect(printableWord('a\nb\u001b[2J\u0000\u009b\u202ec')).toBe('a\\u000ab\\u001b[2J\\u0000\\u009b\\u202ec')
    expect(printableWord('x'.repeat(300), 10)).toBe(`${'x'.repeat(10)}…`)
    expect(printableWord('ü€ 漢')).toBe('ü€ 漢')
  })

  it('keeps lines and our colours, and nothing else that begins with an escape', () => {
    const red = '\u001b[1;31mred\u001b[0m\nnext'
    expect(printableLines(red)).toBe(red)
    expect(printableLines('\u001b[2J\u001b]0;x\u0007\r')).toBe('\\u001b[2J\\u001b]0;x\\u0007\\u000d')
  })
})
