/** A moment in ISO 8601, to the minute: `2027-01-31 12:00`. */
export function minuteOf(moment: string | null): string {
  return moment === null ? 'never' : moment.slice(0, 16).replace('T', ' ')
}
