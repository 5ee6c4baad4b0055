import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const section = (text: string, title: string): string => text.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

it.each(['HTTP', 'WebSocket'])('the document of %s answers what DIDComm asks of every transport [M1]', (title) => {
  const text = section(read('transports.md'), title)
  for (const question of ['the `uri` of an endpoint', 'how to send', 'the media type', 'further context']) {
    const answer = text.split('\n').find((line) => line.startsWith(`| ${question} `))
    expect(answer?.split('|')[2]?.trim(), question).toMatch(/\w{3}/)
  }
})

it('the binding of MQTT answers what DIDComm asks of every transport [M1, T13]', () => {
  const text = read('mqtt.md')
  expect(section(text, 'Endpoint')).toMatch(/uri +=/)
  expect(section(text, 'Sending')).toMatch(/QoS MUST be 1/)
  expect(text).toMatch(/Content Type/)
  expect(text).toMatch(/Response Topic and Correlation Data\s+have no meaning/)
})
