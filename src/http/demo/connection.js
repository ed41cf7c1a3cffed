// The Socket.IO connection: who we are, whether it stands, events in and out.
// It knows nothing of matching; that is session.js.

import { io } from '/demo/vendor/socket.io.esm.min.js';
import { credentials } from '/demo/identity.js';

const ANSWER_MS = 8000;
const HEARTBEAT_MS = 30000;
const RETRY_MS = 2000;

/**
 * Phases given to `onPhase(phase, reason)`: `connecting`, `connected`,
 * `reconnecting`, `refused` (reason: the server's text), `replaced`.
 */
export class Connection {
  #socket;
  #onPhase;
  #log;
  #stayAway = false; // Replaced by another tab: coming back would push it out.
  #wasConnected = false;
  #retryAfter = RETRY_MS;
  #retryTimer;
  #clockOffset = 0;

  constructor({ onPhase, log }) {
    this.#onPhase = onPhase;
    this.#log = log;
    this.#socket = io({
      autoConnect: false,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      auth: (give) => give(credentials()), // Asked anew at each connection.
    });
    this.#watch();
    setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  get connected() {
    return this.#socket.connected;
  }

  /** Milliseconds since 1970 by the server's clock, as well as we know it. */
  now() {
    return Date.now() + this.#clockOffset;
  }

  on(name, handler) {
    this.#socket.on(name, (payload) => handler(payload ?? {}));
  }

  open() {
    clearTimeout(this.#retryTimer);
    this.#stayAway = false;
    this.#onPhase(this.#wasConnected ? 'reconnecting' : 'connecting');
    this.#socket.connect();
  }

  /** Closes and opens again, to be known under new credentials. */
  reopen() {
    this.#wasConnected = false;
    this.#socket.disconnect();
    this.open();
  }

  /** Sends without asking for an answer; kept while the connection is away. */
  send(name, payload) {
    this.#socket.emit(name, ...(payload === undefined ? [] : [payload]));
  }

  /** Sends and gives the answer; silence becomes a refusal, never an exception. */
  async ask(name, payload) {
    const args = payload === undefined ? [] : [payload];
    try {
      const answer = await this.#socket.timeout(ANSWER_MS).emitWithAck(name, ...args);
      this.#log('answer', name, [answer]);
      return answer ?? { success: false, error: 'The server gave an empty answer.' };
    } catch {
      const error = this.#socket.connected
        ? `The server did not answer within ${ANSWER_MS / 1000} s. Try again.`
        : 'The server cannot be reached at the moment. The page keeps trying.';
      this.#log('answer', name, [{ success: false, error }]);
      return { success: false, error, code: 'no_answer' };
    }
  }

  #watch() {
    const socket = this.#socket;
    socket.onAny((name, ...args) => this.#log('in', name, args));
    socket.onAnyOutgoing((name, ...args) => this.#log('out', name, args));
    socket.on('connect', () => {
      this.#log('in', 'connect', []);
      this.#wasConnected = true;
      this.#retryAfter = RETRY_MS;
      this.#onPhase('connected');
      this.#beat();
    });
    socket.on('connect_error', (error) => {
      this.#log('in', 'connect_error', [error.message]);
      // While `active`, the client retries by itself: the network is at fault.
      if (socket.active) this.#onPhase(this.#wasConnected ? 'reconnecting' : 'connecting', 'unreachable');
      else this.#onPhase('refused', error.message);
    });
    socket.on('server_shutdown', (payload) => {
      this.#retryAfter = payload?.retry_after_ms ?? RETRY_MS;
    });
    socket.on('replaced', () => {
      this.#stayAway = true;
      this.#onPhase('replaced');
      // The server closes; should it not, this tab goes by itself.
      setTimeout(() => this.#stayAway && socket.disconnect(), 500);
    });
    socket.on('disconnect', (reason) => {
      this.#log('in', 'disconnect', [reason]);
      if (this.#stayAway) return;
      this.#onPhase('reconnecting');
      // Closed by the server: the client library would wait for us to act.
      if (!socket.active) this.#retryTimer = setTimeout(() => this.open(), this.#retryAfter);
    });
  }

  async #beat() {
    if (!this.#socket.connected) return;
    const sent = Date.now();
    const answer = await this.ask('heartbeat');
    const arrived = Date.now();
    if (typeof answer.timestamp === 'number') this.#clockOffset = answer.timestamp - (sent + arrived) / 2;
  }
}
