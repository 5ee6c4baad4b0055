import { encodeHex } from 'didcomm-mote/bytes'
import { parseCompact, serializeCompact, typeRegistry } from 'didcomm-mote/message'
import { pack, REPORT, report, reportType } from 'didcomm-mote/protocols/telemetry'
import { PING, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { describe, expect, it } from 'vitest'

const types = typeRegistry([reportType])
const records = [
  { n: 't', v: 3.9 },
  { n: 'p', v: 1016.6 },
]

describe('a report', () => {
  it('travels compact as its SenML pack and nothing else', () => {
    const bytes = serializeCompact({ body: {}, ...report(records) }, { types, implied: {} })
    expect(encodeHex(bytes)).toBe('820182a2006174' + '02c4822018' + '27a2006170' + '02c482201927b6')
    const { type, body } = parseCompact(bytes, { types, implied: {}, id: '1' })
    expect({ type, body }).toEqual({ type: REPORT, body: { senml: records } })
  })

  it('keeps what a SenML pack cannot hold', () => {
    for (const body of [{ senml: records, note: 'calibrated' }, { senml: [] }, { senml: 'none' }, { senml: [1] }, {}]) {
      const bytes = serializeCompact({ type: REPORT, body }, { types, implied: {} })
      expect(parseCompact(bytes, { types, implied: {}, id: '1' }).body).toEqual(body)
    }
  })

  it('whose body has no records is refused when it is read', () => {
    for (const senml of [undefined, [], 'none', [1], [null], [[]], {}]) {
      expect(() => pack(senml === undefined ? {} : { senml })).toThrow(
        expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' }),
      )
    }
  })
})

describe('a ping', () => {
  const handler = trustPing().handlers[PING]
  const received = { sender: 'did:example:a', encrypted: true, nonRepudiable: false, encoding: 'json' } as const

  it('is answered unless its sender wants no answer', async () => {
    const message = { id: '1', type: PING, body: {} }
    expect(await handler?.({ ...received, message })).toMatchObject({ type: expect.stringMatching('ping-response') })
    const quiet = { ...message, body: ping({ responseRequested: false }).body ?? {} }
    expect(await handler?.({ ...received, message: quiet })).toBeUndefined()
  })
})
