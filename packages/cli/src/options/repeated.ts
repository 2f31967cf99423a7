/** Parses an option that may be given several times: commander calls it with each value and those before. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
