import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository } from './tree.ts'

const folder = join(repository, 'examples/data')
const data = readFileSync(join(folder, 'seattle-weather-hourly-normals.csv'))

describe('the weather readings', () => {
  it('are the bytes whose provenance examples/data/README.md gives', () => {
    const hash = (name: string, ...parts: (string | Uint8Array)[]) =>
      parts.reduce((sum, part) => sum.update(part), createHash(name)).digest('hex')
    const readme = readFileSync(join(folder, 'README.md'), 'utf8')
    expect(readme).toContain(`\`${hash('sha256', data)}\``)
    expect(readme).toContain(`\`${hash('sha1', `blob ${data.length}\0`, data)}\``)
  })

  it('are one row an hour of a date and three numbers', () => {
    const [header, ...rows] = data.toString().trimEnd().split('\n')
    expect(header).toBe('date,pressure,temperature,wind')
    expect(rows).toHaveLength(8759)
    const row = /^2010-\d\d-\d\dT\d\d:00:00(?:,\d+\.\d+){3}$/
    expect(rows.filter((text) => !row.test(text))).toEqual([])
    const hours = rows.map((text) => Date.parse(`${text.split(',')[0]}Z`) / 3_600_000)
    expect(hours.filter((hour, index) => hour !== (hours[0] ?? 0) + index)).toEqual([])
  })
})
