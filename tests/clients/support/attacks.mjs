// The attacks of published advisories, each as its proof of concept does it or as its fix tells. Every one is tried on
// a real server over real sockets; whoever runs them looks afterwards whether anybody else noticed.
import assert from 'node:assert/strict'
import { Wire, entered, frame, head, holdsNoMore, pollingSession, post, threads, upgrade } from './attack.mjs'
import { range } from './matching.mjs'

/** One message may hold 64 KiB: pieces of that size come close to it. */
const PIECE = 60_000
/** Twice what the server may hold more than before, in such pieces. */
const MANY = 1_000
/** The same in one. */
const MEGABYTES = 64_000_000

/** The socket may go on, which its answer shows, or be closed: never neither. */
async function goesOnOrEnds(wire) {
  await wire.write(frame('4277["heartbeat"]'))
  await Promise.race([wire.says('4377['), wire.closed()])
}

/** Sends messages on a connection that has entered, and then one so many times, until it is closed or all are sent. */
async function frames(t, server, list, again = { times: 0 }) {
  const wire = await entered(t, server)
  const last = again.times > 0 && frame(again.data)
  for (const bytes of [...list.map((data) => frame(data)), ...range(again.times).map(() => last)]) {
    if (!(await wire.write(bytes))) return wire
  }
  await goesOnOrEnds(wire)
  return wire
}

const PIECES = { data: Buffer.alloc(PIECE), times: MANY }

/** A body that has no announced end, and grows until it is refused. */
async function* endless(piece, most) {
  for (let n = 0; n < most; n += 1) yield Buffer.alloc(piece, 'x')
}

export const corsMisconfiguration = async (t, server) => {
  for (const origin of ['https://evil.example.com', 'null', 'https://app.example.com.evil.com', 'http://app.example.com']) {
    const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } })
    assert.equal(response.status, 403, origin)
    assert.equal(response.headers.get('access-control-allow-origin'), null, origin)
    const wire = await upgrade(t, server, { headers: { Origin: origin } })
    assert.equal(await wire.answered(), 403, origin)
  }
}

export const bodyWithoutEnd = async (t, server) => {
  await holdsNoMore(server, async () => {
    for (const _ of range(5)) {
      const status = await post(server, await pollingSession(server), endless(PIECE, 1_000))
      assert.ok(status === undefined || status >= 400, String(status))
    }
  })
}

export const digitsWithoutEnd = async (t, server) => {
  await holdsNoMore(server, async () => {
    for (const digits of ['1', '9']) {
      await frames(t, server, [`45${digits.repeat(PIECE)}-["x"]`])
      await frames(t, server, [`42${digits.repeat(PIECE)}["heartbeat"]`])
    }
  })
}

export const protocolHeaderOfSpaces = async (t, server) => {
  const wire = await upgrade(t, server, { headers: { 'Sec-WebSocket-Protocol': `b${' '.repeat(30_000)}x` } })
  await wire.answered()
}

export const reservedBits = async (t, server) => {
  for (const rsv of [1, 2, 4, 7]) {
    const early = await upgrade(t, server)
    await early.write(frame('40{}', { rsv }))
    await early.closed()
    const late = await entered(t, server)
    await late.write(frame('42["heartbeat"]', { rsv }))
    await late.closed()
  }
  for (const options of [{ opcode: 3 }, { opcode: 11 }, { masked: false }, { opcode: 0 }, { opcode: 9, fin: false }]) {
    const wire = await entered(t, server)
    await wire.write(frame('42["heartbeat"]', options))
    await wire.closed()
  }
}

export const placeholderOfAnotherType = async (t, server) => {
  for (const num of ['"splice"', '"__proto__"', '-1', '1.5', '1e9', '{}', 'null']) {
    await frames(t, server, [`451-77["chat:send",{"_placeholder":true,"num":${num}}]`, Buffer.from('x')])
  }
}

export const resetDuringUpgrade = async (t, server) => {
  for (const query of ['EIO=4&transport=websocket', 'EIO=4&transport=websocket&sid=nobody', 'EIO=4&transport=polling']) {
    for (const _ of range(20)) (await upgrade(t, server, { query })).socket.resetAndDestroy()
  }
}

export const transportsOfTheLanguage = async (t, server) => {
  for (const transport of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'websocket%00', 'webtransport']) {
    for (const query of [`EIO=4&transport=${transport}`, `EIO=4&transport=${transport}&sid=${await pollingSession(server)}`]) {
      const status = await (await upgrade(t, server, { query })).answered()
      assert.ok(status >= 400 && status < 500, `${query}: ${status}`)
    }
  }
}

export const eventNamesOfTheLanguage = async (t, server) => {
  for (const name of ['{"toString":"foo"}', '{"toString":1,"length":1}', 'null', '["a"]', '"__proto__"', '"constructor"', '"hasOwnProperty"']) {
    await frames(t, server, [`42[${name}]`, `4278[${name},{}]`])
  }
}

export const reservedEvents = async (t, server) => {
  for (const name of ['error', 'connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']) {
    const wire = await frames(t, server, [`42["${name}"]`, `4278["${name}",{}]`])
    if (!wire.socket.destroyed) assert.match(wire.text, /4378\[\{"success":false/, name)
  }
}

export const manyHeaders = async (t, server) => {
  const headers = Object.fromEntries(range(2_000).map((n) => [`X-${n}`, 'x']))
  const status = await (await upgrade(t, server, { headers })).answered()
  assert.ok(status === undefined || (status >= 400 && status < 500), String(status))
}

export const attachmentsWithoutEnd = async (t, server) => {
  const placeholders = range(MANY).map((num) => `{"_placeholder":true,"num":${num}}`)
  await holdsNoMore(server, async () => {
    for (const announced of [MANY, 9_999_999_999]) await frames(t, server, [`45${announced}-["x",${placeholders}]`], PIECES)
  })
}

export const attachmentsOfNone = async (t, server) => {
  await holdsNoMore(server, () => frames(t, server, ['450-["x",{}]'], PIECES))
}

export const closingSaysNoMore = async (t, server) => {
  for (const wrong of [frame('x', { rsv: 4 }), frame(Buffer.from([0xff]), { opcode: 1 }), frame('x'.repeat(70_000)), frame(Buffer.from([3]), { opcode: 8 })]) {
    const wire = await entered(t, server)
    const before = wire.heard.length
    await wire.write(wrong)
    await wire.closed()
    const said = wire.heard.subarray(before)
    // A close frame has a code and a reason for people, or nothing; an Engine.IO noop or close may stand before it.
    const readable = [...said].filter((byte, at) => said[at - 1] !== 0x88 && byte >= 0x20 && byte < 0x7f).length
    assert.ok(said.length <= 256 && readable >= said.length - 12, said.toString('hex'))
  }
}

export const tinyFragments = async (t, server) => {
  await holdsNoMore(server, async () => {
    for (const piece of ['', 'x']) {
      const wire = await entered(t, server)
      const many = Buffer.concat(range(10_000).map(() => frame(piece, { opcode: 0, fin: false })))
      await wire.write(frame(piece, { fin: false }))
      for (const _ of range(50)) if (!(await wire.write(many))) break
      wire.socket.destroy()
    }
  })
}

export const binaryBodies = async (t, server) => {
  const sid = await pollingSession(server)
  for (const type of ['application/octet-stream', 'application/x-www-form-urlencoded', 'image/png', '']) {
    // Each is answered: none stays open, as the advisory has it.
    for (const body of ['40{}', '', 'b', Buffer.from([0xff, 0x00, 0x34])]) await post(server, sid, body, { 'content-type': type })
  }
  await holdsNoMore(server, async () => {
    const type = { 'content-type': 'application/octet-stream' }
    for (const _ of range(MANY / 10)) {
      await Promise.all(range(10).map(async () => post(server, await pollingSession(server), Buffer.alloc(PIECE), type)))
    }
  })
}

export const pathsOfFiles = async (t, server) => {
  for (const path of ['/demo/../../Cargo.toml', '/demo/..%2f..%2fCargo.toml', '/demo/%2e%2e/%2e%2e/etc/passwd', '/demo//etc/passwd', '/demo/vendor/../../mod.rs']) {
    const wire = new Wire(t, server)
    await wire.write(head(path, { Connection: 'close' }))
    assert.equal(await wire.answered(), 404, path)
  }
  const wire = await frames(t, server, ['4278["socket.io-file::createFile",{"name":"../../x.js","type":"text/plain"}]'])
  assert.match(wire.text, /4378\[\{"success":false,.*"unknown_event"/)
}

export const pongsOutOfTurn = async (t, server) => {
  const before = threads(server)
  const pongs = Buffer.concat(range(5_000).map(() => frame('3')))
  for (const _ of range(10)) {
    const wire = await entered(t, server)
    await wire.write(pongs)
    assert.ok(threads(server) <= before + 4, `${threads(server)} threads, ${before} before`)
    wire.socket.destroy()
  }
}

export const messagesOfMegabytes = async (t, server) => {
  await holdsNoMore(server, async () => {
    for (const data of ['x'.repeat(MEGABYTES), Buffer.alloc(MEGABYTES)]) {
      const wire = await entered(t, server)
      await wire.write(frame(data))
      await wire.closed()
    }
    // Before anybody is known, and announced only.
    const wire = await upgrade(t, server)
    await wire.write(frame('x'.repeat(70_000)).subarray(0, 14))
    await wire.closed()
  })
}

export const messagePack = async (t, server) => {
  const nested = Buffer.alloc(PIECE, 0x91)
  for (const bytes of [nested, Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]), Buffer.from('84a474797065', 'hex')]) await frames(t, server, [bytes])
}

export const packetsCutInCharacters = async (t, server) => {
  for (const body of ['é', '4é', '\u001eé', 'b', 'bé', 'b=', '4\u001e', '\u001e\u001e', '💥', '42["é', Buffer.from([0xc3]), Buffer.from([0x34, 0xf0, 0x9f])]) {
    const status = await post(server, await pollingSession(server), body)
    assert.ok(status === 200 || status === 400, `${body}: ${status}`)
    await frames(t, server, [body])
  }
}

export const upgradeNeverCompleted = async (t, server) => {
  const sids = await Promise.all(range(50).map(() => pollingSession(server)))
  for (const sid of sids) {
    const wire = await upgrade(t, server, { query: `EIO=4&transport=websocket&sid=${sid}` })
    await wire.write(frame('2probe'))
  }
  for (const sid of sids) {
    // The server of this table gives a session a second to say who it is.
    let status = 200
    while (status === 200) {
      await new Promise((done) => setTimeout(done, 50))
      status = await post(server, sid, '3')
    }
    assert.equal(status, 400)
  }
}

export const olderProtocol = async (t, server) => {
  for (const transport of ['polling', 'websocket']) {
    const query = `EIO=3&transport=${transport}`
    const wire = await upgrade(t, server, { query })
    const status = await wire.answered()
    assert.ok(status >= 400 && status < 500, `${query}: ${status}`)
  }
}

export const draftsOfWebSocket = async (t, server) => {
  for (const headers of [
    { 'Sec-WebSocket-Version': '8' }, { 'Sec-WebSocket-Version': '0' }, { 'Sec-WebSocket-Version': '' },
    { 'Sec-WebSocket-Key1': '4 @1  46546xW%0l 1 5', 'Sec-WebSocket-Key2': '12998 5 Y3 1  .P00', 'Sec-WebSocket-Version': '', 'Sec-WebSocket-Key': '' },
  ]) {
    const status = await (await upgrade(t, server, { headers })).answered()
    assert.ok(status >= 400 && status < 500, `${JSON.stringify(headers)}: ${status}`)
  }
}

export const compression = async (t, server) => {
  const wire = await upgrade(t, server, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' } })
  assert.equal(await wire.answered(), 101)
  assert.doesNotMatch(wire.text, /sec-websocket-extensions/i)
}

export const cookies = async (t, server) => {
  for (const path of ['/', '/health', '/socket.io/?EIO=4&transport=polling']) {
    const response = await fetch(server.url + path, { headers: { cookie: 'io=x; token=x; session=x' } })
    assert.equal(response.headers.get('set-cookie'), null, path)
  }
}
