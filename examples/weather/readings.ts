import { readFileSync } from 'node:fs'

/** One hour of the weather station in Seattle. */
export interface Reading {
  temperatureCelsius: number
  pressureHectopascal: number
  windMetersPerSecond: number
}

/** Reads the hourly normals that come with the examples: 8,759 rows. */
export function readings(): Reading[] {
  const text = readFileSync(new URL('../data/seattle-weather-hourly-normals.csv', import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => {
      const [, pressure, temperature, wind] = row.split(',')
      return {
        temperatureCelsius: Number(temperature),
        pressureHectopascal: Number(pressure),
        windMetersPerSecond: Number(wind),
      }
    })
}
