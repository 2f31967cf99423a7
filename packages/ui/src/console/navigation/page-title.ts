import { useEffect } from 'preact/hooks'

/** What tabs and the browser's history call the page: the narrowest part first. */
export function usePageTitle(...parts: readonly string[]): void {
  const title = [...parts, 'Countersign keys'].join(' · ')
  useEffect(() => {
    document.title = title
  }, [title])
}
