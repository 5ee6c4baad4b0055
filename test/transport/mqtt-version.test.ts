import { describe, expect, it } from 'vitest'
import { reconnectPauseMs } from '../../transports/mqtt-link.ts'
import { MqttVersions } from '../../transports/mqtt-version.ts'
import { seeded } from './seeded.ts'

const hourMs = 3_600_000

describe('the version of MQTT', () => {
  it('is 5, and stays 5 while that is accepted', () => {
    const versions = new MqttVersions(undefined)
    expect(versions.choose(0)).toBe(5)
    versions.accepted(0)
    expect(versions.choose(100 * hourMs)).toBe(5)
  })

  it('is 3.1.1 at once where the broker refuses 5, and 5 again an hour later', () => {
    const versions = new MqttVersions(undefined)
    expect(versions.choose(0)).toBe(5)
    expect(versions.refused()).toBe(true)
    expect(versions.choose(0)).toBe(4)
    versions.accepted(1_000)
    versions.accepted(2_000)
    expect(versions.choose(hourMs)).toBe(4)
    expect(versions.choose(hourMs + 1_000)).toBe(5)
    expect(versions.refused()).toBe(true)
    expect(versions.choose(hourMs + 1_000)).toBe(4)
    versions.accepted(hourMs + 1_000)
    expect(versions.choose(2 * hourMs)).toBe(4)
  })

  it('changes with each connection that a broker closes without a word, at once only to the older one', () => {
    const versions = new MqttVersions(undefined)
    expect(versions.silent()).toBe(true)
    expect(versions.choose(0)).toBe(4)
    expect(versions.silent()).toBe(false)
    expect(versions.choose(0)).toBe(5)
  })

  it('does not change with the first silence of a broker that has accepted it', () => {
    const versions = new MqttVersions(undefined)
    versions.accepted(0)
    expect([versions.silent(), versions.silent(), versions.silent()]).toEqual([false, false, true])
    expect(versions.choose(0)).toBe(4)
  })

  it('counts silences in a row only', () => {
    const versions = new MqttVersions(undefined)
    for (let times = 0; times < 5; times += 1) {
      versions.accepted(0)
      expect([versions.silent(), versions.silent()]).toEqual([false, false])
    }
  })

  it.each([4, 5] as const)('is %i, whatever the broker says, where only that is wanted', (fixed) => {
    const versions = new MqttVersions(fixed)
    expect([versions.refused(), versions.silent()]).toEqual([false, false])
    versions.accepted(0)
    expect(versions.choose(10 * hourMs)).toBe(fixed)
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
