// The drills' clock: milliseconds since 1970, the same in every process of this machine.

/** Now, with parts of a millisecond. */
export const now = () => performance.timeOrigin + performance.now()

export const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** A whole number from `least` to `most`, any of them. */
export const between = (least, most) => least + Math.floor(Math.random() * (most - least + 1))

/** Waits until `look()` is true; the instant, or an error after `ms`. */
export async function until(what, ms, look) {
  const began = now()
  while (!(await look())) {
    if (now() - began > ms) throw new Error(`not within ${ms} ms: ${what}`)
    await pause(20)
  }
  return now()
}
