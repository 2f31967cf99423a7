import { useEffect, useState } from 'preact/hooks'

export function momentText(moment: string | null): string {
  return moment === null ? 'never' : new Date(moment).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
}

/** To the second, and of which time zone. */
export function exactMomentText(at: number): string {
  return new Date(at).toLocaleString([], {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  })
}

/** The time until a moment, counted down: `23 h 59 min 58 s`. */
export function Countdown({ until, onOver }: { readonly until: string; readonly onOver: () => void }) {
  const [now, setNow] = useState(Date.now())
  const left = Math.max(0, Math.ceil((Date.parse(until) - now) / 1000))
  useEffect(() => {
    if (left === 0) {
      onOver()
      return
    }
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [left === 0])
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(left / 86_400), 'd'],
    [Math.floor(left / 3600) % 24, 'h'],
    [Math.floor(left / 60) % 60, 'min'],
    [left % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  return (
    <time dateTime={until} role="timer">
      {parts
        .slice(first < 0 ? 3 : first)
        .map(([count, unit]) => `${count} ${unit}`)
        .join(' ')}
    </time>
  )
}
