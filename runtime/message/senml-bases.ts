import { ABSOLUTE_TIME, type SenmlRecord } from './senml.ts'

/**
 * Says once what resolved records have in common: the beginning of their names as base name, their unit as base unit,
 * the first time as base time (RFC 8428 §4.1). `resolveSenml` gives the same records back: what could not be restored
 * to the last bit stays as it is.
 *
 * @param records without base fields, as `resolveSenml` returns them
 */
export function shareBases(records: readonly SenmlRecord[]): SenmlRecord[] {
  const [first] = records
  if (!first || records.length === 1) return [...records]
  const bn = commonStart(records.map(({ n = '' }) => n))
  const bt = first.t
  const sharesTime = bt !== undefined && records.every(({ t }) => isRestored(bt, t))
  const bu = first.u
  const sharesUnit = bu !== undefined && records.every(({ u }) => u !== undefined)
  return records.map(({ n = '', t, u, ...rest }, index) => {
    const name = n.slice(bn.length)
    const time = sharesTime ? (t ?? 0) - bt : t
    return {
      ...(index === 0 && {
        ...(bn !== '' && { bn }),
        ...(sharesTime && { bt }),
        ...(sharesUnit && { bu }),
      }),
      ...(name !== '' && { n: name }),
      ...(u !== undefined && !(sharesUnit && u === bu) && { u }),
      ...(time !== undefined && !(sharesTime && time === 0) && { t: time }),
      ...rest,
    }
  })
}

function isRestored(bt: number, t: number | undefined): boolean {
  return t !== undefined && t >= ABSOLUTE_TIME && bt >= ABSOLUTE_TIME && bt + (t - bt) === t
}

function commonStart(names: readonly string[]): string {
  const [first = '', ...others] = names
  let length = first.length
  for (const name of others) {
    while (!name.startsWith(first.slice(0, length))) length -= 1
  }
  return first.slice(0, length)
}
