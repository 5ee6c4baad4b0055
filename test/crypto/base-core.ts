// Stands in for runtime/crypto/core-choice.ts in the test project `base` (vitest.config.ts).
import { coreBaseWasm } from '../../runtime/crypto/core-base-wasm.ts'

export const chooseCore = (): string => coreBaseWasm
