/** Which rows a person has opened or closed. Outside the rows, since a virtual list forgets what it does not draw. */
import { useCallback, useSyncExternalStore } from 'react'

export class OpenRows {
  readonly #choices = new Map<string, boolean>()
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  get(key: string): boolean | undefined {
    return this.#choices.get(key)
  }
  set(key: string, isOpen: boolean): void {
    this.#choices.set(key, isOpen)
    for (const listener of this.#listeners) listener()
  }
}

/** A person's choice stands; until there is one, the row is as it is `byItself`. */
export function useOpenRow(rows: OpenRows, key: string, byItself: boolean): [boolean, (isOpen: boolean) => void] {
  const chosen = useSyncExternalStore(
    rows.subscribe,
    () => rows.get(key),
    () => undefined,
  )
  const choose = useCallback((isOpen: boolean) => rows.set(key, isOpen), [rows, key])
  return [chosen ?? byItself, choose]
}
