// What README.md and docs/ tell people to type is real: the client example runs as it stands, the start screen
// is the one shown, options exist, links, file names and test names lead somewhere.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { binary, bounded, LIMIT, serverFor } from './support/server.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = resolve(HERE, '../..')
const MEET_MS = 15_000

const read = (path) => readFileSync(path, 'utf8')
const pages = [
  join(ROOT, 'README.md'),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, 'docs', name)),
]

/** The only code block of README.md in that language that has `marker` in it. */
function block(language, marker) {
  const blocks = [...read(join(ROOT, 'README.md')).matchAll(/^```(\w+)\n(.*?)^```$/gms)]
  const found = blocks.filter(([, of, text]) => of === language && text.includes(marker))
  assert.equal(found.length, 1, `one ${language} block with ${marker} in README.md`)
  return found[0][2]
}

/** Options that a page tells to give to qala. What other commands take is theirs. */
function optionsIn(text) {
  const others = /\b(?:cargo|node|npm|git|apt-get|curl|docker|kubectl|gdb|promtool)\b[^`|\n]*?(?: -- |(?=[`|\n]|$))/gm
  const ours = text.replace(others, '')
  return new Set(ours.match(/(?<![\w-])--[a-z][a-z0-9-]*/g))
}

/** Of every `file` a line names, and every `test` behind `file`: those that are not there. */
function wrongNamesIn(line) {
  const named = /`((?:src|cli|tests|scripts|docs|deploy|loadtest|tui)\/[^`\s]*)`(?:: (`[^;|]*`))?/g
  return [...line.matchAll(named)].flatMap(([, path, tests = '']) => {
    const file = join(ROOT, path)
    if (!existsSync(file)) return [path]
    return [...tests.matchAll(/`([^`]+)`/g)].map(([, test]) => test).filter((test) => !read(file).includes(test))
  })
}

describe('the README', () => {
  const server = serverFor('--node', 'n-7f3k')

  it('has an example that runs: two people meet, offer, answer, part', LIMIT, async () => {
    // From standard input, so that its import is looked up in this folder.
    const child = spawn(process.execPath, ['--input-type=module', '-', server.url], { cwd: HERE })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const ended = new Promise((done) => child.once('close', done))
    child.stdin.end(block('js', 'socket.io-client'))
    try {
      const code = await bounded(ended, MEET_MS, () => `the example still runs; it said:\n${output}`)
      assert.equal(code, 0, output)
    } finally {
      child.kill()
    }
    for (const line of [
      'Ana found somebody who speaks en',
      'Ben found somebody who speaks es',
      'got an offer',
      'got an answer',
      'is alone again: left',
    ]) {
      assert.ok(output.includes(line), `no "${line}" in:\n${output}`)
    }
  })

  it('shows the real start screen', LIMIT, () => {
    const shown = block('text', '$ qala serve').replace('$ qala serve\n', '')
    // Log lines are on stderr: JSON, since that is no terminal here.
    const screen = (text) => text.replaceAll(/^\{.*\n/gm, '')
    const same = (text) => screen(text).replaceAll(/127\.0\.0\.1:\d+/g, 'HERE').replace(/ready in \d+ ms/, 'ready')
    assert.equal(same(server.output), same(shown))
  })
})

describe('every page of the documentation', () => {
  it('names only options that exist', LIMIT, () => {
    const help = [[], ['serve'], ['bench'], ['top']].map((command) => execFileSync(binary(), [...command, '--help'], { encoding: 'utf8' }))
    const known = optionsIn(help.join('\n'))
    assert.ok(known.has('--port') && known.has('--check'))
    const unknown = pages.flatMap((page) =>
      [...optionsIn(read(page))].filter((option) => !known.has(option)).map((option) => `${relative(ROOT, page)}: ${option}`),
    )
    assert.deepEqual(unknown, [])
  })

  it('links only to files that are there', LIMIT, () => {
    const missing = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target]) => target)
        .filter((target) => !existsSync(resolve(dirname(page), target)))
        .map((target) => `${relative(ROOT, page)}: ${target}`),
    )
    assert.deepEqual(missing, [])
  })

  it('names only files that are there, and tests that are in them', LIMIT, () => {
    const missing = pages.flatMap((page) =>
      read(page)
        .split('\n')
        .flatMap((line) => wrongNamesIn(line).map((name) => `${relative(ROOT, page)}: ${name}`)),
    )
    assert.deepEqual(missing, [])
  })
})
