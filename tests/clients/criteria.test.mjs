// Who meets whom: languages crosswise, wishes that relax step by step, strict ones that never do.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { join, newSecret } from './support/client.mjs'
import { languages, matched, queue, wish } from './support/matching.mjs'
import { LIMIT, NO_LIMITS, stages } from './support/server.mjs'
import { serviceFor } from './support/service.mjs'

/** Timers may fire a little before the clock of this process says so. */
const CLOCK_SLACK_MS = 50

/** Two wishes of one language pair that meet only from a certain stage on. */
const LADDER = [
  { stage: 0, why: 'everything fits', one: {}, other: {} },
  { stage: 1, why: 'another proficiency', one: {}, other: { proficiency_level: 'advanced' } },
  { stage: 2, why: 'two years above the asked age', one: { age_min: 20, age_max: 30 }, other: { age: 32 } },
  { stage: 3, why: 'another gender than asked', one: { gender_preference: 'female' }, other: { gender: 'male' } },
  { stage: 4, why: 'forty years above the asked age', one: { age_min: 20, age_max: 30 }, other: { age: 70 } },
]

describe('the ladder with stages at 0, 1, 2, 3 and 4 seconds', { concurrency: true }, () => {
  const server = serviceFor(...NO_LIMITS, ...stages(0, 1, 2, 3, 4))

  for (const { stage, why, one, other } of LADDER) {
    it(`${why}: matched at stage ${stage}, not before`, LIMIT, async (t) => {
      const [native, target] = languages()
      const a = await join(t, server)
      const b = await join(t, server)
      const began = performance.now()
      await queue(a, wish(native, target, one))
      await queue(b, wish(target, native, other))
      const [forA, forB] = await matched(a, b)
      const waited = performance.now() - began
      assert.equal(forA.stage, stage, 'the stage of the one whose wish had to relax')
      assert.ok([stage, stage - 1].includes(forB.stage), 'the other one joined a moment later')
      assert.ok(waited >= stage * 1_000 - CLOCK_SLACK_MS, `stage ${stage} after ${waited} ms`)
    })
  }

  for (const { what, one, other, fitting } of [
    { what: 'proficiency', one: { strict: ['proficiency'] }, other: { proficiency_level: 'beginner' }, fitting: {} },
    { what: 'age', one: { age_max: 30, strict: ['age'] }, other: { age: 32 }, fitting: { age: 30 } },
    { what: 'gender', one: { gender_preference: 'female', strict: ['gender'] }, other: { gender: 'male' }, fitting: {} },
  ]) {
    it(`strict ${what}: not relaxed at the last stage; one who fits is matched`, LIMIT, async (t) => {
      const [native, target] = languages()
      const strict = await join(t, server)
      const unfit = await join(t, server)
      await queue(strict, wish(native, target, one))
      await queue(unfit, wish(target, native, other))
      // The clock: these two joined later and meet only at the last stage.
      const [p, q] = languages()
      const clock = await join(t, server)
      const hand = await join(t, server)
      await queue(clock, wish(p, q, { age_max: 30 }))
      await queue(hand, wish(q, p, { age: 70 }))
      assert.equal((await matched(clock, hand))[0].stage, 4)
      await Promise.all([strict.settled(), unfit.settled()])
      assert.deepEqual(strict.all('matching:match_found'), [])
      assert.deepEqual(unfit.all('matching:match_found'), [])
      const fit = await join(t, server)
      await queue(fit, wish(target, native, fitting))
      await matched(strict, fit)
      const relaxed = await join(t, server)
      await queue(relaxed, wish(native, target))
      await matched(unfit, relaxed)
    })
  }

  it('the wish of the newcomer counts too: matched only when both accept', LIMIT, async (t) => {
    const [native, target] = languages()
    const easy = await join(t, server)
    const choosy = await join(t, server)
    await queue(easy, wish(native, target, { gender: 'male' }))
    await queue(choosy, wish(target, native, { gender_preference: 'female' }))
    const [, forChoosy] = await matched(easy, choosy)
    assert.equal(forChoosy.stage, 3)
  })

  it('who waits is told place and stage', LIMIT, async (t) => {
    const [native, target] = languages()
    const user = await join(t, server)
    await queue(user, wish(native, target))
    const update = await user.next('queue:position_update', { where: (u) => u.stage > 0 })
    assert.equal(update.position, 1)
    assert.equal(typeof update.estimatedWait, 'number')
  })
})

describe('languages', () => {
  const server = serviceFor(...NO_LIMITS)

  it('the same direction twice: never matched; each with one of the other direction', LIMIT, async (t) => {
    const [native, target] = languages()
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish(native, target))
    await queue(b, wish(native, target))
    const c = await join(t, server)
    await queue(c, wish(target, native))
    await matched(a, c)
    const d = await join(t, server)
    await queue(d, wish(target, native))
    await matched(b, d)
  })

  it('en to es and es to fr: not crosswise, not matched', LIMIT, async (t) => {
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish('en', 'es'))
    await queue(b, wish('es', 'fr'))
    const c = await join(t, server)
    await queue(c, wish('fr', 'es'))
    await matched(b, c)
    assert.deepEqual(a.all('matching:match_found'), [])
  })

  it('pt-BR to DE meets de to pt: compared by primary tag, without case', LIMIT, async (t) => {
    const a = await join(t, server)
    const b = await join(t, server)
    await queue(a, wish('pt-BR', 'DE'))
    await queue(b, wish('de', 'pt'))
    await matched(a, b)
  })
})

describe('one person twice', () => {
  const server = serviceFor(...NO_LIMITS)

  it('the newer connection takes over; the older gets replaced and is closed', LIMIT, async (t) => {
    const guest = newSecret()
    const older = await join(t, server, { guest })
    const closed = older.disconnected()
    const newer = await join(t, server, { guest })
    assert.equal(newer.id, older.id, 'the same secret is the same user')
    await older.next('replaced')
    assert.equal(await closed, 'io server disconnect', 'so that the official client does not come back by itself')
    await newer.settled()
  })

  it('fits itself crosswise: not matched with itself, but with the next one', LIMIT, async (t) => {
    const [native, target] = languages()
    const guest = newSecret()
    const older = await join(t, server, { guest })
    await queue(older, wish(native, target))
    const newer = await join(t, server, { guest })
    await queue(newer, wish(target, native))
    const other = await join(t, server)
    await queue(other, wish(native, target))
    await matched(newer, other)
    // Nothing of the older wish is left to be found.
    const late = await join(t, server)
    const last = await join(t, server)
    await queue(late, wish(target, native))
    await queue(last, wish(native, target))
    await matched(late, last)
    assert.deepEqual(older.all('matching:match_found'), [])
    assert.equal(newer.all('matching:match_found').length, 1)
  })

  it('the same secret later: the same user; without a secret: somebody new each time', LIMIT, async (t) => {
    const guest = newSecret()
    const first = await join(t, server, { guest })
    first.close()
    const again = await join(t, server, { guest })
    assert.equal(again.id, first.id)
    const fresh = [await join(t, server, { auth: {} }), await join(t, server, { auth: {} })]
    assert.equal(new Set([again.id, ...fresh.map((user) => user.id)]).size, 3)
  })
})
