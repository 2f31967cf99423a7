import type { ShownToken } from '../api.ts'
import { momentText } from '../frame/moments.tsx'
import { ShownOnce } from '../frame/shown-once.tsx'

/** An administrator's token, this once. */
export function ShownTokenPanel({ shown: { administrator, token }, onDone }: { readonly shown: ShownToken; readonly onDone: () => void }) {
  return (
    <ShownOnce what="The token" of={administrator.name} texts={[['Token', token]]} onDone={onDone}>
      It is shown this once. It ends: {momentText(administrator.expiresAt)}.
    </ShownOnce>
  )
}
