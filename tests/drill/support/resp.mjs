// What a Redis is asked by the drills themselves: one connection, one question at a time.
import net from 'node:net'
import { bounded } from '../../clients/support/server.mjs'

const ANSWER_MS = 5_000

/** The reply that begins at `from`: `[value, next]`, or nothing while a part of it is missing. */
function parse(buffer, from) {
  const end = buffer.indexOf('\r\n', from)
  if (end < 0) return undefined
  const [kind, head, next] = [buffer.toString('latin1', from, from + 1), buffer.toString('utf8', from + 1, end), end + 2]
  if (kind === '+') return [head, next]
  if (kind === '-') return [new Error(head), next]
  if (kind === ':') return [Number(head), next]
  const length = Number(head)
  if (length < 0) return [null, next]
  if (kind === '$') {
    return buffer.length < next + length + 2 ? undefined : [buffer.toString('utf8', next, next + length), next + length + 2]
  }
  return parseList(buffer, next, length)
}

function parseList(buffer, from, length) {
  const values = []
  let at = from
  while (values.length < length) {
    const parsed = parse(buffer, at)
    if (!parsed) return undefined
    values.push(parsed[0])
    at = parsed[1]
  }
  return [values, at]
}

const written = (words) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`).join('')}`

/** The answer of the server on that port; an error it answers is thrown. */
export async function ask(port, ...words) {
  const socket = net.connect(port, '127.0.0.1')
  const answer = new Promise((done, failed) => {
    let received = Buffer.alloc(0)
    socket.once('error', failed).once('close', () => failed(new Error(`${port} closed the connection`)))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const parsed = parse(received, 0)
      if (!parsed) return
      if (parsed[0] instanceof Error) failed(parsed[0])
      else done(parsed[0])
    })
    socket.write(written(words))
  })
  try {
    return await bounded(answer, ANSWER_MS, () => `${port} did not answer ${words[0]}`)
  } finally {
    socket.destroy()
  }
}
