// What was broken when, as the audit has to know it: while a node or Redis is away nobody can be told anything,
// and for how long that excuses what is still untold. Pure.
//
// A fault: `{what, from, until, node}`. `node` is the name of the one that was away, or null where all were
// concerned. A node that is killed is away for a moment only: its people are elsewhere right after.

/** What nobody may be left in for longer, on a healthy service. */
export const LIMIT_MS = 5_000
/** In this time others learn that a node is away. */
export const NODE_MS = 6_000

/** What two people are told so near to each other says nothing about what was first. */
export const TELLING_MS = 1_000

/** Until when something that began at `from` must be over, for people on these nodes. */
export function deadline(faults, from, nodes, limit = LIMIT_MS) {
  let latest = from + limit
  for (const fault of faults.toSorted((one, other) => one.from - other.from)) {
    const noticed = fault.node === null ? fault.from : fault.from + NODE_MS
    const concerns = fault.node === null || nodes.includes(fault.node)
    const over = concerns ? Math.max(fault.until + limit, noticed) : noticed
    if (fault.from <= latest && over > from) latest = Math.max(latest, over)
  }
  return latest
}

/** Whether Redis lost what it had been told before `at`, of what it had acknowledged. */
export const isForgotten = (faults, at) => faults.some(({ forgets, until }) => forgets && at <= until)
