// Wires the parts together: buttons to session, connection to header, model to
// view. Also `window.qala`, through which tests see what the page knows.

import { Connection } from '/demo/connection.js';
import { EventsFooter } from '/demo/events-footer.js';
import { becomeNewGuest, hasToken, holdGuest, setToken } from '/demo/identity.js';
import { Media } from '/demo/media.js';
import { Session } from '/demo/session.js';
import { render, tick, turnSoundOn } from '/demo/view.js';
import { findMistake, readWishes, runsByItself, setUpForm } from '/demo/wishes.js';
import { refusedConnection } from '/demo/words.js';

const TICK_MS = 200;
const UNREACHABLE_MS = 4000; // A shorter break is not worth a sentence.
const SETTLED_MS = 500; // What the server kept of us arrives within this time.

const $ = (id) => document.getElementById(id);
const footer = new EventsFooter();
// `blocked`: refused or replaced, so that no screen can do anything.
const link = { phase: 'connecting', notice: null, needsToken: false, blocked: false };
const connection = new Connection({ onPhase: phaseChanged, log: (...event) => footer.add(...event) });
const media = new Media((kind, track) => {
  session.model.talk?.replaceTrack(kind, track);
  draw();
});
const session = new Session({ connection, media, onChange: draw });
let unreachableTimer;
let acceptedByItself = null;

function draw() {
  const { model } = session;
  render(model, link, media);
  if (runsByItself && model.proposal && model.proposal !== acceptedByItself) {
    acceptedByItself = model.proposal;
    session.accept();
  }
}

function phaseChanged(phase, reason) {
  link.phase = phase;
  if (phase === 'connected') {
    clearTimeout(unreachableTimer);
    unreachableTimer = undefined;
    Object.assign(link, { notice: null, needsToken: false, blocked: false });
  } else if (phase === 'refused') {
    const { text, token, retry } = refusedConnection(reason, hasToken());
    const actions = retry ? [{ label: 'Try again', run: () => connection.open() }] : [];
    Object.assign(link, { notice: { text, actions }, needsToken: Boolean(token), blocked: true });
  } else if (phase === 'replaced') {
    const actions = [{ label: 'Use it here', run: () => connection.open() }];
    if (!hasToken()) actions.unshift({ label: 'Continue here as a new guest', run: newGuest });
    const text = hasToken() ? 'You are now in another tab.' : 'This guest is now open in another tab.';
    Object.assign(link, { notice: { text, actions }, blocked: true });
    session.setAside();
  } else {
    unreachableTimer ??= setTimeout(unreachable, UNREACHABLE_MS);
  }
  draw();
}

function unreachable() {
  const going = session.model.talk ? ' The talk itself goes on meanwhile.' : '';
  link.notice = { text: `The server cannot be reached. This page keeps trying.${going}`, actions: [] };
  draw();
}

async function newGuest() {
  const wishes = session.startOver();
  await becomeNewGuest();
  connection.reopen();
  if (wishes) session.find(wishes);
}

function find() {
  const wishes = readWishes();
  const mistake = findMistake(wishes);
  session.model.formError = mistake;
  if (mistake) draw();
  else session.find(wishes);
}

function toggle(what) {
  media[what] = !media[what];
  media.apply();
  session.model.talk?.tellSwitches();
  draw();
}

const click = (id, action) => $(id).addEventListener('click', action);
const submit = (id, action) => $(id).addEventListener('submit', (event) => {
  event.preventDefault();
  action();
});

submit('wishes', find);
click('cancel', () => session.cancel());
click('accept', () => session.accept());
click('reject', () => session.reject());
click('next', () => session.next(readWishes()));
click('leave', () => session.leave());
click('mute', () => toggle('muted'));
click('camera', () => toggle('cameraOff'));
click('new-guest', newGuest);
submit('chat-form', () => {
  const content = $('chat-input').value.trim();
  if (content) session.model.talk?.chat.send(content);
  $('chat-input').value = '';
});
submit('token-form', () => {
  setToken($('token').value.trim());
  $('token').value = '';
  connection.open();
});
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && session.model.state === 'waiting') session.cancel();
});

// The first touch of any kind is what the browser waits for to play sound.
for (const kind of ['pointerup', 'keydown']) addEventListener(kind, turnSoundOn);

window.qala = Object.freeze({
  get state() { return session.model.state; },
  get sessionId() { return session.model.talk?.about.sessionId ?? null; },
  get userId() { return session.model.userId; },
  get partnerId() { return session.model.talk?.about.partnerId ?? session.model.proposal?.partnerId ?? null; },
  get connectionState() { return session.model.talk?.connectionState ?? 'new'; },
  get dataChannelOpen() { return session.model.talk?.channelOpen ?? false; },
  framesReceived: async () => (await session.model.talk?.framesReceived()) ?? 0,
});

setUpForm(draw);
if (runsByItself) {
  connection.on('session:welcome', once(() => {
    // A reloaded page may be in a talk already; then there is nothing to find.
    setTimeout(() => session.model.state === 'idle' && find(), SETTLED_MS);
  }));
}
draw();
setInterval(() => tick(session.model), TICK_MS);
await holdGuest();
connection.open();

function once(action) {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
