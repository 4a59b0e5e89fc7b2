import { Boxes, ChartColumn, House, type LucideIcon, Plug, ScrollText, Search, Server, Users } from 'lucide-react'

export type Place = { href: string; label: string; Icon: LucideIcon; keywords?: string }

export const home: Place = { href: '/', label: 'Home', Icon: House, keywords: 'inbox waiting recent' }

/** In the palette alone: the rail has the palette itself. */
export const search: Place = { href: '/search', label: 'Search', Icon: Search, keywords: 'find transcripts messages said' }

const places: readonly Place[] = [
  { href: '/connections', label: 'Connections', Icon: Plug, keywords: 'keys credentials providers' },
  { href: '/models', label: 'Models', Icon: Boxes, keywords: 'catalog prices hide retire allow' },
  { href: '/nodes', label: 'Nodes', Icon: Server, keywords: 'machines daemons harnesses install sandbox' },
  { href: '/usage', label: 'Usage', Icon: ChartColumn, keywords: 'cost tokens spend' },
  { href: '/team', label: 'Team', Icon: Users, keywords: 'members invite roles' },
]

const audit: Place = { href: '/audit', label: 'Audit', Icon: ScrollText, keywords: 'log history who did what export' }

/** The rooms of the house, in the order of the rail. Only those who answer for others read the audit log. */
export const placesFor = ({ isAdmin, isInstanceOwner }: { isAdmin: boolean; isInstanceOwner: boolean }): readonly Place[] =>
  isAdmin || isInstanceOwner ? [...places, audit] : places
