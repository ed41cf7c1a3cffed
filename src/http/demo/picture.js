// A drawn, moving picture and a silent sound track: what the page sends when
// there is no camera or microphone, so that a talk works on any machine.

const WIDTH = 480;
const HEIGHT = 360;
const FRAMES_PER_SECOND = 15;

/** A video track that shows slow circles in a colour taken from `seed`. */
export function drawnVideoTrack(seed) {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d', { alpha: false });
  const hue = hash(seed) % 360;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches ? 0.15 : 1;
  const began = performance.now();
  const draw = () => paint(context, hue, ((performance.now() - began) / 1000) * calm);
  draw();
  // A timer, not animation frames: those stop in a tab that is not in front,
  // and the two tabs of somebody trying the page are never both in front.
  const timer = setInterval(draw, 1000 / FRAMES_PER_SECOND);
  const [track] = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks();
  return { track, stop: () => { clearInterval(timer); track.stop(); } };
}

/** A sound track with nothing to hear. */
export function silentAudioTrack() {
  const context = new AudioContext();
  const source = context.createOscillator();
  const volume = context.createGain();
  const output = context.createMediaStreamDestination();
  volume.gain.value = 0;
  source.connect(volume).connect(output);
  source.start();
  const [track] = output.stream.getAudioTracks();
  return { track, stop: () => { track.stop(); context.close(); } };
}

function paint(context, hue, time) {
  const sky = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
  sky.addColorStop(0, `hsl(${hue} 38% 30%)`);
  sky.addColorStop(1, `hsl(${(hue + 40) % 360} 42% 18%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  for (let index = 0; index < 6; index += 1) {
    const turn = time * (0.25 + index * 0.06) + index * 1.7;
    const x = WIDTH / 2 + Math.cos(turn) * (40 + index * 34);
    const y = HEIGHT / 2 + Math.sin(turn * 1.3) * (24 + index * 20);
    context.fillStyle = `hsl(${(hue + index * 16) % 360} 62% 62% / 0.24)`;
    context.beginPath();
    context.arc(x, y, 74 - index * 7, 0, Math.PI * 2);
    context.fill();
  }
}

function hash(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return sum;
}
