// Published vulnerabilities of Socket.IO and Engine.IO servers since 2020, and the lines of OWASP's WebSocket Security
// Cheat Sheet: for each the attack itself, over real sockets, or the test that shows the same. What is printed in the end
// is the table of all of them.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import * as attacks from './support/attacks.mjs'
import { bystanders } from './support/bystanders.mjs'
import { fileOf, isThere, source } from './support/named.mjs'
import { LONG, NO_LIMITS, serverFor } from './support/server.mjs'
import { ADVISORIES, CHEAT_SHEET } from './support/vulnerability-rows.mjs'

const held = []

function row(id, what, shown) {
  const named = Array.isArray(shown)
  const [file, title] = named ? [fileOf(shown[0]), shown[1]] : ['tests/clients/support/attacks.mjs', shown.name]
  return { id, what, file, title, named, attack: shown }
}

const ALL = [['published vulnerabilities', ADVISORIES], ['OWASP WebSocket Security Cheat Sheet', CHEAT_SHEET]]
  .map(([part, rows]) => [part, rows.map((of) => row(...of))])

for (const [part, rows] of ALL) {
  describe(part, () => {
    const server = serverFor(...NO_LIMITS, '--connect-timeout', '1', '--allowed-origins', 'https://app.example.com')

    for (const one of rows.filter(({ named }) => !named)) {
      it(`${one.id}: ${one.what}`, LONG, async (t) => {
        const others = await bystanders(t, server)
        await one.attack(t, server)
        await others.check()
        await server.assertAlive()
        assert.doesNotMatch(server.output, /panicked at/)
        held.push(one)
      })
    }

    it('what other tests show is there', () => {
      const named = rows.filter((one) => one.named)
      assert.deepEqual(named.filter((one) => !isThere(one)).map(({ file, title }) => `${file}: ${title}`), [])
      held.push(...named)
    })
  })
}

describe('what is not there cannot be attacked', () => {
  it('no parser for MessagePack, no file transfer and no compression of messages are built in', () => {
    const locked = source('Cargo.lock')
    assert.ok(locked.includes('name = "socketioxide"'))
    for (const absent of ['socketioxide-parser-msgpack', 'rmp', 'rmp-serde', 'webtransport', 'wtransport']) {
      assert.ok(!locked.includes(`name = "${absent}"\n`), absent)
    }
  })
})

after(() => {
  const wide = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width))
  const lines = ALL.flatMap(([part, rows]) => [
    `\n${part}`,
    ...rows.map((one) => `${held.includes(one) ? 'not affected' : 'NOT SHOWN   '}  ${wide(one.id, 37)}  ${wide(one.what, 76)}  ${one.file}: ${one.title}`),
  ])
  console.log([...lines, `\n${held.length} of ${ALL.flatMap(([, rows]) => rows).length} rows hold`].join('\n'))
})
