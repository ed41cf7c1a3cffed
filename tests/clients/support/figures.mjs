// Figures of latency, and what they cost: for the scripts that are run by hand.
import { readFileSync } from 'node:fs'

/** The value below which this share of all lies. */
function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
}

/** One line: the name, then p50, p99 and max of these milliseconds. */
export function report(name, values) {
  const sorted = values.toSorted((x, y) => x - y)
  const ms = (value) => `${value.toFixed(2)} ms`.padStart(10)
  const shown = { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: sorted.at(-1) }
  const columns = Object.entries(shown).map(([label, value]) => `${label}${ms(value)}`)
  console.log(`${name.padEnd(28)} ${columns.join('   ')}`)
}

/** Milliseconds of processor time that a process has used so far. The kernel counts hundredths of a second. */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Calls `act(n)` for n = 0 .. count - 1, the n-th `n / perSecond` seconds after the start, or as soon after as this
 * process comes to it. Resolves when all are done: how late each was, ms, and the rate that came of it. */
export function openLoop(perSecond, count, act) {
  const late = []
  const began = performance.now()
  const due = (n) => began + (n * 1_000) / perSecond
  return new Promise((done) => {
    const turn = () => {
      for (let now = performance.now(); late.length < count && due(late.length) <= now; now = performance.now()) {
        const n = late.length
        late.push(now - due(n))
        act(n, due(n))
      }
      if (late.length < count) setTimeout(turn, Math.max(0, due(late.length) - performance.now()))
      else done({ late, rate: ((count - 1) * 1_000) / (performance.now() - began) })
    }
    turn()
  })
}
