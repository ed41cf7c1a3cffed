// docs/asyncapi.json and docs/openapi.json: the official parser has nothing against the first (test_files.py looks at
// the second), a node hands out both, and what it answers over HTTP is as the second says.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { LIMIT, LONG, serverFor } from '../clients/support/server.mjs'

// The packages of the tests are those of tests/clients.
const require = createRequire(new URL('../clients/package.json', import.meta.url))
const Ajv = require('ajv')
const { Parser } = require('@asyncapi/parser')

const read = (name) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const TOKEN = 'an-operators-token'

describe('documents for programs', () => {
  const server = serverFor('--dialects', 'qala,sorsu,signaling,animochat,webrtc-chat', '--auth', 'guest', '--admin-token', TOKEN)

  it('the official parser reads every event of the first, and has nothing against it', LONG, async () => {
    const { document, diagnostics } = await new Parser().parse(read('asyncapi.json'))
    const serious = diagnostics.filter(({ severity }) => severity <= 1)
    assert.deepEqual(serious.map(({ message, path }) => [message, path.join('/')]), [])
    assert.deepEqual(document.channels().all().map((channel) => channel.id()).sort(),
      ['animochat', 'qala', 'signaling', 'sorsu', 'webrtc-chat'])
    assert.ok(document.operations().all().length > 100)
  })

  it('both are handed out as they are written', LIMIT, async () => {
    for (const name of ['asyncapi.json', 'openapi.json']) {
      const { status, text, type } = await server.get(`/${name}`)
      assert.deepEqual([status, type], [200, 'application/json'])
      assert.equal(text, read(name))
    }
  })

  it('every path answers as the second says, and nothing more', LIMIT, async () => {
    const { paths, components } = JSON.parse(read('openapi.json'))
    const closed = (part) => {
      if (Array.isArray(part)) return part.map(closed)
      if (typeof part !== 'object' || part === null) return part
      const inner = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, closed(value)]))
      return inner.type === 'object' ? { additionalProperties: false, ...inner } : inner
    }
    const ajv = new Ajv({ allowUnionTypes: true, schemas: { document: { components: closed(components) } }, strict: false })
    const asked = []
    const ask = async (path, method, url, headers = {}) => {
      const response = await fetch(server.url + url, { method, headers, signal: AbortSignal.timeout(5_000) })
      const answer = paths[path][method].responses[response.status]
      assert.ok(answer, `${method} ${url}: ${response.status} is not there`)
      asked.push(path)
      const [[type, { schema }]] = Object.entries(answer.content)
      assert.ok(response.headers.get('content-type').startsWith(type), path)
      if (type !== 'application/json') return response.text()
      const body = await response.json()
      const text = JSON.stringify(closed(schema)).replaceAll('"#/components', '"document#/components')
      const check = ajv.compile(JSON.parse(text))
      assert.ok(check(body), `${method} ${url}: ${JSON.stringify(check.errors)} in ${JSON.stringify(body)}`)
      return body
    }
    const authorization = `Bearer ${TOKEN}`
    const { roomId } = await ask('/api/rooms', 'post', '/api/rooms')
    for (const [path, operations] of Object.entries(paths)) {
      // There is no TURN server here; its own tests ask for it.
      if (path === '/api/turn' || operations.get === undefined) continue
      const url = path.replace('{room}', roomId)
      await ask(path, 'get', url, { authorization })
      if (operations.get.security.length > 1) await ask(path, 'get', url)
    }
    await ask('/api/rooms/{room}', 'get', '/api/rooms/nobody-is-here')
    // What operators order has tests of its own (auth.test.mjs, top.test.mjs).
    const readable = Object.keys(paths).filter((path) => paths[path].get !== undefined)
    assert.deepEqual(new Set([...asked, '/api/turn']), new Set(readable))
  })
})
