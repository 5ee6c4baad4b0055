import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305'
import { aeadMakers, type Implementation } from '../implementation.ts'

export async function load(): Promise<Implementation[]> {
  const makers = aeadMakers('chacha20-poly1305', 32, 12, new ChaCha20Poly1305(newInstance()))
  return [{ name: '@chainsafe/as-chacha20poly1305', makers }]
}
