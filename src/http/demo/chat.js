// The text beside the talk. Messages go over the data channel; while that is
// not open, or when it swallowed one, the server carries them. Each has an id,
// so one that took both ways is shown once.

import { tabStore } from '/demo/identity.js';

const KEPT = 'qala.chat';
const CONFIRM_MS = 2500;

export class Chat {
  #sessionId;
  #call = null;
  #ask;
  #onChange;
  #seen = new Set();
  #unconfirmed = new Map(); // id -> {content, timer}
  #lastSequence = 0;
  /** `{id, mine, content, at, failed?}`, oldest first. */
  messages = [];

  /** `ask(event, payload)` reaches the server and gives its answer. */
  constructor({ sessionId, ask, onChange }) {
    this.#sessionId = sessionId;
    this.#ask = ask;
    this.#onChange = onChange;
    this.#recall();
  }

  set call(call) {
    this.#call = call;
  }

  send(content) {
    const id = newId();
    this.#show({ id, mine: true, content, at: Date.now() });
    if (this.#call?.sendText({ id, content })) {
      const timer = setTimeout(() => this.#byServer(id, content), CONFIRM_MS);
      this.#unconfirmed.set(id, { content, timer });
    } else {
      this.#byServer(id, content);
    }
  }

  /** An object from the data channel: a message, or that ours arrived. */
  heard({ id, content, got }) {
    if (got) {
      clearTimeout(this.#unconfirmed.get(got)?.timer);
      this.#unconfirmed.delete(got);
    } else if (typeof content === 'string') {
      if (id) this.#call?.sendText({ got: id });
      this.#show({ id: id ?? newId(), mine: false, content, at: Date.now() });
    }
  }

  /** A `chat:message` of the server. */
  delivered({ sequence, clientMessageId, content, timestamp }, mine) {
    this.#lastSequence = Math.max(this.#lastSequence, sequence ?? 0);
    const at = new Date(timestamp ?? Date.now()).getTime();
    this.#show({ id: clientMessageId ?? `${this.#sessionId}:${sequence}`, mine, content, at });
  }

  /** Fetches what the server carried while this page was away. */
  async catchUp(userId) {
    const answer = await this.#ask('chat:sync', { sessionId: this.#sessionId, after: this.#lastSequence });
    for (const message of answer.messages ?? []) this.delivered(message, message.from === userId);
  }

  close() {
    for (const { timer } of this.#unconfirmed.values()) clearTimeout(timer);
    tabStore.removeItem(KEPT);
  }

  async #byServer(id, content) {
    this.#unconfirmed.delete(id);
    const answer = await this.#ask('chat:send', { sessionId: this.#sessionId, content, clientMessageId: id });
    if (answer.success) return;
    const message = this.messages.find((each) => each.id === id);
    if (message) message.failed = answer.error ?? 'not sent';
    this.#changed();
  }

  #show(message) {
    if (this.#seen.has(message.id)) return;
    this.#seen.add(message.id);
    this.messages.push(message);
    this.#changed();
  }

  #changed() {
    // What went from page to page is nowhere else: kept for a reload.
    tabStore.setItem(KEPT, JSON.stringify({
      sessionId: this.#sessionId, lastSequence: this.#lastSequence, messages: this.messages.slice(-100),
    }));
    this.#onChange();
  }

  #recall() {
    try {
      const kept = JSON.parse(tabStore.getItem(KEPT));
      if (kept?.sessionId !== this.#sessionId) return;
      this.messages = kept.messages;
      this.#lastSequence = kept.lastSequence;
      for (const { id } of this.messages) this.#seen.add(id);
    } catch {
      // Nothing usable was kept: the log starts empty.
    }
  }
}

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
