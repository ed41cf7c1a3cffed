// A drill's one line, and the list of what was wrong. Pure.

const SHOWN = 12

/** What happened, and what of it should not have: one line. */
export function lineOf(name, { faults, people, matches, chat, violations, recoveries, seconds, notes = [] }) {
  const count = (...kinds) => violations.filter(({ kind }) => kinds.includes(kind)).length
  const named = ['double', 'one-sided', 'chat', 'left', 'slow']
  const slowest = recoveries.toSorted((one, other) => other.ms / other.limitMs - one.ms / one.limitMs)[0]
  const words = [
    `faults: ${faults.map(({ what }) => what).join(', ')}`,
    `clients ${people}`,
    `matches ${matches}`,
    `double matches ${count('double')}`,
    `one-sided matches ${count('one-sided')}`,
    `lost chat messages ${count('chat')} of ${chat.acknowledged}`,
    `forgotten by Redis itself ${chat.forgotten}`,
    `left waiting or alone ${count('left')}`,
    `other violations ${violations.filter(({ kind }) => !named.includes(kind)).length}`,
    ...notes,
    `recovery ${slowest ? `${Math.round(slowest.ms)} ms of ${slowest.limitMs}` : 'none'}`,
  ]
  return `drill ${name}: ${violations.length === 0 ? 'passed' : 'FAILED'} in ${Math.round(seconds)} s; ${words.join('; ')}`
}

/** Each violation with its time since the drill's first fault; so many of a kind. */
export function listOf(violations, began) {
  return [...grouped(violations)].map(([kind, all]) => {
    const lines = all.toSorted((one, other) => one.at - other.at).slice(0, SHOWN)
      .map(({ user, at, what }) => `  ${((at - began) / 1_000).toFixed(3).padStart(8)} s  ${kind}  ${user ?? '-'}  ${what}`)
    const more = all.length > SHOWN ? [`  and ${all.length - SHOWN} more of kind ${kind}`] : []
    return [...lines, ...more].join('\n')
  }).join('\n')
}

function grouped(violations) {
  const kinds = new Map()
  for (const one of violations) kinds.set(one.kind, [...(kinds.get(one.kind) ?? []), one])
  return kinds
}
