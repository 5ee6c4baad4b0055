import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const conditions = ['didcomm-mote-source']
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
}
const limits = { testTimeout: 20_000 }

export default defineConfig({
  test: {
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ['test/crypto/inner-core.ts'],
    projects: [
      {
        ...shared,
        test: {
          ...limits,
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: ['test/slow/**'],
          provide: { coreBuild: 'simd' },
        },
      },
      {
        // The same over the build of the core for hosts without SIMD: whatever its bytes may differ in.
        ...shared,
        resolve: {
          conditions,
          alias: [
            {
              find: /^.*\/core-choice\.ts$/,
              replacement: fileURLToPath(new URL('test/crypto/base-core.ts', import.meta.url)),
            },
          ],
        },
        test: {
          ...limits,
          name: 'base',
          include: ['test/crypto/**/*.test.ts', 'test/interop/**/*.test.ts'],
          // One asks all builds at once, the other is about vectors.
          exclude: ['test/crypto/agreement.test.ts', 'test/crypto/field25519-pair.test.ts'],
          provide: { coreBuild: 'base' },
        },
      },
    ],
  },
})
