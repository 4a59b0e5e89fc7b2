import { byPlace, type ChatRow } from '#components/projects/chat-status.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type RailProject = Outputs['projects']['list'][number]
export type RailGroup = { project: RailProject; chats: readonly ChatRow[]; hidden: number; waiting: number }

/** How many chats of a project the rail shows before "more". */
export const RAIL_CHATS = 8

/** Projects with their chats. The open chat is always among those shown, so that the rail says where one is. */
export function railGroups({
  projects,
  chats,
  openChatId,
}: {
  projects: readonly RailProject[]
  chats: readonly ChatRow[]
  openChatId: string | null
}): RailGroup[] {
  return projects.map((project) => {
    const own = chats.filter((each) => each.projectId === project.projectId).sort(byPlace)
    const shown = own.slice(0, RAIL_CHATS)
    const open = own.find((each) => each.chatId === openChatId)
    if (open && !shown.includes(open)) shown.push(open)
    return { project, chats: shown, hidden: own.length - shown.length, waiting: own.filter((each) => each.status === 'waiting').length }
  })
}

/** The ids in an address, or null: `/projects/<projectId>/chats/<chatId>`. */
export function placeOf(pathname: string): { projectId: string | null; chatId: string | null } {
  const [, first, projectId, second, chatId] = pathname.split('/')
  if (first !== 'projects' || !projectId || projectId === 'new') return { projectId: null, chatId: null }
  return { projectId: decodeURIComponent(projectId), chatId: second === 'chats' && chatId ? decodeURIComponent(chatId) : null }
}
