// A headless Chromium whose pages have a camera and a microphone that need neither hardware nor a click.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const CHROMIUM = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox', // CI runs as root
  '--disable-gpu',
  '--disable-dev-shm-usage',
  // A browser that has no network must not spend the test looking for one.
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Camera and microphone, and calls where only loopback exists.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
]

export class Browser {
  #profile
  #context

  async start() {
    assert.ok(existsSync(CHROMIUM), `no browser at ${CHROMIUM}: run scripts/setup or set CHROMIUM_BIN`)
    this.#profile = await mkdtemp(join(tmpdir(), 'qala-browser-'))
    const options = { executablePath: CHROMIUM, headless: true, args: FLAGS }
    this.#context = await chromium.launchPersistentContext(this.#profile, options)
  }

  newPage() {
    return this.#context.newPage()
  }

  async finish() {
    await this.#context?.close()
    if (this.#profile) await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
