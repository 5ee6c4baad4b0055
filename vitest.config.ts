import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['didcomm-mote-source'] },
  ssr: { resolve: { conditions: ['didcomm-mote-source'] } },
  test: { include: ['test/**/*.test.ts'], exclude: ['test/slow/**'], testTimeout: 20_000, maxWorkers: 2 },
})
