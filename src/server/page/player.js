// The sound: one audio element for the page, and where it is, told often enough to follow single words.
export const player = new EventTarget();

const audio = new Audio();
audio.preload = 'metadata';
let address = '';
let wanted = null; // where to begin as soon as there is something to play
let frame = 0;

const tell = (type) => player.dispatchEvent(new Event(type));

function tick() {
    tell('time');
    frame = audio.paused ? 0 : requestAnimationFrame(tick);
}

for (const [event, name] of [['play', 'state'], ['pause', 'state'], ['ended', 'state'], ['durationchange', 'length'], ['seeked', 'time'], ['error', 'failed']])
    audio.addEventListener(event, () => tell(name));
audio.addEventListener('play', () => { frame ||= requestAnimationFrame(tick); });
// A tab in the background draws no frames.
audio.addEventListener('timeupdate', () => tell('time'));
audio.addEventListener('loadedmetadata', () => {
    if (wanted !== null) audio.currentTime = wanted;
    wanted = null;
});

export const position = () => wanted ?? audio.currentTime;
export const length = () => (Number.isFinite(audio.duration) ? audio.duration : 0);
export const isPlaying = () => !audio.paused && !audio.ended;
export const failure = () => audio.error;
export const hasSound = () => address !== '' && !audio.error;
export const rate = () => audio.playbackRate;
export const element = audio;

/// `source`: a path of this server, or a Blob. Nothing: silence.
export function load(source) {
    audio.pause();
    if (address.startsWith('blob:')) URL.revokeObjectURL(address);
    wanted = null;
    address = source instanceof Blob ? URL.createObjectURL(source) : source ?? '';
    if (address) audio.src = address;
    else audio.removeAttribute('src');
    audio.load();
    tell('state');
}

export function seek(seconds) {
    const to = Math.max(0, length() ? Math.min(seconds, length()) : seconds);
    if (audio.readyState >= 1) audio.currentTime = to;
    else wanted = to;
    tell('time');
}

export async function play(from) {
    if (from !== undefined) seek(from);
    try {
        await audio.play();
    } catch {
        tell('state'); // "failed" says why, or another source has come
    }
}

export const pause = () => audio.pause();
export const toggle = () => (isPlaying() ? pause() : play());
export const setRate = (value) => { audio.playbackRate = audio.defaultPlaybackRate = value; };
