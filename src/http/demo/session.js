// Where this person is: idle, waiting, proposed, or in a talk. Server events
// and buttons come in, `model` changes, `onChange` draws it.

import { hasMetSomebody, noteMeeting } from '/demo/identity.js';
import { forgetSearch, keepIceServers, keepSearch, recallIceServers, recallSearch } from '/demo/kept.js';
import { Talk } from '/demo/talk.js';
import * as words from '/demo/words.js';

const RESUME_MS = 3000; // The server says what it kept within this time, also what a dead node had.
const SETTLE_MS = 2500; // How long past its end a proposal may go unanswered.

const SIGNALS = ['webrtc:offer', 'webrtc:answer', 'webrtc:ice_candidate', 'webrtc:signal'];

export class Session {
  #connection;
  #media;
  #onChange;
  #early = []; // Signals of a proposal whose `match_ready` is still under way.
  #ended = new Set(); // Talks and the queue left for good, though perhaps unheard.
  #resumeTimer;
  #settleTimer;

  model = {
    state: 'idle', // idle | waiting | proposed | connecting | talking
    userId: null, guest: false, node: null, version: null,
    notice: null, // {text, actions?: [{label, run}]}
    formError: null, // {error, field?}
    search: null, // {wishes, since, joined, position, estimate, stage}
    proposal: null,
    talk: null,
    met: hasMetSomebody(),
  };

  constructor({ connection, media, onChange }) {
    this.#connection = connection;
    this.#media = media;
    this.#onChange = onChange;
    const on = (name, handler) => connection.on(name, (payload) => { handler.call(this, payload); this.#changed(); });
    on('session:welcome', this.#welcome);
    on('session:resumed', this.#resumed);
    on('session:peer_away', (event) => this.#talkOf(event)?.peerAway(event.graceMs));
    on('session:peer_back', (event) => this.#talkOf(event)?.peerBack());
    on('session:peer_left', (event) => this.#talkOf(event) && this.#toIdle(words.peerLeft(event.reason)));
    on('queue:position_update', this.#position);
    on('matching:match_found', this.#proposed);
    on('matching:match_accepted', (event) => { if (this.#proposalOf(event)) this.model.proposal.theyAccepted = true; });
    on('matching:match_ready', (event) => this.#proposalOf(event) && this.#beginTalk(this.model.proposal));
    on('matching:match_rejected', this.#rejected);
    on('chat:message', (event) => this.#talkOf(event)?.chat.delivered(event, event.from === this.model.userId));
    on('rate_limited', ({ retry_after_ms }) => this.#say(words.tooMany(retry_after_ms)));
    on('server_shutdown', () => this.#say('The server is about to restart. This page reconnects by itself.'));
    for (const name of SIGNALS) connection.on(name, (payload) => this.#signal(name, payload));
  }

  async find(wishes) {
    this.#ended.delete('queue');
    const search = { wishes, since: Date.now(), joined: false, position: null, estimate: null, stage: 0 };
    Object.assign(this.model, { state: 'waiting', search, notice: null, formError: null });
    this.#changed();
    this.#media.prepare(this.model.userId ?? 'qala');
    const answer = await this.#connection.ask('matching:join_queue', wishes);
    if (this.model.search !== search) return;
    if (answer.success) {
      search.joined = true;
      search.position ??= answer.queuePosition;
      search.estimate ??= answer.estimatedWait;
    } else {
      this.#toIdle();
      this.model.formError = { error: words.refusal(answer), field: answer.field };
    }
    this.#changed();
  }

  async cancel() {
    this.#ended.add('queue');
    this.#toIdle();
    this.#changed();
    const answer = await this.#connection.ask('matching:leave_queue');
    if (!answer.success) this.#say(answer.error);
  }

  async accept() {
    const { proposal } = this.model;
    if (!proposal || proposal.accepted) return;
    proposal.accepted = true;
    this.#changed();
    const { matchId, sessionId } = proposal;
    const answer = await this.#connection.ask('matching:accept_match', { matchId, sessionId });
    if (!answer.success && this.model.proposal === proposal) this.#settle(answer.error);
  }

  async reject() {
    const { proposal } = this.model;
    if (!proposal || proposal.declined) return;
    proposal.declined = true;
    this.#changed();
    const answer = await this.#connection.ask('matching:reject_match', { matchId: proposal.matchId });
    if (this.model.proposal !== proposal) return;
    // `match_rejected` says whether the search goes on; without it, it does not.
    this.#settle(answer.success ? null : answer.error);
  }

  async leave() {
    await this.#leaveTalk();
    this.#changed();
  }

  async next(wishes) {
    const again = this.model.search?.wishes ?? wishes;
    await this.#leaveTalk({ keepMedia: true });
    await this.find(again);
  }

  /** Another tab goes on as this person; here nothing may act for them. */
  setAside() {
    this.#toIdle();
    this.#changed();
  }

  /** Everything that belonged to the person before is dropped. */
  startOver() {
    const wishes = this.model.state === 'waiting' ? this.model.search.wishes : null;
    this.#toIdle();
    Object.assign(this.model, { met: false, userId: null, notice: null });
    this.#changed();
    return wishes;
  }

  #welcome({ userId, guest, node, version }) {
    Object.assign(this.model, { userId, guest, node, version, notice: null });
    clearTimeout(this.#resumeTimer);
    // Only what was there before this connection can have been lost with the
    // one before; what begins from here on is the server's own word.
    const held = this.#held();
    if (held) this.#resumeTimer = setTimeout(() => this.#held() === held && this.#lost(), RESUME_MS);
  }

  /** The thing of ours the server should know of: talk, proposal or ticket. */
  #held() {
    const { talk, proposal, search } = this.model;
    return talk ?? proposal ?? (search?.joined ? search : null);
  }

  #resumed(kept) {
    clearTimeout(this.#resumeTimer);
    // Left while the connection was away: say so again instead of going back.
    if (kept.state === 'waiting' && this.#ended.has('queue')) this.#connection.send('matching:leave_queue');
    else if (this.#ended.has(kept.sessionId)) this.#connection.send('session:leave', { sessionId: kept.sessionId });
    else this.#goBackTo(kept);
  }

  #goBackTo(kept) {
    if (kept.state === 'idle') this.#lost();
    if (kept.state === 'waiting') {
      this.model.search ??= recallSearch();
      this.model.state = 'waiting';
      this.#position({ position: kept.queuePosition, stage: kept.stage });
    }
    if (kept.state === 'proposed' && this.model.proposal?.matchId !== kept.matchId) this.#proposed(kept);
    if (kept.state === 'talking') {
      if (this.model.talk?.about.sessionId === kept.sessionId) this.model.talk.ownReturn();
      else this.#beginTalk({ iceServers: recallIceServers(kept.sessionId), ...kept }, true);
    }
  }

  /** The server kept nothing of us; what the screen shows is no longer so. */
  #lost() {
    const { talk, proposal, search } = this.model;
    if (!this.#held()) return;
    if (!talk && !proposal) this.find(search.wishes);
    else if (proposal) this.#toIdle('The suggestion was lost while the connection was away.');
    else this.#toIdle('The talk ended while the connection was away.');
    this.#changed();
  }

  #position({ position, estimatedWait, stage }) {
    const { search } = this.model;
    if (!search) return;
    search.joined = true;
    search.position = position ?? search.position;
    search.estimate = estimatedWait ?? search.estimate;
    search.stage = stage ?? search.stage;
  }

  #proposed(match) {
    clearTimeout(this.#settleTimer);
    this.model.search ??= recallSearch();
    if (!this.model.met) noteMeeting();
    this.#early = [];
    keepIceServers(match);
    const now = this.#connection.now();
    // Time is counted from arrival: the two clocks need not agree.
    const lasts = Math.max(0, (match.expiresAt ?? now + 30000) - now);
    const proposal = { ...match, began: performance.now(), lasts };
    Object.assign(this.model, { state: 'proposed', proposal, notice: null, met: true });
    this.#settleTimer = setTimeout(() => {
      if (this.model.proposal === proposal) this.#toIdle(words.rejected('expired', false));
      this.#changed();
    }, lasts + SETTLE_MS);
  }

  #rejected(event) {
    const { proposal } = this.model;
    if (!this.#proposalOf(event)) return;
    const notice = proposal.declined ? null : words.rejected(event.reason, event.requeued, proposal.accepted);
    this.model.proposal = null;
    if (!event.requeued) return this.#toIdle(notice);
    this.model.state = 'waiting';
    Object.assign(this.model.search, { position: null, stage: 0 });
    if (notice) this.#say(notice);
  }

  /** A refused answer to a proposal: wait a little for what the server says. */
  #settle(sentence) {
    const { proposal } = this.model;
    setTimeout(() => {
      if (this.model.proposal === proposal) this.#toIdle(sentence);
      this.#changed();
    }, SETTLE_MS);
  }

  #beginTalk(about, resumed = false) {
    clearTimeout(this.#settleTimer);
    this.model.search ??= recallSearch();
    this.model.talk?.close();
    const talk = new Talk({
      about, connection: this.#connection, media: this.#media, userId: this.model.userId,
      early: this.#early.splice(0),
      onChange: () => {
        if (talk.wasConnected && this.model.state === 'connecting') this.model.state = 'talking';
        this.#changed();
      },
    });
    Object.assign(this.model, { state: 'connecting', talk, proposal: null, notice: null });
    talk.start();
    if (resumed) talk.chat.catchUp(this.model.userId);
  }

  async #leaveTalk({ keepMedia = false } = {}) {
    const sessionId = this.model.talk?.about.sessionId;
    this.#ended.add(sessionId);
    this.#toIdle(null, { keepMedia });
    this.#changed();
    if (sessionId) await this.#connection.ask('session:leave', { sessionId });
  }

  #toIdle(sentence = null, { keepMedia = false } = {}) {
    clearTimeout(this.#settleTimer);
    const wishes = this.model.search?.wishes;
    this.model.talk?.close();
    Object.assign(this.model, { state: 'idle', talk: null, proposal: null, search: null, notice: null });
    forgetSearch();
    if (!keepMedia) this.#media.release();
    if (!sentence) return;
    const again = wishes?.native_language ? [{ label: 'Search again', run: () => this.find(wishes) }] : [];
    this.#say(sentence, again);
  }

  #signal(name, payload) {
    const talk = this.#talkOf(payload);
    if (talk) talk.signal(name, payload);
    else if (this.model.proposal?.sessionId === payload.sessionId) this.#early.push([name, payload]);
  }

  #say(text, actions = []) {
    this.model.notice = { text, actions };
    this.#changed();
  }

  #talkOf({ sessionId }) {
    return this.model.talk?.about.sessionId === sessionId ? this.model.talk : null;
  }

  #proposalOf({ matchId }) {
    return this.model.proposal?.matchId === matchId;
  }

  #changed() {
    if (this.model.search) keepSearch(this.model.search);
    this.#onChange();
  }
}
