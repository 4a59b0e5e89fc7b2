/** Every procedure of Gatehouse, by noun. Each router lives with its noun and is thin. */
import { router } from '#server/trpc/base.ts'

export const appRouter = router({})

/** The only thing that `components/` may import of the server, as a type. */
export type AppRouter = typeof appRouter
