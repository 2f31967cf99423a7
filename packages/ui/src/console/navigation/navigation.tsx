import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { addressOf, type Filter, type Place, placeOf } from './address.ts'
import { useAsk } from './asking.tsx'

interface Navigation {
  readonly place: Place
  /** @param replacing so that Back doesn't lead to a form that is done */
  go(to: Place, replacing?: boolean): void
  /** Narrows the list of the view that is open; the details beside it stay. */
  narrow(by: Filter): void
  /**
   * Does something that leaves the place, once nothing would be lost or that is wanted.
   *
   * @param why said before the question
   */
  leave(work: () => void, why?: string): void
  /** While something is on the page that would be lost, leaving it asks first. Returns what ends that. */
  hold(question: string): () => void
}

const Context = createContext<Navigation | undefined>(undefined)

/** Where in the console one is. It stands in the page's address, so that reload, Back and links lead to the same. */
export function useNavigation(): Navigation {
  const navigation = useContext(Context)
  if (navigation === undefined) throw new TypeError('useNavigation wants a Navigation around it')
  return navigation
}

export function Navigation({ children }: { readonly children: ComponentChildren }) {
  const [place, setPlace] = useState(() => placeOf(window.location.hash))
  const held = useRef<string | undefined>(undefined)
  const ask = useAsk()
  const leave = (work: () => void, why = ''): void => {
    if (held.current === undefined) work()
    else ask({ text: `${why}${held.current}`, yes: 'Leave it', no: 'Stay', onYes: work })
  }
  const move = (to: Place, replacing: boolean): void => {
    window.history[replacing ? 'replaceState' : 'pushState'](null, '', addressOf(to))
    setPlace(to)
  }
  // A question is about what was open when it was asked.
  useLayoutEffect(() => ask(undefined), [place.view, place.id, place.form])
  // Wherever one came in, the address says where that is.
  useEffect(() => window.history.replaceState(null, '', addressOf(place)), [])
  useEffect(() => {
    // By Back, Forward or the address bar: it has moved already.
    const moved = (): void => {
      const to = placeOf(window.location.hash)
      if (held.current === undefined) setPlace(to)
      else if (addressOf(to) !== addressOf(place)) {
        window.history.pushState(null, '', addressOf(place))
        leave(() => move(to, true))
      }
    }
    window.addEventListener('hashchange', moved)
    return () => window.removeEventListener('hashchange', moved)
  }, [place])
  const navigation: Navigation = {
    place,
    leave,
    go(to, replacing = false) {
      if (addressOf(to) !== addressOf(place)) leave(() => move(to, replacing))
    },
    narrow: by => move({ ...place, filter: { ...place.filter, ...by } }, true),
    hold(question) {
      const refuse = (event: Event): void => event.preventDefault()
      held.current = question
      window.addEventListener('beforeunload', refuse)
      return () => {
        held.current = undefined
        window.removeEventListener('beforeunload', refuse)
      }
    },
  }
  return <Context.Provider value={navigation}>{children}</Context.Provider>
}

interface LinkProps {
  readonly to: Place
  readonly class?: string
  /** Whether it leads to what is open. */
  readonly isOpen?: boolean
  readonly children: ComponentChildren
}

/** A link to a place, which can be opened in another tab as well. */
export function Link({ to, isOpen = false, children, ...rest }: LinkProps) {
  const { go } = useNavigation()
  const follow = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(to)
  }
  return (
    <a href={addressOf(to)} aria-current={isOpen ? 'true' : undefined} onClick={follow} {...rest}>
      {children}
    </a>
  )
}
