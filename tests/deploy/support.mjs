// A real Prometheus over nodes that run, for the dashboards and alerts of deploy/.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../clients/support/redis-servers.mjs'
import { bounded } from '../clients/support/server.mjs'

const ALERTS = fileURLToPath(new URL('../../deploy/prometheus/alerts.yml', import.meta.url))
const CONFIGURATION = fileURLToPath(new URL('../../deploy/prometheus/prometheus.yml', import.meta.url))
const START_MS = 20_000

/** A Prometheus that asks these servers every second, under the name of the job that deploy/ gives it. */
export class Prometheus {
  #directory = mkdtempSync(join(tmpdir(), 'qala-prometheus-'))
  #child
  #exit
  #port
  #said = ''

  constructor(servers) {
    this.servers = servers
  }

  async start() {
    this.#port = await freePort()
    const [, job] = /job_name: (\S+)/.exec(readFileSync(CONFIGURATION, 'utf8'))
    const targets = this.servers.map(({ port }) => `127.0.0.1:${port}`)
    // JSON is YAML.
    const configuration = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [ALERTS],
      scrape_configs: [{ job_name: job, static_configs: [{ targets }] }],
    }
    const file = join(this.#directory, 'prometheus.yml')
    writeFileSync(file, JSON.stringify(configuration))
    const flags = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(this.#directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${this.#port}`,
      '--log.level=warn',
    ]
    const child = spawn('prometheus', flags, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text) => (this.#said += text))
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    this.#exit = new Promise((done) => {
      child.once('error', (error) => done((this.#said += error.message)))
      child.once('exit', () => {
        process.removeListener('exit', kill)
        done()
      })
    })
    const up = async () => {
      const scraped = async () => (await this.ask('query', { query: 'sum(up)' })).result[0]?.value[1]
      while ((await scraped().catch(() => '0')) !== String(targets.length)) await sleep(100)
    }
    await bounded(up(), START_MS, () => `Prometheus is not ready (scripts/setup installs it); it said:\n${this.#said}`)
  }

  /** The `data` of an answer of its API, which must be a success. */
  async ask(path, parameters = {}) {
    const query = new URLSearchParams(parameters)
    const response = await fetch(`http://127.0.0.1:${this.#port}/api/v1/${path}?${query}`)
    const { status, data, error } = await response.json()
    assert.equal(status, 'success', `${path} ${query}: ${error}`)
    return data
  }

  async finish() {
    this.#child?.kill('SIGTERM')
    await this.#exit
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
