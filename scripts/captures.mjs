// Pictures of `qala top` for docs/top: Redis, three nodes behind HAProxy, `qala bench` as the people, tmux as the
// terminal. Each screen as text and, through Chromium, as a PNG. QALA_BIN names the binary, CHROMIUM_BIN the browser.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

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
    if (place % 2) part.split(';').forEach((code) => change(Number(code)))
    else if (part) body += `${opened()}${escaped(part)}</span>`
  })
  const font = "font:13px/1.2 'DejaVu Sans Mono',monospace"
  return `<!doctype html><meta charset="utf-8"><body style="margin:0;background:#181818"><pre style="margin:12px;${font}">${body}</pre>`
}

function photograph(name) {
  const text = tmux('capture-pane', '-p')
  writeFileSync(join(OUT, `${name}.txt`), text.replace(/[^\S\n]+$/gm, '').trimEnd() + '\n')
  const page = join(folder, `${name}.html`)
  writeFileSync(page, html(tmux('capture-pane', '-e', '-p')))
  const size = `${Math.ceil(COLUMNS * 7.83) + 26},${Math.ceil(LINES * 15.6) + 26}`
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-lcd-text', `--window-size=${size}`]
  execFileSync(CHROMIUM, [...flags, `--user-data-dir=${join(folder, 'profile')}`, `--screenshot=${join(OUT, `${name}.png`)}`, `file://${page}`], { stdio: 'ignore' })
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
