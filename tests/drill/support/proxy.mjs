// Stands between one node and its Redis, and can be cut: then nothing gets through, and nobody is told so.
import net from 'node:net'

export class Proxy {
  port = 0
  #listener
  #pairs = new Set()
  #isCut = false

  /** In front of the server on that port. */
  async start(server) {
    this.#listener = net.createServer((client) => this.#relay(client, net.connect(server, '127.0.0.1')))
    await new Promise((done) => this.#listener.listen(0, '127.0.0.1', done))
    this.port = this.#listener.address().port
  }

  /** From now on every connection, new ones too, hangs: what is sent stays where it is. */
  cut() {
    this.#isCut = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  /** New connections work again; those that hung are closed, as a network does that has forgotten them. */
  mend() {
    this.#isCut = false
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  end() {
    this.#listener.close()
    this.mend()
  }

  #relay(client, server) {
    const pair = [client, server]
    this.#pairs.add(pair)
    const close = () => {
      this.#pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const [from, to] of [pair, pair.toReversed()]) {
      from.setNoDelay(true).on('error', close).on('close', close)
      from.on('data', (chunk) => to.write(chunk))
      if (this.#isCut) from.pause()
    }
  }
}
