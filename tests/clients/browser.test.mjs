// Two tabs of the demo page in a real browser: they meet, see each other move and write to each other.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Browser } from './support/browser.mjs'
import { entrance } from './support/client.mjs'
import { LONG, NO_LIMITS } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

const MEET_MS = 30_000

describe('the demo page in Chromium', () => {
  const server = serviceFor(...NO_LIMITS)
  const browser = new Browser()
  before(() => browser.start())
  after(() => browser.finish())

  /** A tab; whatever goes wrong in it is collected in `problems`. */
  async function tab(t, query) {
    const url = entrance(t, server, Symbol('a tab'))
    const page = await browser.newPage()
    const problems = []
    t.after(() => page.close())
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`))
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      const own = host === new URL(url).host || ['data:', 'blob:'].includes(protocol)
      if (!own) problems.push(`asked another host: ${request.url()}`)
    })
    await page.goto(`${url}/${query}`)
    return { page, problems }
  }

  const inState = (page, state) =>
    page.waitForSelector(`body[data-state="${state}"]`, { state: 'attached', timeout: MEET_MS })

  const frames = (page) => page.evaluate(() => window.qala.framesReceived())

  /** Waits until more video frames than `than` have come; the new number. */
  async function moreFrames(page, than) {
    await page.waitForFunction(async (n) => (await window.qala.framesReceived()) > n, than, { timeout: MEET_MS })
    return frames(page)
  }

  async function says(from, to, text) {
    await from.fill('#chat-input', text)
    await from.click('#chat-send')
    await to.locator('#chat-log', { hasText: text }).waitFor({ timeout: MEET_MS })
    await from.locator('#chat-log', { hasText: text }).waitFor({ timeout: MEET_MS })
  }

  /** Two tabs that search by themselves until they talk. */
  async function meet(t) {
    const tabs = [await tab(t, '?speak=en&learn=es&auto=1'), await tab(t, '?speak=es&learn=en&auto=1')]
    for (const { page, problems } of tabs) {
      const failed = (error) => assert.fail(`${error.message}; the page said: ${problems.join(' | ') || 'nothing'}`)
      await inState(page, 'talking').catch(failed)
      await page.waitForFunction(() => window.qala.dataChannelOpen, undefined, { timeout: MEET_MS }).catch(failed)
    }
    return tabs
  }

  it('two tabs meet: video both ways, a message each way over the data channel, no errors', LONG, async (t) => {
    const tabs = await meet(t)
    const [one, other] = tabs.map(({ page }) => page)
    for (const page of [one, other]) {
      assert.equal(await page.evaluate(() => window.qala.state), 'talking')
      const first = await moreFrames(page, 0)
      await moreFrames(page, first)
    }
    await says(one, other, 'hola desde la primera ventana')
    await says(other, one, 'and back <b>as text</b>')
    for (const page of [one, other]) assert.equal(await page.locator('#chat-log b', { hasText: 'as text' }).count(), 0)
    for (const { problems } of tabs) assert.deepEqual(problems, [])
  })

  it('one leaves: the other is told and can search again', LONG, async (t) => {
    const [{ page: one }, { page: other }] = await meet(t)
    await one.click('#leave')
    await inState(one, 'idle')
    await inState(other, 'idle')
    assert.match(await other.locator('#notice').innerText(), /\S/, 'a sentence says what happened')
  })

  it('a narrow screen without a wish in the address: idle, nothing wider than the screen', LONG, async (t) => {
    const { page, problems } = await tab(t, '')
    await page.setViewportSize({ width: 360, height: 640 })
    await inState(page, 'idle')
    assert.ok(await page.locator('#find').isVisible())
    const { scroll, client } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }))
    assert.ok(scroll <= client, `${scroll} px wide on ${client} px`)
    assert.deepEqual(problems, [])
  })
})
