import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const text = readFileSync(new URL('../../docs/transports.md', import.meta.url), 'utf8')
const questions = ['the `uri` of an endpoint', 'how to send', 'the media type', 'further context']

test.each(['HTTP', 'WebSocket'])(
  'the document of %s answers what DIDComm asks of every transport [M1]',
  (transport) => {
    const section = text.split(/^## /m).find((part) => part.startsWith(`${transport}\n`)) ?? expect.fail()
    const answers = new Map(
      section
        .split('\n')
        .map((line) => line.split('|').map((cell) => cell.trim()))
        .flatMap(([, question, answer]) => (question && answer ? [[question, answer] as const] : [])),
    )
    for (const question of questions) expect(answers.get(question), question).toMatch(/\w{3}/)
  },
)
