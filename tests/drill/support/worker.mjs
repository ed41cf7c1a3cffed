// A process full of people. It does what its parent asks and ends with it.
import { LONELY, Person } from './person.mjs'

const people = []

const COMMANDS = {
  /** So many more people, spread over the nodes; of `lonely` of them, each waits for somebody who never comes. */
  start: ({ urls, count, lonely }) => {
    for (let n = 0; n < count; n += 1) people.push(new Person(urls, n, n < lonely ? [LONELY] : undefined))
  },
  quiet: () => people.forEach((person) => person.quiet()),
  /** How things stand with each of them. */
  states: () => people.map(({ id, state, match }) => ({ user: id, state, sessionId: match?.sessionId ?? null })),
  catchUp: () => Promise.all(people.map((person) => person.catchUp())).then(() => {}),
  depart: () => Promise.all(people.map((person) => person.depart())).then(() => {}),
  logs: () => people.map(({ id, log }) => ({ user: id, log })),
}

process.on('message', async ({ number, command, detail }) => {
  process.send({ number, answer: await COMMANDS[command](detail) })
})
process.on('disconnect', () => process.exit())
