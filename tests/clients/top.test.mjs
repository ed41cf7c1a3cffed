// `qala top` from outside: in a real terminal (tmux), without one, and while Redis goes and comes back. What the
// screens look like is in tui/src/view/snapshots; here they come from nodes that run.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import Ajv from 'ajv'
import { join as enter } from './support/client.mjs'
import { queue, wish } from './support/matching.mjs'
import { nodesFor } from './support/redis.mjs'
import { binary, bounded, LIMIT, serverFor } from './support/server.mjs'

const SCHEMA = JSON.parse(readFileSync(new URL('../../docs/top.v1.schema.json', import.meta.url), 'utf8'))
const isPicture = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(SCHEMA)
const SHOWN_MS = 15_000

const folder = mkdtempSync(join(tmpdir(), 'qala-top-'))
after(() => rmSync(folder, { recursive: true }))

const ENV = { PATH: process.env.PATH, HOME: process.env.HOME, USER: 'ops' }

/** Runs `qala top` without a terminal: `{code, out, err}`. */
function run(...flags) {
  const child = spawn(binary(), ['top', ...flags], { env: ENV, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk) => (err += chunk))
  const end = new Promise((done) => child.once('close', (code) => done({ code, out, err })))
  return bounded(end, SHOWN_MS, () => `qala top ${flags.join(' ')} does not end:\n${out}${err}`).catch((late) => {
    child.kill('SIGKILL')
    throw late
  })
}

/** A terminal with a shell in it. */
class Terminal {
  #ended = false
  #socket = join(folder, `tmux-${Math.random().toString(36).slice(2)}`)

  constructor(columns, lines) {
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(lines), 'env PS1="$ " sh')
  }

  #tmux(...words) {
    const env = { ...ENV, TERM: 'xterm-256color', LANG: 'C.UTF-8' }
    return execFileSync('tmux', ['-u', '-S', this.#socket, ...words], { env, encoding: 'utf8' })
  }

  type(text) {
    this.#tmux('send-keys', '-l', text)
  }

  key(...names) {
    this.#tmux('send-keys', ...names)
  }

  resize(columns, lines) {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(lines))
  }

  screen() {
    return this.#tmux('capture-pane', '-p')
  }

  /** Whether a program has the whole screen, or wants the mouse. */
  taken() {
    return this.#tmux('display', '-p', '#{alternate_on}#{mouse_any_flag}').trim() !== '00'
  }

  /** Waits for a screen; `{ms}` it took. */
  async shows(pattern, within = SHOWN_MS) {
    const began = performance.now()
    while (!pattern.test(this.screen())) {
      assert.ok(performance.now() - began < within, `no ${pattern} within ${within} ms on\n${this.screen()}`)
      await new Promise((done) => setTimeout(done, 20))
    }
    return performance.now() - began
  }

  end() {
    if (!this.#ended) this.#tmux('kill-server')
    this.#ended = true
  }
}

function terminal(t, columns = 120, lines = 40) {
  const opened = new Terminal(columns, lines)
  t.after(() => opened.end())
  return opened
}

describe('qala top over Redis', LIMIT, () => {
  const { redis, nodes } = nodesFor(2, '--events', 'redis')

  it('in a terminal: starts, shows each screen, gives the terminal back', async (t) => {
    await queue(await enter(t, nodes[0]), wish('en', 'es'))
    const screen = terminal(t)
    screen.type(`stty -a > ${folder}/before; ${binary()} top --redis-url ${redis.url}; echo code $?; stty -a > ${folder}/after\n`)
    await screen.shows(/qala top +redis:.*2 nodes.*live/)
    for (const [key, pattern] of [
      ['2', /^ Queues +1[^]*qala +en ⇄ es +1/m],
      ['Enter', /waits longest[^]*nobody waits on the other side/],
      ['Enter', /Why still waiting[^]*nobody waits on the other side[^]*next stage in/],
      ['3', /^ Rooms/m],
      ['4', /^ Nodes +2/m],
      ['5', /^ Events[^]*added_to_queue/m],
      ['?', /next screen, the one before/],
      ['1', /People/],
    ]) {
      screen.key(key)
      await screen.shows(pattern)
      if (key === '?') screen.key('Escape')
    }
    screen.resize(40, 10)
    await screen.shows(/1 Over 2 Queu/)
    screen.resize(120, 40)
    await screen.shows(/1 Overview {2}2 Queues/)
    assert.equal(screen.taken(), true)
    screen.type('q')
    await screen.shows(/code 0\n/)
    assert.equal(screen.taken(), false)
    await screen.shows(/\$ *\n*$/)
    assert.equal(readFileSync(join(folder, 'after'), 'utf8'), readFileSync(join(folder, 'before'), 'utf8'))
  })

  for (const [signal, code] of [['INT', 130], ['TERM', 143], ['HUP', 129]]) {
    it(`SIG${signal} gives the terminal back`, async (t) => {
      const screen = terminal(t, 80, 24)
      screen.type(`${binary()} top --redis-url ${redis.url} & echo $! > ${folder}/pid; fg; echo code $?\n`)
      await screen.shows(/live/)
      process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), `SIG${signal}`)
      await screen.shows(new RegExp(`code ${code}\n`))
      assert.equal(screen.taken(), false)
    })
  }

  it('does not outlive its terminal', async (t) => {
    const screen = terminal(t, 80, 24)
    screen.type(`${binary()} top --redis-url ${redis.url} & echo $! > ${folder}/pid; fg\n`)
    await screen.shows(/live/)
    screen.end()
    const running = () => existsSync(`/proc/${readFileSync(join(folder, 'pid'), 'utf8').trim()}`)
    for (let tries = 0; running(); tries += 1) {
      assert.ok(tries < 500, 'it still runs')
      await new Promise((done) => setTimeout(done, 20))
    }
  })

  it('Ctrl-Z stops it with the terminal given back, fg goes on', async (t) => {
    const screen = terminal(t, 80, 24)
    screen.type('set -m\n')
    screen.type(`${binary()} top --redis-url ${redis.url}\n`)
    await screen.shows(/live/)
    screen.key('C-z')
    await screen.shows(/Stopped/)
    assert.equal(screen.taken(), false)
    screen.type('fg\n')
    await screen.shows(/UTC +live/)
    screen.type('q')
    await screen.shows(/\$ *\n*$/)
    assert.equal(screen.taken(), false)
  })

  it('Redis killed and started again: stale, then live', async (t) => {
    const screen = terminal(t)
    screen.type(`${binary()} top --redis-url ${redis.url}\n`)
    await screen.shows(/2 nodes.*live/)
    await redis.kill()
    const staleMs = await screen.shows(/STALE[^]*no answer from redis:.*retrying/)
    await redis.start()
    const liveMs = await screen.shows(/UTC .*live/)
    // How fast is for whoever reads this; a busy machine is no finding.
    t.diagnostic(`stale ${staleMs.toFixed(0)} ms after the kill, live ${liveMs.toFixed(0)} ms after the start`)
    await screen.shows(/2 nodes.*live/)
  })

  it('--once prints the overview as text', async () => {
    const { code, out, err } = await run('--once', '--redis-url', redis.url)
    assert.equal(err, '')
    assert.equal(code, 0)
    assert.match(out, /^ qala top +redis:\/\/127\.0\.0\.1:\d+\/0 .* 2 nodes/)
    assert.match(out, /People.*Matching.*Talk.*Store/)
    // biome-ignore lint: the point of it
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })

  it('--once --json and --stream keep to their schema', async () => {
    for (const flags of [['--once', '--json'], ['--once', '--json', '--screen', 'rooms'], ['--stream', '--count', '2']]) {
      const { code, out } = await run(...flags, '--redis-url', redis.url)
      assert.equal(code, 0)
      const lines = out.trim().split('\n')
      assert.equal(lines.length, flags.includes('--stream') ? 2 : 1)
      for (const line of lines) {
        assert.ok(isPicture(JSON.parse(line)), JSON.stringify(isPicture.errors, null, 2))
      }
    }
  })

  it('--linear says sentences', async () => {
    const { code, out } = await run('--linear', '--count', '1', '--redis-url', redis.url)
    assert.equal(code, 0)
    assert.match(out, /^\d\d:\d\d:\d\d node \S+ is ready\.$/m)
    assert.match(out, /^\d\d:\d\d:\d\d \d+ waiting.*\.$/m)
  })

  it('what is recorded is played', async (t) => {
    const file = join(folder, 'record.jsonl')
    const recorded = await run('--stream', '--count', '3', '--every', '0.25', '--record', file, '--redis-url', redis.url)
    assert.equal(recorded.code, 0)
    const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
    assert.deepEqual(JSON.parse(head), { qala_top_record: 1 })
    assert.equal(lines.length, 3)
    const played = await run('--stream', '--replay', file)
    assert.equal(played.code, 0)
    const moments = (text) => text.trim().split('\n').map((line) => JSON.parse(line).taken_at_ms)
    assert.deepEqual(moments(played.out), moments(recorded.out))
    const again = await run('--stream', '--record', file, '--redis-url', redis.url)
    assert.equal(again.code, 1)
    assert.match(again.err, /^error: cannot write .*record\.jsonl: File exists/)
    const screen = terminal(t, 80, 24)
    screen.type(`${binary()} top --replay ${file}\n`)
    await screen.shows(/replay/)
    screen.key('Right')
    await screen.shows(/the record ends here/)
  })
})

describe('qala top --allow-actions', LIMIT, () => {
  const { redis, nodes } = nodesFor(2, '--events', 'redis')

  it('asks, says as whom, and has a node drained', async (t) => {
    const screen = terminal(t)
    screen.type(`${binary()} top --redis-url ${redis.url} --screen nodes --allow-actions --as ops@desk\n`)
    await screen.shows(/Nodes +2/)
    screen.type('x')
    await screen.shows(/Sure\?[^]*drain node \S+: it takes nobody new[^]*as ops@desk\? +y\/N/)
    screen.type('n')
    await screen.shows(/nothing was done/)
    screen.type('x')
    await screen.shows(/Sure\?/)
    screen.type('y')
    await screen.shows(/drain \S+: told to its nodes, as ops@desk/)
    const { code } = await Promise.race(nodes.map((node) => node.exit()))
    assert.equal(code, 0)
    await screen.shows(/ 1 node /)
    screen.type('5')
    await screen.shows(/intervention/)
  })

  it('refuses without it', async (t) => {
    const screen = terminal(t)
    screen.type(`${binary()} top --redis-url ${redis.url} --screen nodes\n`)
    await screen.shows(/Nodes +1/)
    screen.type('x')
    await screen.shows(/orders are off; start with --allow-actions/)
  })
})

describe('qala top and one node', LIMIT, () => {
  const server = serverFor('--admin-token', 'open-sesame-open')

  it('shows the embedded store through the node', async () => {
    const { code, out, err } = await run('--once', '--json', '--url', server.url, '--token', 'open-sesame-open')
    assert.equal(err, '')
    assert.equal(code, 0)
    const picture = JSON.parse(out)
    assert.ok(isPicture(picture), JSON.stringify(isPicture.errors, null, 2))
    assert.equal(picture.snapshot.store.kind, 'embedded')
    assert.equal(picture.snapshot.nodes.length, 1)
  })

  it('says what to do when nobody answers', async () => {
    const { code, err } = await run('--once', '--redis-url', 'redis://127.0.0.1:1')
    assert.equal(code, 3)
    assert.match(err, /^error: no answer from redis:\/\/127\.0\.0\.1:1\/0 in 5 s.*\nhint: start it, or correct --redis-url or --url\n$/)
  })
})

it('docs/TOP.md shows every picture that is there', () => {
  const page = readFileSync(new URL('../../docs/TOP.md', import.meta.url), 'utf8')
  for (const [, path] of page.matchAll(/\]\((top\/[^)]+)\)/g)) {
    assert.ok(existsSync(new URL(`../../docs/${path}`, import.meta.url)), path)
  }
})
