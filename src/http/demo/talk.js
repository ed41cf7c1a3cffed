// One talk: the call, the chat and what the screen says about both. It lives
// from `matching:match_ready` (or a resumed session) until somebody leaves.

import { Call } from '/demo/call.js';
import { Chat } from '/demo/chat.js';

const QUALITY_MS = 10000;
const BACK_SHOWN_MS = 4000;

const CAPTIONS = {
  connecting: 'Connecting',
  interrupted: 'The picture is interrupted, trying again',
  failed: 'No path between the two of you. You can write, or choose Next',
};

export class Talk {
  #connection;
  #media;
  #onChange;
  #call = null;
  #early = []; // Signals that came before camera and call were ready.
  #timers = [];
  #closed = false;
  #callState = 'connecting';
  #backUntil = 0;

  /** True once the two were connected: from then on the state is `talking`. */
  wasConnected = false;
  path = null;
  rtt = null;
  channelOpen = false;
  awayUntil = null;
  remoteStream = null;
  /** What the other page says of its own switches. */
  theirs = { muted: false, cameraOff: false };

  /** `about`: sessionId, initiator, partner, partnerId, iceServers. */
  constructor({ about, connection, media, userId, early = [], onChange }) {
    this.about = about;
    this.userId = userId;
    this.#connection = connection;
    this.#media = media;
    this.#early = early;
    this.#onChange = () => this.#closed || onChange();
    this.chat = new Chat({
      sessionId: about.sessionId,
      ask: (name, payload) => connection.ask(name, payload),
      onChange: this.#onChange,
    });
  }

  async start() {
    const tracks = await this.#media.prepare(this.userId);
    if (this.#closed) return;
    this.#call = new Call({
      ...this.about,
      tracks,
      send: (name, payload) => this.#connection.send(name, { sessionId: this.about.sessionId, ...payload }),
      events: {
        onState: (state) => this.#callChanged(state),
        onStream: (stream) => { this.remoteStream = stream; this.#onChange(); },
        onChannel: (open) => { this.channelOpen = open; if (open) this.tellSwitches(); this.#onChange(); },
        onText: (object) => this.#heard(object),
      },
    });
    this.chat.call = this.#call;
    this.#call.start();
    for (const [name, payload] of this.#early.splice(0)) this.#call.receive(name, payload);
    this.#timers.push(setInterval(() => this.#measure(), QUALITY_MS));
    this.#onChange();
  }

  signal(name, payload) {
    if (this.#call) this.#call.receive(name, payload);
    else this.#early.push([name, payload]);
  }

  peerAway(graceMs) {
    this.awayUntil = Date.now() + (graceMs ?? 0);
    this.#onChange();
  }

  peerBack() {
    this.awayUntil = null;
    this.#backUntil = Date.now() + BACK_SHOWN_MS;
    this.#timers.push(setTimeout(this.#onChange, BACK_SHOWN_MS + 50));
    if (this.about.initiator) this.#call?.checkAlive();
    this.#onChange();
  }

  /** This page's own connection to the server came back. */
  ownReturn() {
    if (this.about.initiator) this.#call?.checkAlive();
    this.chat.catchUp(this.userId);
  }

  replaceTrack(kind, track) {
    this.#call?.replaceTrack(kind, track);
  }

  /** Tells the other page whether we are muted or without camera. */
  tellSwitches() {
    this.#call?.sendText({ switches: { muted: this.#media.muted, cameraOff: this.#media.cameraOff } });
  }

  get connectionState() {
    return this.#call?.connectionState ?? 'new';
  }

  async framesReceived() {
    return (await this.#call?.quality())?.framesDecoded ?? 0;
  }

  /** `{text, left?, tone}` for the caption; tone colours its dot, `left` counts down. */
  caption() {
    if (this.awayUntil !== null) {
      const left = Math.ceil((this.awayUntil - Date.now()) / 1000);
      return { tone: 'waiting', text: 'They are away', left: left > 0 ? `, their place is kept for ${left} s` : '' };
    }
    if (this.#callState !== 'connected') {
      const tone = this.#callState === 'failed' ? 'bad' : 'waiting';
      return { tone, text: CAPTIONS[this.#callState] };
    }
    const path = this.path === 'relay' ? 'Connected through a relay' : 'Connected directly';
    const back = Date.now() < this.#backUntil ? 'They are back. ' : '';
    return { tone: 'good', text: `${back}${path}` };
  }

  close() {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#call?.close();
    this.chat.close();
  }

  #callChanged(state) {
    if (this.#closed) return;
    this.#callState = state;
    if (state === 'connected') {
      this.wasConnected = true;
      this.#measure();
    }
    this.#onChange();
  }

  #heard(object) {
    if (this.#closed) return;
    if (object.switches) {
      this.theirs = { muted: Boolean(object.switches.muted), cameraOff: Boolean(object.switches.cameraOff) };
      this.#onChange();
    } else {
      this.chat.heard(object);
    }
  }

  async #measure() {
    const quality = await this.#call?.quality();
    if (!quality || this.#closed || this.#callState !== 'connected') return;
    this.path = quality.path ?? this.path;
    this.rtt = quality.report.rtt_ms ?? this.rtt;
    if (this.rtt !== null) this.#connection.send('connection:quality', { sessionId: this.about.sessionId, ...quality.report });
    this.#onChange();
  }
}
