import { describe, expect, it } from 'vitest'
import { reconnectPauseMs } from '../../transports/mqtt/link.ts'
import { MqttVersions } from '../../transports/mqtt/version.ts'
import { seeded } from './seeded.ts'

describe('the version of MQTT', () => {
  it('is 5, and stays 5 while that is accepted', () => {
    const versions = new MqttVersions(undefined)
    expect([versions.next, versions.canImprove]).toEqual([5, false])
    versions.accepted()
    versions.improve()
    expect(versions.next).toBe(5)
  })

  it('is 3.1.1 at once where the broker refuses 5, and can be 5 again', () => {
    const versions = new MqttVersions(undefined)
    expect(versions.refused()).toBe(true)
    versions.accepted()
    expect([versions.next, versions.canImprove]).toEqual([4, true])
    versions.improve()
    expect([versions.next, versions.canImprove]).toEqual([5, false])
    expect(versions.refused()).toBe(true)
    expect(versions.next).toBe(4)
  })

  it('changes with each connection that a broker closes without a word, at once only to the older one', () => {
    const versions = new MqttVersions(undefined)
    expect(versions.silent()).toBe(true)
    expect(versions.next).toBe(4)
    expect(versions.silent()).toBe(false)
    expect(versions.next).toBe(5)
  })

  it('does not change with the first silence of a broker that has accepted it', () => {
    const versions = new MqttVersions(undefined)
    versions.accepted()
    expect([versions.silent(), versions.silent(), versions.silent()]).toEqual([false, false, true])
    expect(versions.next).toBe(4)
  })

  it('counts silences in a row only', () => {
    const versions = new MqttVersions(undefined)
    for (let times = 0; times < 5; times += 1) {
      versions.accepted()
      expect([versions.silent(), versions.silent()]).toEqual([false, false])
    }
  })

  it.each([4, 5] as const)('is %i, whatever the broker says, where only that is wanted', (fixed) => {
    const versions = new MqttVersions(fixed)
    expect([versions.refused(), versions.silent()]).toEqual([false, false])
    versions.accepted()
    versions.improve()
    expect([versions.next, versions.canImprove]).toEqual([fixed, false])
  })
})

describe('the pause before the next connection', () => {
  it('doubles up to a minute, less up to half by chance', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((failures) => reconnectPauseMs(failures, 0))
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    const shortest = [1, 2, 3, 100].map((failures) => reconnectPauseMs(failures, 0.999_999))
    expect(shortest).toEqual([501, 1_001, 2_001, 30_001])
  })

  it('is another one for each of many clients', () => {
    const random = seeded(1)
    const delays = Array.from({ length: 1_000 }, () => reconnectPauseMs(7, random()))
    const inSecond = delays.filter((delay) => delay >= 45_000 && delay < 46_000).length
    expect(inSecond).toBeGreaterThan(15)
    expect(inSecond).toBeLessThan(55)
  })
})
