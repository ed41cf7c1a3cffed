// One WebRTC call: the peer connection, its data channel, and starting both
// afresh when the other page was reloaded or the path broke.
//
// Who is named initiator by the server makes the offers, always; the other
// side answers, and builds a fresh connection whenever an offer comes. So
// there is no glare to resolve.

import { readQuality } from '/demo/quality.js';

const CONNECT_MS = 12000; // Longer than this without a path: start afresh.
const ASK_MS = 20000; // The other side asks later, so that the initiator leads.
const INTERRUPTED_MS = 5000; // What a path may take to heal by itself.
const PROBE_MS = 1200; // What an intact channel may take to answer.
const OFFER_WAIT_MS = 4000;
const ATTEMPTS = 3;

export class Call {
  #peer = null;
  #channel = null;
  #early = []; // Candidates that came before the remote description.
  #work = Promise.resolve(); // Signals are applied one after the other.
  #attempt = 0; // Names an offer, so that a late answer to an old one is seen.
  #tries = 0;
  #offeredAt = -Infinity;
  #timer;
  #probed = null;
  #reading = null;
  #closed = false;

  /**
   * `send(event, payload)` reaches the other page through the server.
   * `events`: onState('connecting' | 'connected' | 'interrupted' | 'failed'),
   * onStream(stream), onChannel(open), onText(object).
   */
  constructor({ sessionId, initiator, iceServers, tracks, send, events }) {
    Object.assign(this, { sessionId, initiator, iceServers, tracks, send, events });
  }

  /** Initiator: offers. Other side: waits, and asks if nothing comes. */
  start() {
    this.events.onState('connecting');
    if (this.initiator) this.#enqueue(() => this.#offer());
    else this.#arm(OFFER_WAIT_MS, () => this.#peer || this.#again());
  }

  /** One relayed signal, by its event name. */
  receive(name, payload) {
    if (name === 'webrtc:offer') this.#enqueue(() => this.#answer(payload.offer));
    if (name === 'webrtc:answer') this.#enqueue(() => this.#accept(payload.answer));
    if (name === 'webrtc:ice_candidate') this.#enqueue(() => this.#candidate(payload.candidate));
    if (name === 'webrtc:signal' && payload.type === 'restart' && this.initiator) this.#askedAgain();
    if (name === 'webrtc:signal' && payload.type === 'failed' && !this.initiator) this.#giveUp();
  }

  /** The other one came back: if their page is still the same, nothing to do. */
  async checkAlive() {
    if (this.sendText({ probe: true })) {
      const answered = await new Promise((resolve) => {
        this.#probed = () => resolve(true);
        setTimeout(() => resolve(false), PROBE_MS);
      });
      if (answered || this.#closed) return;
    }
    this.restart();
  }

  restart() {
    this.#tries = 0;
    this.#again();
  }

  /** Sends an object over the data channel; false when it is not open. */
  sendText(object) {
    if (this.#channel?.readyState !== 'open') return false;
    this.#channel.send(JSON.stringify(object));
    return true;
  }

  get channelOpen() {
    return this.#channel?.readyState === 'open';
  }

  get connectionState() {
    return this.#peer?.connectionState ?? 'new';
  }

  /** The quality now, or null before there is a connection. */
  async quality() {
    if (!this.#peer || this.#closed) return null;
    this.#reading = await readQuality(this.#peer, this.#reading);
    return this.#reading;
  }

  replaceTrack(kind, track) {
    this.tracks = [...this.tracks.filter((old) => old.kind !== kind), track];
    this.#peer?.getSenders().find((sender) => sender.track?.kind === kind)?.replaceTrack(track);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #askedAgain() {
    // The request may have crossed an offer that is already on its way.
    if (performance.now() - this.#offeredAt > INTERRUPTED_MS) this.#again();
  }

  #giveUp() {
    clearTimeout(this.#timer);
    this.events.onState('failed');
    if (this.initiator) this.send('webrtc:signal', { signal: { failed: true }, type: 'failed' });
  }

  #again() {
    if (this.#closed) return;
    this.#tries += 1;
    if (this.#tries > ATTEMPTS) {
      this.#giveUp();
    } else if (this.initiator) {
      this.events.onState('connecting');
      this.#enqueue(() => this.#offer());
    } else {
      this.send('webrtc:signal', { signal: { restart: true }, type: 'restart' });
      this.#arm(ASK_MS, () => this.#again());
    }
  }

  async #offer() {
    this.#offeredAt = performance.now();
    const peer = this.#fresh();
    this.#take(peer.createDataChannel('chat'));
    await peer.setLocalDescription();
    this.#attempt += 1;
    this.send('webrtc:offer', { offer: { ...describe(peer), attempt: this.#attempt } });
  }

  async #answer(offer) {
    const early = this.#peer?.remoteDescription ? [] : this.#early;
    const peer = this.#fresh();
    this.#early = early;
    await peer.setRemoteDescription(offer);
    await this.#addEarly();
    await peer.setLocalDescription();
    this.send('webrtc:answer', { answer: { ...describe(peer), attempt: offer.attempt } });
  }

  async #accept(answer) {
    if (this.#peer?.signalingState !== 'have-local-offer') return;
    if (answer.attempt !== undefined && answer.attempt !== this.#attempt) return;
    await this.#peer.setRemoteDescription(answer);
    await this.#addEarly();
  }

  async #candidate(candidate) {
    if (!candidate) return;
    if (this.#peer?.remoteDescription) await this.#add(candidate);
    else this.#early.push(candidate);
  }

  async #addEarly() {
    for (const candidate of this.#early.splice(0)) await this.#add(candidate);
  }

  async #add(candidate) {
    // A candidate of a connection that was replaced meanwhile is refused by
    // the browser; it is of no use any more, so that is no failure.
    await this.#peer.addIceCandidate(candidate).catch(() => {});
  }

  #fresh() {
    this.#drop();
    const peer = new RTCPeerConnection({ iceServers: this.iceServers ?? [] });
    this.#peer = peer;
    const stream = new MediaStream();
    for (const track of this.tracks) peer.addTrack(track, stream);
    peer.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.candidate) this.send('webrtc:ice_candidate', { candidate: candidate.toJSON() });
    });
    peer.addEventListener('track', ({ streams, track }) => this.events.onStream(streams[0] ?? new MediaStream([track])));
    peer.addEventListener('datachannel', ({ channel }) => channel.label === 'chat' && this.#take(channel));
    peer.addEventListener('connectionstatechange', () => peer === this.#peer && this.#changed());
    this.#arm(this.initiator ? CONNECT_MS : ASK_MS, () => this.#again());
    return peer;
  }

  #changed() {
    const state = this.#peer.connectionState;
    if (state === 'connected') {
      clearTimeout(this.#timer);
      this.#tries = 0;
      this.events.onState('connected');
      this.send('webrtc:connection_ready', {});
    } else if (state === 'disconnected') {
      this.events.onState('interrupted');
      this.#arm(INTERRUPTED_MS, () => this.#again());
    } else if (state === 'failed') {
      this.#again();
    }
  }

  #take(channel) {
    this.#channel = channel;
    const changed = () => channel === this.#channel && this.events.onChannel(channel.readyState === 'open');
    channel.addEventListener('open', changed);
    channel.addEventListener('close', changed);
    channel.addEventListener('message', ({ data }) => this.#heard(data));
  }

  #heard(data) {
    let object;
    try {
      object = JSON.parse(data);
    } catch {
      object = null;
    }
    // Another kind of page may send bare text over the channel.
    if (object === null || typeof object !== 'object') object = { content: String(data) };
    if (object.probe) this.sendText({ probed: true });
    else if (object.probed) this.#probed?.();
    else this.events.onText(object);
  }

  #drop() {
    const peer = this.#peer;
    const channel = this.#channel;
    this.#peer = null;
    this.#channel = null;
    this.#early = [];
    this.#reading = null;
    peer?.close();
    if (channel) this.events.onChannel(false);
  }

  #arm(delay, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, delay);
  }

  #enqueue(step) {
    this.#work = this.#work.then(() => (this.#closed ? undefined : step())).catch((error) => {
      // A broken description or a connection closed under our hands: the
      // timer of this attempt starts the next one.
      console.info(`call: ${error.message}`);
    });
  }
}

const describe = ({ localDescription: { type, sdp } }) => ({ type, sdp });
