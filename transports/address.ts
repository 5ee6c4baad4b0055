import { type LookupAddress, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { DidCommError } from '../runtime/errors.ts'

/** What is not of the public internet (RFC 6890 and the registries that it began), and what can carry such an address inside. */
const closed4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4'
/** Only 2000::/3 is given out; within it these are set aside. */
const closed6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20'

function blockList(networks: string, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const network of networks.split(' ')) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

const private4 = blockList(closed4, 'ipv4')
const private6 = blockList(closed6, 'ipv6')
const given6 = blockList('2000::/3', 'ipv6')

/** Tells whether an IP address belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !private4.check(address, 'ipv4')
  // A zone ("%eth0") makes an address one of the local link.
  if (family !== 6 || address.includes('%')) return false
  return given6.check(address, 'ipv6') && !private6.check(address, 'ipv6')
}

function refused(): DidCommError {
  return new DidCommError('ERR_TRANSPORT_REJECTED', 'the endpoint has an address that is not public')
}

/**
 * Refuses a URL whose host is a literal address that is not public: no name is looked up for it.
 *
 * @throws DidCommError `ERR_TRANSPORT_REJECTED`
 */
export function checkLiteral({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refused()
}

/**
 * Looks names up as Node does, and returns public addresses only. The connection goes to what was returned, so that a name cannot
 * have another address when it is used than when it was checked.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0)
    const open = addresses.filter(({ address }) => isPublicAddress(address))
    const [first] = open
    if (!first) return callback(refused(), '', 0)
    if (options.all) return callback(null, open)
    callback(null, first.address, first.family)
  })
}
