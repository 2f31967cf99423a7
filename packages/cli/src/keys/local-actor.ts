import { userInfo } from 'node:os'
import type { Actor } from '@countersign/server/store'

/** Who works on a store itself: whoever may read its file may do everything in it, and the audit log has their name. */
export function localActor(): Actor {
  return { name: `local:${userInfo().username}`, address: '' }
}
