import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const excluded = ['**/node_modules/**', '.next/**', 'e2e/gates/**']

/**
 * `unit`: pure, anywhere, in a time zone with an odd offset. `db`: on a real PostgreSQL, one database per file.
 * Half of what the tests take is waiting for processes of their own, so more files run at once than there are cores.
 */
export default defineConfig({
  test: {
    maxWorkers: availableParallelism() + 1,
    // Beside others a file waits for its turn; what hangs is still told.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A master key of its own keeps tests from making one in the work tree.
    env: { GATEHOUSE_LOG: 'silent', GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...excluded, '**/*.db.test.ts'],
          env: { TZ: 'Asia/Kathmandu' },
        },
      },
      {
        extends: true,
        test: {
          name: 'db',
          include: ['**/*.db.test.ts'],
          exclude: excluded,
          globalSetup: ['./server/db/testing-server.ts'],
          setupFiles: ['./server/db/testing-database.ts'],
        },
      },
    ],
  },
})
