/** Which models of a server of one's own are to be offered: one list of ids, ticked or typed. */
import { modelList } from '#core/connections/secret.ts'

export const isChosen = (chosen: string, id: string): boolean => modelList(chosen).includes(id)

/** Ticks and unticks ids; what was typed beside them stays. */
export function withChoice(chosen: string, ids: readonly string[], isOffered: boolean): string {
  const rest = modelList(chosen).filter((each) => !ids.includes(each))
  return (isOffered ? [...rest, ...ids] : rest).join(', ')
}
