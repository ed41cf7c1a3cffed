// Asks all the time whether the service is there: two people, one on each of two nodes, join, are matched
// and accept, over and over. From when that failed and when it worked again follows how long recovery took.
import { User } from '../../clients/support/client.mjs'
import { languages, wish } from '../../clients/support/matching.mjs'
import { bounded } from '../../clients/support/server.mjs'
import { now, pause } from './time.mjs'

const EVERY_MS = 50
/** Longer than a match takes whose notice was lost; then it is tried anew. */
const LATE_MS = 3_000

export class Prober {
  /** `{began, ended, ok, why}` of each attempt. */
  attempts = []
  #stopped = false

  /** Between these two nodes; `names` is what they are called in a report. */
  constructor(nodes) {
    this.nodes = nodes
    this.users = nodes.map((node) => new User(node.url))
  }

  async start() {
    await Promise.all(this.users.map((user) => user.connect()))
    this.ids = this.users.map((user) => user.id)
    this.probing = this.#probe()
  }

  async stop() {
    this.#stopped = true
    await this.probing
    for (const user of this.users) user.close()
  }

  async #probe() {
    while (!this.#stopped) {
      const began = now()
      const why = await this.#attempt().then(() => null, (error) => error.message)
      this.attempts.push({ began, ended: now(), ok: why === null, why })
      await pause(Math.max(0, began + EVERY_MS - now()))
    }
  }

  async #attempt() {
    const [native, target] = languages()
    const wishes = [wish(native, target), wish(target, native)]
    const joined = (user, index) => bounded(user.do('matching:join_queue', wishes[index]), LATE_MS, () => 'no answer to a join')
    for (const user of this.users) user.log.length = 0
    await Promise.all(this.users.map(joined))
    const found = (user, index) =>
      user.next('matching:match_found', { ms: LATE_MS, where: (match) => match.partner.native_language === wishes[1 - index].native_language })
    const [{ matchId, sessionId }] = await Promise.all(this.users.map(found))
    for (const user of this.users) await user.do('matching:accept_match', { matchId, sessionId })
    const isReady = (user) => user.next('matching:match_ready', { ms: LATE_MS, where: (match) => match.matchId === matchId })
    await Promise.all(this.users.map(isReady))
  }
}

/** The instant from which on every attempt that ended after `since` was a success: the end of the first of them. */
export function recoveredAt(attempts, since) {
  const after = attempts.filter(({ ended }) => ended >= since)
  return after[after.findLastIndex(({ ok }) => !ok) + 1]?.ended
}
