// Holds everything that clients hear and are answered in these tests to docs/asyncapi.json, and what they send to it
// where the server accepted it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import Ajv from 'ajv'

const document = JSON.parse(readFileSync(new URL('../../../docs/asyncapi.json', import.meta.url), 'utf8'))
const { messages, schemas } = document.components

/** New fields may come at any time, but not here: one that nobody wrote down is found. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]))
  return inner.type === 'object' ? { additionalProperties: false, ...inner } : inner
}

const ajv = new Ajv({ strict: false, schemas: { document: { components: { schemas: closed(schemas) } } } })
const compiled = new Map()

/** The check of a message, made when it is first asked for. */
function check(key) {
  if (!compiled.has(key)) {
    const text = JSON.stringify(closed(messages[key].payload)).replaceAll('"#/components', '"document#/components')
    compiled.set(key, ajv.compile(JSON.parse(text)))
  }
  return compiled.get(key)
}

/** The checks of an event on that side, of the dialect that the namespace names, or of all that have it. */
function checks(side, event, namespace) {
  const dialects = namespace === '/' ? Object.keys(document.channels) : [namespace.slice(1)]
  const keys = dialects.map((dialect) => `${dialect}.${side}.${event.replaceAll(':', '.')}`)
  // Where no argument is asked for, none is looked at.
  const free = (key) => side === 'asked' && messages[key].payload.type === 'null'
  return keys.filter((key) => messages[key]).map((key) => (free(key) ? () => true : check(key)))
}

function assertOne(side, event, namespace, value) {
  const own = checks(side, event, namespace)
  if (side !== 'told' && own.length === 0) return
  const fits = own.some((is) => is(value ?? null))
  const faults = () => own.map(({ errors }) => JSON.stringify(errors)).join('\n')
  assert.ok(fits, `${side} ${event}: docs/asyncapi.json does not allow ${JSON.stringify(value)}\n${faults()}`)
}

/** An event that came. */
export const assertTold = (namespace, event, args) => assertOne('told', event, namespace, args[0])

/** An acknowledgement, and what it answers if that was accepted. */
export function assertAnswered(namespace, event, args, reply) {
  // What one dialect knows another may not.
  if (reply?.code === 'unknown_event') return
  assertOne('answered', event, namespace, reply)
  if ((reply?.success ?? reply?.ok) === true && args.length < 2) assertOne('asked', event, namespace, args[0])
}
