// Draws the model. Every function here sets what is there to what should be
// there, so drawing twice changes nothing and nothing flickers.

import * as words from '/demo/words.js';
import { insistsOn, stageLabels, foundAt } from '/demo/stages.js';
import { moreSummary, pointAt, swappedAddress } from '/demo/wishes.js';

const $ = (id) => document.getElementById(id);
const TITLES = { idle: 'qala', waiting: 'Waiting · qala', proposed: 'Somebody is there · qala', connecting: 'Connecting · qala', talking: 'In a talk · qala' };
const SCREEN_OF = { idle: 'idle', waiting: 'waiting', proposed: 'proposed', connecting: 'talk', talking: 'talk' };

let shownScreen = 'idle';
let shownError = null;
let shownNotice = null;

export function render(model, link, media) {
  document.body.dataset.state = model.state;
  document.body.dataset.phase = link.phase;
  document.title = TITLES[model.state];
  header(model, link);
  notice(link.notice ?? model.notice);
  $('token-form').hidden = !link.needsToken;
  const screen = link.blocked ? null : SCREEN_OF[model.state];
  for (const name of ['idle', 'waiting', 'proposed', 'talk']) $(`screen-${name}`).hidden = name !== screen;
  $('alone-hint').hidden = !['idle', 'waiting'].includes(screen);
  $('alone-link').href = swappedAddress();
  if (screen === 'idle') idle(model);
  if (screen === 'waiting') waiting(model);
  if (screen === 'proposed' && model.proposal) proposal(model.proposal);
  talk(model.talk, media);
  if (screen !== shownScreen) arrive(screen);
}

/** The parts that move with time only; called a few times a second. */
export function tick(model) {
  if (model.state === 'waiting') text($('elapsed'), words.duration(Date.now() - model.search.since));
  if (model.state === 'proposed') ring(model.proposal);
  if (model.talk?.awayUntil) caption(model.talk);
}

function arrive(screen) {
  shownScreen = screen;
  // Keyboard and screen reader follow to the new screen; the heading is not a
  // button, so an Enter still in the fingers answers nothing.
  const target = screen === null ? document.querySelector('#token-form:not([hidden]) input, #notice button') : $(`screen-${screen}`).querySelector('h1');
  target?.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

function header({ node, version }, { phase }) {
  text($('connection-word'), words.CONNECTION_WORDS[phase]);
  $('node').hidden = !node;
  text($('node'), node ? `node ${node}` : '');
  text($('server-version'), version ? `Server version ${version}.` : '');
}

function notice(shown) {
  $('notice').hidden = !shown;
  if (!shown || shown === shownNotice) {
    shownNotice = shown;
    return;
  }
  shownNotice = shown;
  text($('notice-text'), shown.text);
  $('notice-actions').replaceChildren(...(shown.actions ?? []).map(({ label, run }) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    button.addEventListener('click', run);
    return button;
  }));
}

function idle({ formError }) {
  text($('more-summary'), moreSummary());
  $('form-error').hidden = !formError;
  text($('form-error'), formError?.error ?? '');
  if (formError !== shownError) pointAt(formError?.field);
  shownError = formError;
}

function waiting({ search, met, guest }) {
  const { wishes, stage, position, estimate } = search;
  const known = wishes.target_language !== undefined;
  text($('waiting-title'), known ? words.lookingFor(wishes) : 'Looking for somebody');
  text($('position'), position === null || position === undefined ? '–' : String(Math.max(1, position)));
  text($('estimate'), words.estimateLine(estimate));
  const labels = stageLabels(wishes);
  $('stage').dataset.stage = String(stage);
  text($('stage'), `Step ${stage + 1} of 5: ${labels[stage] ?? ''}`);
  list($('stage-list'), labels, (item, index) => {
    item.dataset.at = index < stage ? 'done' : index === stage ? 'now' : 'later';
    if (index === stage) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  });
  text($('insists'), known ? insistsOn(wishes, stage).join(' · ') : 'the language pair');
  $('met-hint').hidden = !met || !guest;
}

function proposal({ partner, stage, accepted, declined, theyAccepted }) {
  const { title, facts } = words.about(partner);
  text($('proposed-who'), title);
  list($('proposed-facts'), facts.slice(2));
  $('proposed-facts').hidden = facts.length < 3;
  text($('proposed-why'), foundAt(stage));
  const status = declined ? 'Telling them not now' : accepted ? 'You accepted. Waiting for them' : theyAccepted ? 'They accepted and wait for you' : '';
  text($('proposed-status'), status);
  $('accept').disabled = Boolean(accepted || declined);
  $('reject').disabled = Boolean(declined);
}

function ring({ began, lasts }) {
  const left = Math.max(0, lasts - (performance.now() - began));
  $('ring-arc').style.strokeDashoffset = String(100 - (lasts ? (left / lasts) * 100 : 0));
  text($('ring-seconds'), String(Math.ceil(left / 1000)));
}

function talk(current, media) {
  stream($('remote-video'), current?.remoteStream ?? null);
  stream($('own-video'), current ? media.stream : null);
  if (!current) return;
  caption(current);
  const { title, facts } = words.about(current.about.partner);
  text($('talk-title'), `Talk: ${title}`);
  text($('chat-who'), current.about.partner ? title : 'Chat');
  text($('chat-path'), [facts[2], current.channelOpen ? 'messages go from page to page' : 'messages go through the server'].filter(Boolean).join(' · '));
  const cover = !current.wasConnected || !current.remoteStream ? 'No picture yet' : current.theirs.cameraOff ? 'Their camera is off' : '';
  $('remote-cover').hidden = !cover;
  text($('remote-cover'), cover);
  $('their-mute').hidden = !current.theirs.muted;
  toggle($('mute'), media.muted, 'Mute', 'Unmute');
  toggle($('camera'), media.cameraOff, 'Camera off', 'Camera on');
  $('own-cover').hidden = !media.cameraOff;
  $('own-note').hidden = !media.explanation;
  text($('own-note'), media.explanation);
  chat(current.chat.messages);
}

function caption(current) {
  const { text: sentence, left = '', tone } = current.caption();
  text($('caption-text'), sentence);
  text($('caption-left'), left);
  $('caption').dataset.tone = tone;
}

function chat(messages) {
  const log = $('chat-log');
  $('chat-empty').hidden = messages.length > 0;
  // Rows are added, never rebuilt: a screen reader announces what is new.
  while (log.childElementCount > messages.length) log.lastElementChild.remove();
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const before = log.childElementCount;
  messages.forEach((message, index) => {
    const row = log.children[index] ?? log.appendChild(document.createElement('li'));
    if (row.dataset.id !== message.id) {
      row.dataset.id = message.id;
      row.className = message.mine ? 'mine' : 'theirs';
      const who = document.createElement('span');
      who.className = 'visually-hidden';
      who.textContent = message.mine ? 'You: ' : 'They: ';
      const body = document.createElement('p');
      body.textContent = message.content;
      body.title = new Date(message.at).toLocaleTimeString();
      row.replaceChildren(who, body);
    }
    if (message.failed && !row.querySelector('.problem')) {
      const note = document.createElement('small');
      note.className = 'problem';
      note.textContent = `Not delivered: ${message.failed}`;
      row.append(note);
    }
  });
  if (messages.length > before && (atEnd || messages.at(-1).mine)) log.scrollTop = log.scrollHeight;
}

function toggle(button, on, offLabel, onLabel) {
  button.setAttribute('aria-pressed', String(on));
  text(button.querySelector('span'), on ? onLabel : offLabel);
}

function stream(video, source) {
  if (video.srcObject === source) return;
  video.srcObject = source;
  if (source) play(video);
}

// A page that was reloaded, or runs by itself, has no click to its name yet:
// the browser then plays without sound only, and a button brings the sound.
async function play(video) {
  try {
    await video.play();
  } catch (error) {
    if (error.name !== 'NotAllowedError' || video.muted) return;
    video.muted = true;
    $('sound-on').hidden = false;
    video.play().catch(() => {});
  }
}

export function turnSoundOn() {
  if ($('sound-on').hidden) return;
  $('remote-video').muted = false;
  $('sound-on').hidden = true;
}

function list(parent, labels, mark) {
  while (parent.childElementCount > labels.length) parent.lastElementChild.remove();
  labels.forEach((label, index) => {
    const item = parent.children[index] ?? parent.appendChild(document.createElement('li'));
    text(item, label);
    mark?.(item, index);
  });
}

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}
