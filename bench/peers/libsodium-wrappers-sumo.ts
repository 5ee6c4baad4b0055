// The larger build of libsodium for JavaScript, for what the usual one has not.
import sodium from 'libsodium-wrappers-sumo'
import { hashMaker, type Implementation, type Makers } from '../implementation.ts'

const makers: Makers = {
  sha256: hashMaker((message) => sodium.crypto_hash_sha256(message)),
  'hmac-sha256': (input) => {
    const key = input.key(32)
    return () => sodium.crypto_auth_hmacsha256(input.message, key)
  },
}

export async function load(): Promise<Implementation[]> {
  await sodium.ready
  return [{ name: 'libsodium-wrappers-sumo', makers }]
}
