// That the audit can fail: what two people were told, changed in one place, and exactly what is said about it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { audit, signalsWithoutStore, uncovered } from './support/audit.mjs'
import { deadline } from './support/faults.mjs'
import { differences } from './support/kept.mjs'
import { lineOf, listOf } from './support/line.mjs'
import { moves } from './support/moves.mjs'
import { recoveredAt } from './support/prober.mjs'
import { storyOf } from './support/story.mjs'

const GRACE = { graceMs: 12_000 }
const match = (partnerId, initiator, more = {}) => ({ matchId: 'm', sessionId: 'r', partnerId, initiator, ...more })

/** What Ana (on n-0) and Ben (on n-1) do and are told in a talk from 1 s to 20 s, where all is well. */
function healthy() {
  const ana = [
    { at: 0, what: 'connected', node: 'n-0' },
    { at: 500, what: 'joining', direction: 'en>es' },
    { at: 510, what: 'joined', position: 1 },
    { at: 1_000, what: 'found', ...match('ben', true) },
    { at: 1_200, what: 'ready', matchId: 'm', sessionId: 'r' },
    { at: 2_000, what: 'wrote', sessionId: 'r', id: 'a-1', number: 1, sequence: 1 },
    { at: 2_000, what: 'signalled', sessionId: 'r', number: 1 },
    { at: 3_001, what: 'heard', sessionId: 'r', from: 'ben', id: 'b-1', sequence: 2 },
    { at: 4_000, what: 'wrote', sessionId: 'r', id: 'a-2', number: 2, sequence: 3 },
    { at: 4_000, what: 'signalled', sessionId: 'r', number: 2 },
    { at: 19_000, what: 'synced', sessionId: 'r', asked: 18_999, messages: kept(['a-1', 'b-1', 'a-2']) },
    { at: 20_000, what: 'left', sessionId: 'r' },
  ]
  const ben = [
    { at: 0, what: 'connected', node: 'n-1' },
    { at: 990, what: 'joining', direction: 'es>en' },
    { at: 999, what: 'joined', position: 0 },
    { at: 1_001, what: 'found', ...match('ana', false) },
    { at: 1_200, what: 'ready', matchId: 'm', sessionId: 'r' },
    { at: 2_001, what: 'heard', sessionId: 'r', from: 'ana', id: 'a-1', sequence: 1 },
    { at: 2_001, what: 'signal', sessionId: 'r', number: 1 },
    { at: 3_000, what: 'wrote', sessionId: 'r', id: 'b-1', number: 1, sequence: 2 },
    { at: 4_001, what: 'heard', sessionId: 'r', from: 'ana', id: 'a-2', sequence: 3 },
    { at: 4_001, what: 'signal', sessionId: 'r', number: 2 },
    { at: 20_002, what: 'peer_left', sessionId: 'r', reason: 'left' },
  ]
  return { ana, ben }
}

const kept = (ids) => ids.map((id, index) => ({ id, sequence: index + 1, from: id.startsWith('a') ? 'ana' : 'ben' }))

const stories = (logs, end = 60_000) =>
  Object.entries(logs).map(([user, log]) => storyOf({ user, log: log.toSorted((one, other) => one.at - other.at) }, end))

/** Kind, user and instant of everything that is said about these logs. */
function said(logs, faults = []) {
  return audit(stories(logs), faults, GRACE).violations.map(({ kind, user, at }) => [kind, user, at])
}

/** The healthy logs without the entries for which `where` holds, and with others. */
function changed(who, where, ...more) {
  const logs = healthy()
  logs[who] = [...logs[who].filter((entry) => !where(entry)), ...more]
  return logs
}

const never = () => false
const is = (what, id) => (entry) => entry.what === what && (id === undefined || entry.id === id)
const store = (from, until, more = {}) => ({ what: 'Redis', from, until, node: null, ...more })
const node = (from, until, name) => ({ what: 'node', from, until, node: name, isolates: true })

describe('who is matched with whom', () => {
  it('nothing is said where all is well, and all is counted', () => {
    const audited = audit(stories(healthy()), [], GRACE)
    assert.deepEqual(audited.violations, [])
    assert.deepEqual([audited.matches, audited.chat.acknowledged, audited.chat.forgotten], [1, 3, 0])
  })

  const other = { at: 5_000, what: 'found', matchId: 'm2', sessionId: 'r2', partnerId: 'cid', initiator: true }
  it('told of another match in the middle of one', () => {
    const logs = changed('ben', never, other)
    logs.cid = [{ at: 5_000, what: 'found', matchId: 'm2', sessionId: 'r2', partnerId: 'ben', initiator: false }]
    const of = said(logs).filter(([kind]) => kind === 'double')
    assert.deepEqual(of, [['double', 'ben', 5_000]])
  })
  it('told of another match for an earlier wish, and joined anew', () => {
    const logs = changed('ben', never, { at: 1_100, what: 'joined', position: 0 }, { ...other, at: 1_101 }, { at: 1_102, what: 'left', sessionId: 'r2' })
    assert.deepEqual(said(logs).filter(([kind]) => kind === 'double'), [])
  })
  it('told of the same match again: no other one', () => {
    assert.deepEqual(said(changed('ben', never, { at: 1_100, what: 'found', ...match('ana', false) })), [])
  })
  it('matched with itself', () => {
    const logs = { ana: [{ at: 0, what: 'found', ...match('ana', true) }, { at: 9, what: 'left', sessionId: 'r' }] }
    assert.deepEqual(said(logs), [['double', 'ana', 0]])
  })
  it('a third one in it', () => {
    const logs = { ...healthy(), cid: [{ at: 1_000, what: 'found', ...match('ana', false) }, { at: 1_500, what: 'left', sessionId: 'r' }] }
    assert.deepEqual(said(logs), [['double', 'ana', 1_000], ['double', 'ben', 1_001], ['double', 'cid', 1_000]])
  })
  for (const [what, more] of [['two rooms', { sessionId: 'r9' }], ['both make the offer', { initiator: true }]]) {
    it(`${what}: said by both`, () => {
      const logs = {
        ana: [{ at: 1, what: 'found', ...match('ben', true) }],
        ben: [{ at: 2, what: 'found', ...match('ana', false, more) }],
      }
      assert.deepEqual(said(logs), [['double', 'ana', 1], ['double', 'ben', 2]])
    })
  }
})

describe('alone in a match', () => {
  const quiet = (log, ms) => log.filter(({ at, what }) => ['connected', 'joining', 'joined', 'found'].includes(what) && at < ms)
  /** Both are told, Ana is out of it at 2 s, Ben learns of it so much later. */
  const late = (ms) => ({
    ana: [...quiet(healthy().ana, 2_000), { at: 2_000, what: 'left', sessionId: 'r' }],
    ben: [...quiet(healthy().ben, 2_000), { at: 2_000 + ms, what: 'peer_left', sessionId: 'r', reason: 'left' }],
  })
  it('for less than five seconds', () => assert.deepEqual(said(late(4_900)), []))
  it('for longer', () => assert.deepEqual(said(late(5_100)), [['one-sided', 'ben', 2_000]]))
  it('while Redis was away, and told soon after', () => assert.deepEqual(said(late(12_000), [store(1_500, 11_000)]), []))
  it('while Redis was away, and not told soon after', () => {
    assert.deepEqual(said(late(15_100), [store(1_500, 12_000)]), [['one-sided', 'ben', 2_000]])
  })
  it('the other one never heard of it', () => {
    const logs = late(4_900)
    logs.ana = quiet(logs.ana, 600)
    assert.deepEqual(said(logs).filter(([kind]) => kind === 'one-sided'), [['one-sided', 'ben', 1_001]])
  })
  it('told that the partner is away', () => {
    const logs = late(17_000)
    logs.ben.push({ at: 2_500, what: 'peer_away', sessionId: 'r' })
    assert.deepEqual(said(logs), [])
  })
  it('the partner is away for longer than grace', () => {
    const logs = late(22_000)
    logs.ben.push({ at: 2_500, what: 'peer_away', sessionId: 'r' })
    assert.deepEqual(said(logs), [['left', 'ben', 2_500]])
  })
  it('refused as not in it, and nobody says that it is over', () => {
    const refused = { at: 6_000, what: 'refused', event: 'chat:send', code: 'not_in_session', sessionId: 'r' }
    assert.deepEqual(said(changed('ana', never, refused)), [['left', 'ana', 6_000]])
    assert.deepEqual(said(changed('ana', never, { ...refused, at: 19_500 })), [])
    assert.deepEqual(said(changed('ana', never, { ...refused, code: 'unavailable' })), [])
  })
  it('a node dies: told after more than six seconds', () => {
    const logs = { ana: late(0).ana.filter(({ what }) => what !== 'left'), ben: late(8_100).ben }
    assert.deepEqual(said(logs, [node(4_000, 4_000, 'n-0')]), [['one-sided', 'ana', 10_100], ['left', 'ben', 4_000]])
    logs.ben.push({ at: 9_900, what: 'peer_away', sessionId: 'r' })
    assert.deepEqual(audit(stories(logs, 11_000), [node(4_000, 4_000, 'n-0')], GRACE).toldMs, 5_900)
    logs.ana.push({ at: 5_000, what: 'resumed', state: 'talking', ...match('ben', true) })
    assert.deepEqual(audit(stories(logs, 11_000), [node(4_000, 4_000, 'n-0')], GRACE).toldMs, 1_000)
  })
})

describe('waiting for each other', () => {
  const waiting = (direction, from, to) => [
    { at: from, what: 'joining', direction },
    { at: from, what: 'joined', position: 1 },
    { at: to, what: 'expired' },
  ]
  const both = (ms) => ({ ana: waiting('en>es', 0, 30_000), ben: waiting('es>en', 1_000, 1_000 + ms) })
  it('for a moment', () => assert.deepEqual(said(both(4_900)), []))
  it('beyond the limit', () => assert.deepEqual(said(both(5_100)), [['left', 'ana', 1_000]]))
  it('while Redis was away', () => assert.deepEqual(said(both(14_000), [store(2_000, 10_500)]), []))
  it('long after Redis came back', () => assert.deepEqual(said(both(14_600), [store(2_000, 10_500)]), [['left', 'ana', 1_000]]))
  it('of other languages', () => assert.deepEqual(said({ ...both(9_000), ben: waiting('fr>de', 0, 30_000) }), []))
  it('who lost the connection does not wait', () => {
    const logs = both(9_000)
    logs.ben.push({ at: 3_000, what: 'lost' })
    assert.deepEqual(said(logs), [])
  })
  it('matched at once, and never told with whom', () => {
    const logs = (to) => ({ ana: [{ at: 0, what: 'joining', direction: 'en>es' }, { at: 9, what: 'joined', position: 0 }, { at: to, what: 'expired' }] })
    assert.deepEqual(said(logs(4_900)), [])
    assert.deepEqual(said(logs(5_100)), [['left', 'ana', 9]])
  })
  it('for the answer to a join', () => {
    const logs = (more) => ({ ana: [{ at: 1_000, what: 'joining', direction: 'en>es' }, ...more] })
    assert.deepEqual(said(logs([{ at: 5_900, what: 'joined', position: 1 }])), [])
    assert.deepEqual(said(logs([{ at: 6_100, what: 'joined', position: 1 }])), [['left', 'ana', 1_000]])
    assert.deepEqual(said(logs([{ at: 6_100, what: 'refused', event: 'matching:join_queue', code: 'busy' }])), [['left', 'ana', 1_000]])
    assert.deepEqual(said(logs([{ at: 5_900, what: 'lost' }])), [])
  })
  it('asked, and never answered', () => {
    assert.deepEqual(said(changed('ana', never, { at: 9_000, what: 'unanswered', event: 'chat:sync' })), [['left', 'ana', 9_000]])
  })
})

describe('what was written', () => {
  const neverHeard = () => {
    const logs = changed('ben', is('heard', 'a-2'))
    logs.ana = logs.ana.filter(({ what }) => what !== 'synced')
    return logs
  }
  it('never came', () => assert.deepEqual(said(neverHeard()), [['chat', 'ana', 4_000]]))
  it('never came, and was fetched', () => {
    const logs = neverHeard()
    logs.ben.push({ at: 9_001, what: 'synced', sessionId: 'r', asked: 9_000, messages: kept(['a-1', 'b-1', 'a-2']) })
    assert.deepEqual(said(logs), [])
  })
  it('never came, and was fetched just before the end', () => {
    const logs = neverHeard()
    logs.ben.push({ at: 19_900, what: 'synced', sessionId: 'r', asked: 19_890, messages: kept(['a-1', 'b-1', 'a-2']) })
    assert.deepEqual(said(logs), [])
  })
  it('never came, and the talk was over soon', () => {
    const logs = neverHeard()
    for (const entry of [...logs.ana, ...logs.ben]) if (entry.at >= 20_000) entry.at -= 14_000
    assert.deepEqual(said(logs), [])
  })
  it('was overtaken', () => {
    const logs = changed('ben', is('heard', 'a-1'))
    for (const entry of [...logs.ana, ...logs.ben]) if (entry.at >= 19_000) entry.at -= 14_500
    assert.deepEqual(said(logs), [['chat', 'ana', 2_000]])
  })
  it('came twice', () => {
    const again = { at: 4_500, what: 'heard', sessionId: 'r', from: 'ana', id: 'a-2', sequence: 3 }
    assert.deepEqual(said(changed('ben', never, again)), [['chat', 'ben', 4_500]])
  })
  it('came in another order', () => {
    const first = { at: 1_900, what: 'heard', sessionId: 'r', from: 'ana', id: 'a-2', sequence: 3 }
    assert.deepEqual(said(changed('ben', is('heard', 'a-2'), first)), [['chat', 'ben', 2_001]])
  })
  it('came with another number', () => {
    const other = { at: 4_001, what: 'heard', sessionId: 'r', from: 'ana', id: 'a-2', sequence: 4 }
    assert.deepEqual(said(changed('ben', is('heard', 'a-2'), other)), [['chat', 'ben', 4_001]])
  })
  it('came from a stranger', () => {
    const strange = { at: 4_500, what: 'heard', sessionId: 'r', from: 'cid', id: 'c-1', sequence: 4 }
    assert.deepEqual(said(changed('ben', never, strange)), [['chat', 'ben', 4_500]])
  })
  it('has the number of another one', () => {
    const same = { at: 4_500, what: 'wrote', sessionId: 'r', id: 'a-3', number: 3, sequence: 3 }
    const heard = { at: 4_501, what: 'heard', sessionId: 'r', from: 'ana', id: 'a-3', sequence: 4 }
    const logs = changed('ana', is('synced'), same)
    logs.ben.push(heard)
    assert.deepEqual(said(logs), [['chat', 'ben', 4_501], ['chat', 'ana', 4_500]])
  })
  const forgotten = () => changed('ana', is('synced'), { at: 19_000, what: 'synced', sessionId: 'r', asked: 18_999, messages: [] })
  it('is not among what was kept', () => {
    assert.deepEqual(said(forgotten(), [store(4_500, 5_000)]), [['chat', 'ana', 2_000], ['chat', 'ana', 4_000], ['chat', 'ben', 3_000]])
  })
  it('was forgotten by a Redis that lost everything: counted, for what came before', () => {
    const audited = audit(stories(forgotten()), [store(3_500, 3_600, { forgets: true })], GRACE)
    assert.deepEqual(audited.violations.map(({ user, at }) => [user, at]), [['ana', 4_000]])
    assert.equal(audited.chat.forgotten, 2)
  })
  it('is asked for when the partner had ended the talk already', () => {
    const logs = healthy()
    logs.ben = logs.ben.filter(({ what }) => what !== 'peer_left')
    logs.ben.push({ at: 18_500, what: 'left', sessionId: 'r' })
    logs.ana = [...logs.ana.filter(({ what }) => what !== 'synced'), { at: 19_000, what: 'synced', sessionId: 'r', asked: 17_000, messages: [] }]
    assert.deepEqual(said(logs), [])
  })
})

describe('signals', () => {
  it('come in order, each once', () => {
    assert.deepEqual(said(changed('ben', never, { at: 4_100, what: 'signal', sessionId: 'r', number: 2 })), [['signal', 'ben', 4_100]])
    assert.deepEqual(said(changed('ben', never, { at: 4_100, what: 'signal', sessionId: 'r', number: 1 })), [['signal', 'ben', 4_100]])
  })
  it('pass within a node while Redis is away', () => {
    const logs = changed('ben', (entry) => entry.what === 'signal' && entry.number === 2)
    logs.ben[0].node = 'n-0'
    const { sent, violations } = signalsWithoutStore(stories(logs), { from: 1_500, until: 5_000 })
    assert.deepEqual([sent, violations.map(({ user, at }) => [user, at])], [2, [['ben', 4_000]]])
    logs.ben[0].node = 'n-1'
    assert.equal(signalsWithoutStore(stories(logs), { from: 1_500, until: 5_000 }).sent, 0)
  })
})

describe('people and Redis at a quiet time', () => {
  const states = [
    { user: 'ana', state: 'waiting', sessionId: null },
    { user: 'ben', state: 'talking', sessionId: 'r' },
    { user: 'cid', state: 'talking', sessionId: 'r' },
    { user: 'dan', state: 'idle', sessionId: null },
  ]
  const held = (more = {}) => ({
    waiting: [{ user: 'ana', direction: 'en>es' }], open: [], dangling: [], rooms: new Map([['r', ['cid', 'ben']]]),
    sessions: ['ana', 'ben', 'cid', 'dan', 'probe'], ...more,
  })
  const differ = (people, redis) => differences(people, redis, new Set(['probe'])).map(({ kind, user }) => [kind, user])
  const without = (user) => states.filter((one) => one.user !== user)
  const TABLE = [
    ['all is well', states, held(), []],
    ['a ticket is missing', states, held({ waiting: [] }), [['left', 'ana']]],
    ['a ticket of who does not wait', states, held({ waiting: [...held().waiting, { user: 'dan', direction: 'en>es' }] }), [['leftover', 'dan']]],
    ['a ticket of nobody', states, held({ waiting: [...held().waiting, { user: 'eve', direction: 'en>es' }] }), [['leftover', 'eve']]],
    ['two tickets of one', states, held({ waiting: [...held().waiting, ...held().waiting] }), [['leftover', null]]],
    ['two who fit', [...states, { user: 'eve', state: 'waiting' }], held({ waiting: [...held().waiting, { user: 'eve', direction: 'es>en' }] }), [['left', null]]],
    ['an open proposal', states, held({ open: [{ users: ['ana', 'dan'], id: 'p' }] }), [['leftover', 'ana']]],
    ['a ticket that is part of nothing', states, held({ dangling: ['1'] }), [['leftover', null]]],
    ['a session of who is gone', states, held({ sessions: ['ana', 'eve'] }), [['leftover', 'eve']]],
    ['still proposed', [...states, { user: 'eve', state: 'proposed' }], held(), [['left', 'eve']]],
    ['a room that Redis does not know', states, held({ rooms: new Map() }), [['left', 'ben']]],
    ['a room of others', states, held({ rooms: new Map([['r', ['ben', 'dan']]]) }), [['double', 'ben']]],
    ['a room of nobody', states, held({ rooms: new Map([...held().rooms, ['q', ['ana', 'dan']]]) }), [['leftover', 'ana']]],
    ['alone in a room', without('cid'), held({ sessions: [] }), [['one-sided', 'ben']]],
    ['what belongs to the probes', states, held({ waiting: [...held().waiting, { user: 'probe', direction: 'es>en' }] }), []],
  ]
  for (const [what, people, redis, expected] of TABLE) it(what, () => assert.deepEqual(differ(people, redis), expected))
})

describe('what the rest is built of', () => {
  it('parts that nothing covers', () => {
    const pieces = uncovered({ from: 0, to: 10 }, [{ from: 6, to: 8 }, { from: -1, to: 2 }, { from: 7, to: 9 }])
    assert.deepEqual(pieces, [{ from: 2, to: 6 }, { from: 9, to: 10 }])
    assert.deepEqual(uncovered({ from: 0, to: 1 }, []), [{ from: 0, to: 1 }])
    assert.deepEqual(uncovered({ from: 2, to: 3 }, [{ from: 0, to: 4 }]), [])
  })
  it('until when something must be over', () => {
    assert.equal(deadline([], 1_000, ['n-0']), 6_000)
    assert.equal(deadline([store(3_000, 9_000)], 1_000, ['n-0']), 14_000)
    assert.equal(deadline([store(30_000, 39_000)], 1_000, ['n-0']), 6_000, 'what comes later excuses nothing')
    assert.equal(deadline([store(0, 500)], 6_000, ['n-0']), 11_000, 'nor what is long over')
    assert.equal(deadline([node(3_000, 13_000, 'n-1')], 1_000, ['n-0']), 9_000, 'others learn of it')
    assert.equal(deadline([node(3_000, 13_000, 'n-1')], 1_000, ['n-1']), 18_000)
  })
  it('recovery is the first success of those that last', () => {
    const attempts = [[10, true], [20, false], [30, true], [40, false], [50, true], [60, true]].map(([ended, ok]) => ({ ended, ok }))
    assert.equal(recoveredAt(attempts, 15), 50)
    assert.equal(recoveredAt(attempts, 55), 60)
    assert.equal(recoveredAt(attempts.slice(0, 4), 15), undefined)
  })
  it('the line and the list', () => {
    const violations = [{ kind: 'double', user: 'ana', at: 2_500, what: 'why' }, { kind: 'leftover', user: null, at: 9_000, what: 'a room' }]
    const chat = { acknowledged: 9, forgotten: 1 }
    const recoveries = [{ ms: 100, limitMs: 6_000 }, { ms: 99.6, limitMs: 2_000 }]
    const shown = { faults: [{ what: 'SIGKILL of a node' }], people: 500, matches: 7, chat, violations, recoveries, seconds: 12.4 }
    assert.equal(lineOf('node-killed', shown), 'drill node-killed: FAILED in 12 s; faults: SIGKILL of a node; clients 500; '
      + 'matches 7; double matches 1; one-sided matches 0; lost chat messages 0 of 9; forgotten by Redis itself 1; '
      + 'left waiting or alone 0; other violations 1; recovery 100 ms of 2000')
    assert.match(lineOf('x', { ...shown, violations: [] }), /^drill x: passed in 12 s;/)
    assert.equal(listOf(violations, 1_000), '     1.500 s  double  ana  why\n     8.000 s  leftover  -  a room')
  })
})

describe('who came back to what', () => {
  const talking = [
    { at: 1, what: 'joining' }, { at: 2, what: 'joined', position: 1 }, { at: 3, what: 'found', ...match('ben', true) },
    { at: 4, what: 'ready', matchId: 'm', sessionId: 'r' }, { at: 5_000, what: 'lost' },
  ]
  const waiting = [{ at: 1, what: 'joining' }, { at: 2, what: 'joined', position: 1 }, { at: 5_000, what: 'lost' }]
  const after = (log, resumed, others = []) => {
    const logs = [{ user: 'ana', log: [...log, { at: 6_000, what: 'resumed', ...resumed }] }, { user: 'ben', log: others }]
    const { rooms, places, violations } = moves(logs)
    return [rooms, places, ...violations.map(({ kind, user, at }) => `${kind} ${user} ${at}`)]
  }
  const left = (at) => [{ at, what: 'left', sessionId: 'r' }]

  it('the same talk, or what became of a wait, is no loss', () => {
    assert.deepEqual(after(talking, { state: 'talking', sessionId: 'r' }), [1, 0])
    for (const state of ['waiting', 'proposed', 'talking']) assert.deepEqual(after(waiting, { state }), [0, 1])
  })

  it('nothing, or another talk, is one', () => {
    assert.deepEqual(after(talking, { state: 'idle' }), [1, 0, 'room ana 6000'])
    assert.deepEqual(after(talking, { state: 'nothing' }), [1, 0, 'room ana 6000'])
    assert.deepEqual(after(talking, { state: 'talking', sessionId: 'other' }), [1, 0, 'room ana 6000'])
    assert.deepEqual(after(waiting, { state: 'idle' }), [0, 1, 'place ana 6000'])
    assert.deepEqual(after(waiting, { state: 'nothing' }), [0, 1, 'place ana 6000'])
  })

  it('unless the other one has left meanwhile', () => {
    assert.deepEqual(after(talking, { state: 'idle' }, left(5_500)), [1, 0])
    assert.deepEqual(after(talking, { state: 'idle' }, left(7_001)), [1, 0, 'room ana 6000'])
  })

  it('who was in nothing loses nothing', () => {
    assert.deepEqual(after([...talking.slice(0, 4), ...left(10), { at: 5_000, what: 'lost' }], { state: 'idle' }), [0, 0])
    assert.deepEqual(after([{ at: 1, what: 'joining' }, { at: 2, what: 'lost' }], { state: 'idle' }), [0, 0])
  })
})
