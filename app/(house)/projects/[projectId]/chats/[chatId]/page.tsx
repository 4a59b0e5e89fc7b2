import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { anyPage, openPage } from '#app/open-page.ts'
import { ChatScreen } from '#components/chat/chat-screen.tsx'

type Props = { params: Promise<{ projectId: string; chatId: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const chatId = decodeURIComponent((await params).chatId)
  const { caller } = await anyPage()
  const chat = await caller.chats.get({ chatId }).catch(() => null)
  return { title: chat?.title || 'Chat' }
}

export default async function ChatPage({ params }: Props) {
  const { projectId, chatId: raw } = await params
  const chatId = decodeURIComponent(raw)
  const { trpc, queryClient } = await openPage(`/projects/${projectId}/chats/${raw}`)
  await queryClient.prefetchQuery(trpc.chats.get.queryOptions({ chatId }))
  return (
    <Hydrated from={queryClient}>
      <ChatScreen chatId={chatId} />
    </Hydrated>
  )
}
