// Everybody who takes part in a drill, in a few processes of their own: the one that times the faults must not
// be busy with five hundred conversations.
import { fork } from 'node:child_process'
import { bounded } from '../../clients/support/server.mjs'

const WORKER = new URL('worker.mjs', import.meta.url)
const ANSWER_MS = 60_000

export class Crowd {
  #workers
  #waiting = new Map()
  #asked = 0

  constructor(processes) {
    this.#workers = Array.from({ length: processes }, () => this.#fork())
  }

  /** Gives everybody a place; each talks to the nodes in turn. So many `lonely` ones wait all the time. */
  async start(urls, count, lonely = 0) {
    const share = Math.ceil(count / this.#workers.length)
    await this.#all('start', { urls, count: share, lonely: Math.ceil(lonely / this.#workers.length) })
    return share * this.#workers.length
  }

  quiet() {
    return this.#all('quiet')
  }

  /** `{user, state, sessionId}` of everybody. */
  async states() {
    return (await this.#all('states')).flat()
  }

  catchUp() {
    return this.#all('catchUp')
  }

  depart() {
    return this.#all('depart')
  }

  /** `{user, log}` of everybody. */
  async logs() {
    return (await this.#all('logs')).flat()
  }

  end() {
    for (const worker of this.#workers) worker.kill('SIGKILL')
  }

  #fork() {
    const worker = fork(WORKER, { serialization: 'advanced' })
    worker.on('message', ({ number, answer }) => {
      this.#waiting.get(number)(answer)
      this.#waiting.delete(number)
    })
    return worker
  }

  #all(command, detail) {
    return Promise.all(this.#workers.map((worker) => this.#tell(worker, command, detail)))
  }

  #tell(worker, command, detail) {
    const number = (this.#asked += 1)
    const answer = new Promise((done) => this.#waiting.set(number, done))
    worker.send({ number, command, detail })
    return bounded(answer, ANSWER_MS, () => `a process of clients did not answer ${command}`)
  }
}
