/** What somebody lists in a field, with spaces or commas between. */
export function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(one => one !== '')
}
