// Which test shows what: a table of every promise of the written contract and of everything that broke in the five
// systems. It fails when a test that it names is not there, and, with the documents at hand, when they ask for something
// that no row stands for.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROKEN, CONTRACT } from './support/contract-rows.mjs'
import { demands, document, sections } from './support/contract.mjs'
import { fileOf, isThere } from './support/named.mjs'

const BROKEN_HEADING = 'What broke in the five systems'
/** The parts of the contract that promise nothing by themselves. */
const DIRECTIONS = { toServer: 'to server', toClient: 'to client' }
const SIGN = { toServer: '>', toClient: '<' }

/** Every row: `{part, what, file, title}` or `{part, what, reason}`. */
function* rowsOf(part, { toServer = {}, toClient = {}, rules = [], texts = {} }) {
  for (const [sign, events] of [[SIGN.toServer, toServer], [SIGN.toClient, toClient]]) {
    for (const [name, shown] of Object.entries(events)) yield row(part, `${sign} ${name}`, shown)
  }
  for (const [words, ...shown] of rules) yield row(part, words, shown.length === 1 ? shown[0] : shown)
  for (const [text, shown] of Object.entries(texts)) yield row(part, text, shown)
}

function row(part, what, shown) {
  if (!Array.isArray(shown)) return { part, what, reason: shown.reason }
  const [file, title] = shown
  return { part, what, title, file: fileOf(file) }
}

const ROWS = [
  ...Object.entries(CONTRACT).flatMap(([part, promised]) => [...rowsOf(part, promised)]),
  ...rowsOf(BROKEN_HEADING, BROKEN),
]

/** What a part of a document asks for and no row stands for, and rows that stand for nothing. */
function compare(part, lines, promised) {
  const asked = demands(lines)
  const { rules = [], texts = {} } = promised
  const missing = []
  for (const { direction, name } of asked.events) {
    const [key] = Object.entries(DIRECTIONS).find(([, words]) => words === direction)
    if (!promised[key]?.[name]) missing.push(`${part}: ${SIGN[key]} ${name}`)
  }
  for (const sentence of asked.sentences) {
    if (!rules.some(([words]) => sentence.includes(words))) missing.push(`${part}: ${sentence}`)
  }
  for (const text of asked.texts) if (!texts[text]) missing.push(`${part}: ${text}`)
  const names = (direction) => asked.events.filter((event) => event.direction === direction).map(({ name }) => name)
  const idle = [
    ...Object.entries(DIRECTIONS).flatMap(([key, direction]) =>
      Object.keys(promised[key] ?? {}).filter((name) => !names(direction).includes(name))),
    ...rules.map(([words]) => words).filter((words) => !asked.sentences.some((sentence) => sentence.includes(words))),
    ...Object.keys(texts).filter((text) => !asked.texts.includes(text)),
  ]
  return { missing, idle: idle.map((what) => `${part}: ${what}`) }
}

/** The section whose heading begins with that. */
const linesOf = (text, heading) => sections(text).find(([title]) => title.startsWith(heading))?.[1]

describe('the contract', () => {
  it('every row names a test that is there', (t) => {
    const lost = ROWS.filter((row) => row.title && !isThere(row)).map(({ file, title }) => `${file}: ${title}`)
    assert.deepEqual(lost, [])
    assert.ok(ROWS.every((row) => row.title || row.reason))
    const wide = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width))
    const line = ({ part, what, file, title, reason }) =>
      `${wide(part, 16)} ${wide(what, 48)} ${title ? `${file}: ${title}` : `NOT YET: ${reason}`}`
    const shown = ROWS.filter((row) => row.title).length
    console.log([...ROWS.map(line), `${shown} rows with a test, ${ROWS.length - shown} not yet`].join('\n'))
    t.diagnostic(`${shown} rows with a test, ${ROWS.length - shown} not yet`)
  })

  it('every promise of the contract has a row, and every row a promise', (t) => {
    const text = document('contracts.md')
    if (text === undefined) return t.skip('the contract is not at hand')
    const headings = sections(text).map(([heading]) => heading)
    const parts = Object.keys(CONTRACT)
    assert.deepEqual(headings.filter((heading) => !parts.some((part) => heading.startsWith(part))), [])
    const found = parts.map((part) => compare(part, linesOf(text, part) ?? [], CONTRACT[part]))
    assert.deepEqual(found.flatMap(({ missing }) => missing), [], 'promised, and no row stands for it')
    assert.deepEqual(found.flatMap(({ idle }) => idle), [], 'a row that stands for nothing')
  })

  it('everything that broke in the five systems has a row, and every row stands for something', (t) => {
    const text = document('measurements.md')
    if (text === undefined) return t.skip('the measurements are not at hand')
    const { missing, idle } = compare(BROKEN_HEADING, linesOf(text, BROKEN_HEADING) ?? [], BROKEN)
    assert.deepEqual([missing, idle], [[], []])
  })

  it('a test that is not there is noticed, and so is a promise without a row', () => {
    const [, title] = CONTRACT.animochat.toServer['find-match']
    const file = 'tests/clients/animochat.test.mjs'
    assert.ok(isThere({ file, title }))
    assert.ok(!isThere({ file, title: title.slice(1) }))
    assert.ok(!isThere({ file: 'tests/clients/nowhere.test.mjs', title }))
    assert.ok(!isThere({ file: 'src/store/memory/waits.rs', title: 'wait' }))
    assert.ok(!isThere({ file: 'tests/contract/halls.rs', title: 'ask' }))
    const lines = ['| client -> server | payload |', '|---|---|', '| `a`, `b` | none |', 'One rule. `GET /x` is another.']
    const promised = { toServer: { a: ['x', 'y'] }, rules: [['One rule', 'x', 'y'], ['A third', 'x', 'y']] }
    assert.deepEqual(compare('part', lines, promised), {
      missing: ['part: > b', 'part: `GET /x` is another.', 'part: GET /x'], idle: ['part: A third'],
    })
  })
})
