/** What the scripted agent's `clock` says: moments in milliseconds since 1970. Pure. */
const MOMENT = /\b\d{13}\.\d\b/g

export const momentsIn = (text: string): number[] => (text.match(MOMENT) ?? []).map(Number)
