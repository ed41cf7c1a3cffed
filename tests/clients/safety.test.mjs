// What people do about others who trouble them, and what is done about those who trouble many: blocks, reports,
// rejections without end.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join, newSecret } from './support/client.mjs'
import { accept, languages, matched, queue, range, talk, wish } from './support/matching.mjs'
import { LIMIT, LONG, NO_LIMITS, Server } from './support/server.mjs'
import { ONE_NODE, serviceFor } from './support/service.mjs'

/** Two who met before, and would at once again: nobody else speaks these languages. */
async function search(a, b) {
  const [native, target] = languages()
  await queue(a, wish(native, target))
  await queue(b, wish(target, native))
  return [native, target]
}

describe('safety:block', () => {
  const server = serviceFor(...NO_LIMITS, '--rematch-seconds', '0')

  it('ends the talk, and the two never meet again, whoever searches first and however both come back', LONG, async (t) => {
    const { a, b, sessionId } = await talk(t, server)
    await a.do('safety:block', { userId: b.id })
    const left = await b.next('session:peer_left')
    assert.deepEqual([left.sessionId, left.userId, left.reason], [sessionId, a.id, 'left'])
    assert.equal((await a.ask('chat:send', { sessionId, content: 'x' })).code, 'not_in_session')
    assert.equal(await server.counter('blocks'), 1)
    for (const [first, second] of [[a, b], [b, a]]) {
      const [native, target] = await search(first, second)
      // Somebody else is met at once: the two were passed over.
      const other = await join(t, server)
      await queue(other, wish(native, target))
      await matched(other, second)
      for (const user of [first, second, other]) await user.do('matching:leave_queue')
    }
    for (const user of [a, b]) user.close()
    const [again, alsoAgain] = [await join(t, server, { guest: a.guest }), await join(t, server, { guest: b.guest })]
    assert.deepEqual([again.id, alsoAgain.id], [a.id, b.id])
    const [native, target] = await search(alsoAgain, again)
    const other = await join(t, server)
    await queue(other, wish(native, target))
    await matched(other, again)
    assert.deepEqual(alsoAgain.all('matching:match_found'), [])
  })

  it('while both are asked: the match is rejected, and the other one waits on', LIMIT, async (t) => {
    const a = await join(t, server)
    const b = await join(t, server)
    await search(a, b)
    const [{ matchId }] = await matched(a, b)
    await a.do('safety:block', { userId: b.id })
    const rejected = await b.next('matching:match_rejected')
    assert.deepEqual([rejected.matchId, rejected.reason, rejected.requeued], [matchId, 'rejected', true])
    assert.equal((await a.ask('matching:accept_match', { matchId })).code, 'match_gone')
  })

  // On nodes that share a Redis Cluster it did not hold once: who waits was not found by the third.
  it('while waiting: whom one blocks does not find one', { ...LIMIT, ...ONE_NODE }, async (t) => {
    const [a, b, c] = [await join(t, server), await join(t, server), await join(t, server)]
    const [native, target] = languages()
    await queue(a, wish(native, target))
    await a.do('safety:block', { userId: b.id })
    await queue(b, wish(target, native))
    await queue(c, wish(target, native))
    await matched(a, c)
    assert.deepEqual(b.all('matching:match_found'), [])
  })

  it('128 people, and no more; a wrong id is refused', LONG, async (t) => {
    const user = await join(t, server)
    for (const number of range(128)) await user.do('safety:block', { userId: `somebody-${number}` })
    const refused = await user.ask('safety:block', { userId: 'one-more' })
    assert.deepEqual([refused.success, refused.code], [false, 'too_many_blocks'])
    assert.match(refused.error, /blocked/)
    await user.do('safety:block', { userId: 'somebody-0' })
    for (const userId of ['', 'x'.repeat(129), 7, null]) {
      const wrong = await user.ask('safety:block', { userId })
      assert.deepEqual([wrong.code, wrong.field], ['invalid', 'userId'], String(userId))
    }
  })
})

describe('safety:report', ONE_NODE, () => {
  it('becomes an event for others with who, where and why, and no word that was said', LIMIT, async (t) => {
    const server = new Server([...NO_LIMITS, '--events', 'log', '--log-format', 'json'])
    t.after(() => server.finish())
    await server.start()
    const { a, b, sessionId } = await talk(t, server)
    await b.do('chat:send', { sessionId, content: 'what nobody else is to read' })
    await a.do('safety:report', { sessionId, reason: 'harassment' })
    await b.do('session:leave', { sessionId })
    await a.next('session:peer_left')
    await a.do('safety:report', { sessionId, reason: 'spam' })
    const stranger = await join(t, server)
    assert.equal((await stranger.ask('safety:report', { sessionId, reason: 'spam' })).code, 'not_in_session')
    const wrong = await a.ask('safety:report', { sessionId, reason: 'what nobody else is to read' })
    assert.deepEqual([wrong.code, wrong.field], ['invalid', 'reason'])
    assert.deepEqual([await server.counter('reports_harassment'), await server.counter('reports_spam')], [1, 1])
    await server.stop()
    const told = server.output.split('\n').filter((line) => line.includes('user_reported'))
    assert.equal(told.length, 2, server.output)
    for (const [line, reason] of [[told[0], 'harassment'], [told[1], 'spam']]) {
      for (const part of [a.id, b.id, sessionId, reason]) assert.ok(line.includes(part), `${part}: ${line}`)
    }
    assert.ok(!server.output.includes('nobody else'))
  })
})

describe('--rejections-free 2 --rejection-wait 2', ONE_NODE, () => {
  const server = serviceFor(...NO_LIMITS, '--rejections-free', '2', '--rejection-wait', '2')

  it('after the third rejection the next search waits, and its user is told how long', LIMIT, async (t) => {
    const [native, target] = languages()
    const picky = await join(t, server, { guest: newSecret() })
    await queue(picky, wish(native, target))
    for (const round of range(3)) {
      const other = await join(t, server)
      await queue(other, wish(target, native))
      const [{ matchId }] = await matched(picky, other)
      assert.deepEqual(picky.all('rate_limited'), [], `round ${round}`)
      await picky.do('matching:reject_match', { matchId })
      await other.next('matching:match_rejected')
      other.close()
    }
    const told = await picky.next('rate_limited')
    assert.equal(told.scope, 'matching')
    assert.ok(told.retry_after_ms > 0 && told.retry_after_ms <= 2_000, String(told.retry_after_ms))
    const refused = await picky.ask('matching:join_queue', wish(native, target))
    assert.equal(refused.code, 'cooling_down')
    assert.ok(refused.retry_after_ms > 0)
    assert.equal(await server.counter('rejectors_slowed'), 1)
    const patient = await join(t, server)
    await queue(patient, wish(target, native))
    const [forPicky] = await matched(picky, patient)
    await accept(picky, patient, forPicky)
  })
})
