// What the written contract asks for, taken apart: every row of its tables by the event's name, every sentence of its
// rules, every path and every text of a refusal. Where the contract is not at hand, nothing is compared with it.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the documents lie: beside this repository, or where TEST_DOCUMENTS says. */
const SHARED = process.env.TEST_DOCUMENTS ?? resolve(dirname(fileURLToPath(import.meta.url)), '../../../../shared')

/** The text of one of the documents beside this repository, or `undefined`. */
export function document(name) {
  const path = join(SHARED, name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** The parts of a document under its headings: `[[heading, lines]]`. */
export function sections(text) {
  const parts = text.split(/^## /m).slice(1)
  return parts.map((part) => {
    const [heading, ...lines] = part.split('\n')
    return [heading, lines]
  })
}

const quoted = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner)
/** A text that somebody is shown, or a path: what has to be met word by word. */
const isText = (inner) => /^[A-Z][a-z]+ [a-zA-Z]/.test(inner) || /^(GET|POST) /.test(inner) || /^\/[a-z]/.test(inner)

/** What one section asks for: `{events: [{direction, name}], sentences, texts}`. */
export function demands(lines) {
  const events = []
  const sentences = []
  let direction
  for (const line of lines) {
    if (/^\|-/.test(line)) continue
    if (line.startsWith('| client -> server')) direction = 'to server'
    else if (line.startsWith('| server -> client')) direction = 'to client'
    else if (line.startsWith('|')) {
      const [, first] = line.split('|')
      for (const name of quoted(first)) events.push({ direction, name })
    } else sentences.push(...sentencesOf(line))
  }
  const texts = [...new Set(lines.flatMap((line) => quoted(line.replaceAll('\\|', '/')).filter(isText)))]
  return { events, sentences, texts }
}

/** Sentences end where the next begins: what stands in backticks has none. */
function sentencesOf(line) {
  const kept = []
  const bare = line.replace(/^- /, '').replace(/`[^`]*`/g, (inner) => `\u0001${kept.push(inner) - 1}\u0001`)
  const parts = bare.split(/(?<=[.;)])\s+(?=[A-Z\u0001"*(])|(?<=;)\s+/)
  const whole = parts.map((part) => part.replace(/\u0001(\d+)\u0001/g, (_, n) => kept[n]).trim())
  return whole.filter((sentence) => sentence !== '')
}
