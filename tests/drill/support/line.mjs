// A drill's one line, and the list of what was wrong. Pure.

const SHOWN = 40

/** What happened, and what of it should not have: one line. */
export function lineOf(name, { faults, people, matches, chat, violations, recoveries, seconds }) {
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
    `recovery ${slowest ? `${Math.round(slowest.ms)} ms of ${slowest.limitMs}` : 'none'}`,
  ]
  return `drill ${name}: ${violations.length === 0 ? 'passed' : 'FAILED'} in ${Math.round(seconds)} s; ${words.join('; ')}`
}

/** Each violation with its time since the drill's first fault; so many at most. */
export function listOf(violations, began) {
  const lines = violations.toSorted((one, other) => one.at - other.at)
    .map(({ kind, user, at, what }) => `  ${((at - began) / 1_000).toFixed(3).padStart(8)} s  ${kind}  ${user ?? '-'}  ${what}`)
  const more = lines.length > SHOWN ? [`  and ${lines.length - SHOWN} more`] : []
  return [...lines.slice(0, SHOWN), ...more].join('\n')
}
