/** The load generator as a process of its own: jobs come over the parent's channel, one at a time. */
import { runLoad, type Job } from '#bin/bench/proxy/load.ts'

process.on('message', (job: Job) => {
  void runLoad(job).then((loaded) => process.send?.(loaded))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
