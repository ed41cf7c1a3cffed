// How long two people wait for each other's names. Run by hand, against a release build:
//
//   cargo build --release
//   QALA_BIN=target/release/qala node tests/clients/match-latency.mjs [rounds]
//
// Per round two official socket.io clients with complementary languages; the clock starts when the second one
// sends its join and stops when each side has `matching:match_found`. Client and server share this machine.
import { report } from './support/figures.mjs'
import { NO_LIMITS, Server } from './support/server.mjs'
import { User } from './support/client.mjs'
import { languages, wish } from './support/matching.mjs'

const ROUNDS = Number(process.argv[2] ?? 200)
const WARM_UP = 20

/** One meeting of two fresh guests: milliseconds at the first and at the second one. */
async function round(server) {
  const [native, target] = languages()
  const [first, second] = await Promise.all([new User(server.url).connect(), new User(server.url).connect()])
  try {
    await first.do('matching:join_queue', wish(native, target))
    const began = performance.now()
    const at = async (user) => {
      await user.next('matching:match_found')
      return user.log.find(({ event }) => event === 'matching:match_found').at - began
    }
    const both = Promise.all([at(first), at(second)])
    second.emit('matching:join_queue', wish(target, native), () => {})
    return await both
  } finally {
    first.close()
    second.close()
  }
}

const server = new Server(NO_LIMITS)
await server.start()
try {
  for (let n = 0; n < WARM_UP; n += 1) await round(server)
  const rounds = []
  for (let n = 0; n < ROUNDS; n += 1) rounds.push(await round(server))
  console.log(`${ROUNDS} meetings, from the second one's join to match_found`)
  report('first one', rounds.map(([first]) => first))
  report('second one', rounds.map(([, second]) => second))
  report('the later', rounds.map((both) => Math.max(...both)))
} finally {
  await server.finish()
}
