// What this side sends: camera and microphone, or what is drawn in their place.

import { drawnVideoTrack, silentAudioTrack } from '/demo/picture.js';

// A permission question can stay open for long; the talk starts meanwhile
// with the drawn picture and the camera replaces it when it comes.
const PATIENCE_MS = 4000;

export class Media {
  #onChange;
  #drawn = {}; // kind -> {track, stop}
  #real = {}; // kind -> track
  #acquiring = null;
  #wanted = false;
  /** What is sent, for the small picture of oneself. */
  stream = new MediaStream();
  /** Chosen by the person, kept from one talk to the next. */
  muted = false;
  cameraOff = false;
  /** Why the picture is drawn, as a sentence; empty with a camera. */
  explanation = '';

  /** `onChange(kind, track)` when a track takes the place of another. */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** Resolves when there is something to send; never fails. */
  async prepare(seed) {
    this.#wanted = true;
    this.#acquiring ??= this.#acquire();
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    await Promise.race([this.#acquiring, patience]);
    if (!this.#real.video) this.#drawn.video ??= drawnVideoTrack(seed);
    if (!this.#real.audio) this.#drawn.audio ??= silentAudioTrack();
    this.apply();
    return this.tracks();
  }

  tracks() {
    return ['audio', 'video'].map((kind) => this.track(kind)).filter(Boolean);
  }

  track(kind) {
    return this.#real[kind] ?? this.#drawn[kind]?.track;
  }

  /** Puts the two switches into effect on whatever tracks there are. */
  apply() {
    for (const old of this.stream.getTracks()) if (old !== this.track(old.kind)) this.stream.removeTrack(old);
    for (const track of this.tracks()) this.stream.addTrack(track);
    const audio = this.track('audio');
    const video = this.track('video');
    if (audio) audio.enabled = !this.muted;
    if (video) video.enabled = !this.cameraOff;
  }

  /** Lets camera and microphone go, so that their lights go out. */
  release() {
    this.#wanted = false;
    for (const track of Object.values(this.#real)) track.stop();
    for (const drawn of Object.values(this.#drawn)) drawn.stop();
    this.#real = {};
    this.#drawn = {};
    this.#acquiring = null;
    this.apply();
  }

  async #acquire() {
    const { stream, explanation } = await openDevices();
    if (!this.#wanted) { // The search ended while the question was open.
      stream?.getTracks().forEach((track) => track.stop());
      return;
    }
    this.explanation = explanation;
    for (const track of stream?.getTracks() ?? []) this.#adopt(track);
  }

  #adopt(track) {
    const { kind } = track;
    this.#real[kind] = track;
    // Unplugged in the middle of a talk: draw instead of freezing.
    track.addEventListener('ended', () => {
      if (this.#real[kind] !== track) return;
      delete this.#real[kind];
      this.#drawn[kind] = kind === 'video' ? drawnVideoTrack(track.id) : silentAudioTrack();
      this.explanation = kind === 'video' ? 'The camera went away; a drawn picture is shown.' : 'The microphone went away.';
      this.apply();
      this.#onChange(kind, this.track(kind));
    });
    this.apply();
    this.#onChange(kind, track);
    this.#drawn[kind]?.stop();
    delete this.#drawn[kind];
  }
}

/** The best of camera and microphone that this machine and person give. */
async function openDevices() {
  const devices = navigator.mediaDevices;
  if (!devices?.getUserMedia) {
    return { explanation: 'No camera here without https; a drawn picture is shown.' };
  }
  const video = { width: { ideal: 960 }, height: { ideal: 540 }, facingMode: 'user' };
  try {
    return { stream: await devices.getUserMedia({ audio: true, video }), explanation: '' };
  } catch (error) {
    // Refused once is refused: asking again for less would only annoy.
    if (error.name === 'NotAllowedError') {
      return { explanation: 'The camera was not allowed; a drawn picture is shown.' };
    }
  }
  try {
    return { stream: await devices.getUserMedia({ video }), explanation: 'No microphone found; they cannot hear you.' };
  } catch { /* No camera either, or it is busy. */ }
  try {
    return { stream: await devices.getUserMedia({ audio: true }), explanation: 'No camera found; a drawn picture is shown.' };
  } catch {
    return { explanation: 'No camera found; a drawn picture is shown.' };
  }
}
