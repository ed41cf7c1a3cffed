// Pictures of `qala top` for docs/top: Redis, three nodes behind HAProxy, `qala bench` as the people, tmux as the
// terminal. Each screen as text and, through Chromium, as a PNG. QALA_BIN names the binary, CHROMIUM_BIN the browser.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateSync, inflateSync } from 'node:zlib'

const ROOT = resolve(fileURLToPath(import.meta.url), '../..')
const OUT = join(ROOT, 'docs/top')
const PORT = Number(process.env.CAPTURES_PORT ?? 3400)
const REDIS = `redis://127.0.0.1:${PORT + 20}`
const [COLUMNS, LINES] = [120, 34]
const CHROMIUM = process.env.CHROMIUM_BIN ?? 'chromium'
const QALA = process.env.QALA_BIN ?? join(ROOT, 'target/debug/qala')
/** Rates and trends need some time to be worth a picture. */
const SETTLED_MS = 40_000
/** Each screen: its name, the keys that lead there from wherever one is, and what it shows then. */
const SCREENS = [
  ['overview', ['1'], /People/],
  ['queues', ['2'], /Queues/],
  ['queue', ['2', 'Enter'], /waits longest/],
  ['user', ['2', 'Enter', 'Enter'], /Why still waiting/],
  ['rooms', ['3'], /Rooms +\d/],
  ['room', ['3', 'Enter'], /member/],
  ['nodes', ['4'], /Nodes +3/],
  ['node', ['4', 'Enter'], /mailboxes/],
  ['events', ['5'], /newest below/],
  ['help', ['1', '?'], /next screen/],
]
// Chromium's sixteen, on a dark ground.
const COLOURS = ['#555', '#f66', '#6c6', '#dc6', '#7af', '#d7d', '#5cc', '#ddd']

const folder = mkdtempSync(join(tmpdir(), 'qala-captures-'))
const socket = join(folder, 'tmux')
const children = []
const pause = (ms) => new Promise((done) => setTimeout(done, ms))

function tmux(...words) {
  const { NO_COLOR: _, ...env } = { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8' }
  return execFileSync('tmux', ['-u', '-S', socket, ...words], { env, encoding: 'utf8' })
}

/** Starts a program and waits until it says something. */
async function start(program, words, ready) {
  const child = spawn(program, words, { env: { ...process.env, QALA_BIN: QALA }, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let said = ''
  const read = (chunk) => (said += chunk)
  child.stdout.setEncoding('utf8').on('data', read)
  child.stderr.setEncoding('utf8').on('data', read)
  for (let tries = 0; !ready.test(said); tries += 1) {
    if (tries > 600 || child.exitCode !== null) throw new Error(`${program} ${words.join(' ')} is not ready:\n${said}`)
    await pause(100)
  }
  return child
}

async function shows(pattern) {
  for (let tries = 0; !pattern.test(tmux('capture-pane', '-p')); tries += 1) {
    if (tries > 100) throw new Error(`no ${pattern} on\n${tmux('capture-pane', '-p')}`)
    await pause(100)
  }
}

/** What tmux captured with its colours, as HTML. */
function html(ansi) {
  let style = { bold: false, dim: false, reversed: false, colour: undefined }
  const opened = () => {
    const colour = style.colour ?? '#ddd'
    const rules = [style.reversed ? `color:#181818;background:${colour}` : `color:${colour}`]
    if (style.bold) rules.push('font-weight:bold')
    if (style.dim) rules.push('opacity:.6')
    return `<span style="${rules.join(';')}">`
  }
  const change = (code) => {
    if (code === 0) style = { bold: false, dim: false, reversed: false, colour: undefined }
    if (code === 1) style.bold = true
    if (code === 2) style.dim = true
    if (code === 7) style.reversed = true
    if (code === 22) style.bold = style.dim = false
    if (code === 27) style.reversed = false
    if (code >= 30 && code <= 37) style.colour = COLOURS[code - 30]
    if (code === 39) style.colour = undefined
  }
  const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  // biome-ignore lint: escapes are what it looks for
  const parts = ansi.split(/\u001b\[([\d;]*)m/)
  let body = ''
  parts.forEach((part, place) => {
    // A colour by its number, as ratatui asks for it, is the same as its short code.
    if (place % 2) part.replace(/38;5;([0-7])(?=;|$)/g, '3$1').split(';').forEach((code) => change(Number(code)))
    else if (part) body += `${opened()}${escaped(part)}</span>`
  })
  const font = "font:13px/1.2 'DejaVu Sans Mono',monospace"
  return `<!doctype html><meta charset="utf-8"><body style="margin:0;background:#181818"><pre style="margin:12px;${font}">${body}</pre>`
}

/** The same picture in few colours: a palette takes a quarter of the room. */
function small(png) {
  const [width, height, bytes] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3]
  const data = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  const raw = inflateSync(Buffer.concat(data))
  const row = width * bytes
  const colours = new Map()
  const out = Buffer.alloc((width + 1) * height)
  let before = Buffer.alloc(row)
  for (let y = 0; y < height; y += 1) {
    const line = Buffer.from(raw.subarray(y * (row + 1) + 1, (y + 1) * (row + 1)))
    unfilter(raw[y * (row + 1)], line, before, bytes)
    for (let x = 0; x < width; x += 1) {
      const key = ((line[x * bytes] >> 5) << 6) | ((line[x * bytes + 1] >> 5) << 3) | (line[x * bytes + 2] >> 5)
      if (!colours.has(key)) colours.set(key, { number: colours.size, rgb: [...line.subarray(x * bytes, x * bytes + 3)] })
      out[y * (width + 1) + 1 + x] = colours.get(key).number
    }
    before = line
  }
  const header = Buffer.from(png.subarray(16, 29))
  header[9] = 3
  const palette = Buffer.from([...colours.values()].flatMap(({ rgb }) => rgb))
  const chunks = [['IHDR', header], ['PLTE', palette], ['IDAT', deflateSync(out, { level: 9 })], ['IEND', Buffer.alloc(0)]]
  return Buffer.concat([png.subarray(0, 8), ...chunks.map(([name, body]) => chunk(name, body))])
}

/** Takes the filter off a line of a PNG, as its specification has it. */
function unfilter(kind, line, before, bytes) {
  for (let at = 0; at < line.length; at += 1) {
    const [left, above, corner] = [at >= bytes ? line[at - bytes] : 0, before[at], at >= bytes ? before[at - bytes] : 0]
    const [a, b, c] = [above - corner, left - corner, left + above - 2 * corner].map(Math.abs)
    const nearest = a <= b && a <= c ? left : b <= c ? above : corner
    line[at] += [0, left, above, (left + above) >> 1, nearest][kind]
  }
}

function chunk(name, body) {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body])
  let sum = ~0
  for (const byte of named) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  }
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  check.writeUInt32BE(~sum >>> 0)
  return Buffer.concat([length, named, check])
}

function photograph(name) {
  const text = tmux('capture-pane', '-p')
  writeFileSync(join(OUT, `${name}.txt`), text.replace(/[^\S\n]+$/gm, '').trimEnd() + '\n')
  const page = join(folder, `${name}.html`)
  writeFileSync(page, html(tmux('capture-pane', '-e', '-p')))
  const size = `${Math.ceil(COLUMNS * 7.83) + 26},${Math.ceil(LINES * 15.6) + 26}`
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-lcd-text', `--window-size=${size}`]
  const photo = join(folder, `${name}.png`)
  execFileSync(CHROMIUM, [...flags, `--user-data-dir=${join(folder, 'profile')}`, `--screenshot=${photo}`, `file://${page}`], { stdio: 'ignore' })
  writeFileSync(join(OUT, `${name}.png`), small(readFileSync(photo)))
}

async function main() {
  mkdirSync(OUT, { recursive: true })
  await start(join(ROOT, 'scripts/dev'), ['cluster', '3', '--port', String(PORT), '--events', 'redis'], /^ready/m)
  const people = ['bench', '--url', `http://127.0.0.1:${PORT}`, '--clients', '400', '--rate', '10', '--duration', '120', '--max-lag', 'off', '--out', join(folder, 'bench')]
  await start(QALA, people, /./)
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(COLUMNS), '-y', String(LINES), `${QALA} top --redis-url ${REDIS}`)
  await shows(/3 nodes.*live/)
  await pause(SETTLED_MS)
  for (const [name, keys, pattern] of SCREENS) {
    tmux('send-keys', 'Escape')
    await pause(200)
    for (const key of keys) {
      tmux('send-keys', key)
      await pause(1_500)
    }
    await shows(pattern)
    photograph(name)
    process.stdout.write(`${name}\n`)
  }
}

try {
  await main()
} finally {
  try {
    tmux('kill-server')
  } catch {
    // It never started.
  }
  for (const child of children.reverse()) {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done))
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
