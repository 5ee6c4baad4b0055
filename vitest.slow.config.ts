import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['didcomm-mote-source'] },
  ssr: { resolve: { conditions: ['didcomm-mote-source'] } },
  test: { include: ['test/slow/**/*.test.ts'], testTimeout: 600_000, provide: { coreBuild: 'simd' } },
})
