// Tunes: a piano roll of each, and its sound from the list of notes (Web Audio).

const KEYS = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
let playing = null;

/** Return the MIDI pitch of a name such as F#4; null for a rest. */
function pitchOf(name) {
  const found = /^([A-G]#?)(-?\d)$/.exec(name);
  return found ? 12 * (Number(found[2]) + 1) + KEYS.indexOf(found[1]) : null;
}

/** Return {start, length, pitch} of each held note, in steps: equal names that follow one another are one note. */
function notesOf(text) {
  const notes = [];
  let before = null;
  text.split(" ").forEach((name, at) => {
    const pitch = pitchOf(name);
    if (pitch !== null && pitch === before) notes.at(-1).length += 1;
    else if (pitch !== null) notes.push({ start: at, length: 1, pitch, name });
    before = pitch;
  });
  return notes;
}

function pianoRoll(notes, steps) {
  const pitches = notes.map(({ pitch }) => pitch), low = Math.min(60, ...pitches) - 1, high = Math.max(72, ...pitches) + 1;
  return Plot.plot({
    width: 260, height: 84, margin: 0, axis: null, style: { background: "none", color: "var(--ink)" },
    x: { domain: [0, steps] }, y: { domain: [low, high] },
    marks: [
      Plot.gridX({ interval: 4, stroke: "var(--quiet)" }),
      Plot.rect(notes, { x1: "start", x2: ({ start, length }) => start + length - 0.12, y1: ({ pitch }) => pitch - 0.5, y2: ({ pitch }) => pitch + 0.5, fill: "var(--c5)", rx: 1 }),
    ],
  });
}

function stopTune() {
  if (!playing) return;
  clearTimeout(playing.timer);
  playing.context.close();
  playing.button.textContent = "Play";
  playing.button.setAttribute("aria-pressed", false);
  playing = null;
}

/** Sound one note: a triangle wave that fades in and out, so that it does not click. */
function sound(context, { start, length, pitch }, step) {
  const begin = context.currentTime + 0.05 + start * step, end = begin + length * step * 0.95;
  const voice = context.createOscillator(), gain = context.createGain();
  voice.type = "triangle";
  voice.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
  gain.gain.setValueAtTime(0, begin);
  gain.gain.linearRampToValueAtTime(0.25, begin + 0.02);
  gain.gain.setTargetAtTime(0, end - 0.05, 0.03);
  voice.connect(gain).connect(context.destination);
  voice.start(begin);
  voice.stop(end + 0.2);
}

function playTune(button, notes, steps, step) {
  const own = playing && playing.button === button;
  stopTune();
  if (own) return;
  const context = new AudioContext();
  for (const note of notes) sound(context, note, step);
  button.textContent = "Stop";
  button.setAttribute("aria-pressed", true);
  playing = { button, context, timer: setTimeout(stopTune, 1000 * (steps * step + 0.3)) };
}

/** Return a tune's piano roll with a button that plays it. */
function tune(text, { step }) {
  const notes = notesOf(text), steps = text.split(" ").length;
  const roll = make("div", { role: "img", "aria-label": `Piano roll of ${notes.length} notes: ${text}` }, pianoRoll(notes, steps));
  const button = make("button", { type: "button", "aria-pressed": false, "data-play": true }, "Play");
  button.addEventListener("click", () => playTune(button, notes, steps, step));
  return make("div", { class: "tune" }, roll, button);
}
