// Where the sound of a job comes from, and its shape.
import { ApiError, hasKey, request } from './api.js';

const mostToDecode = 400e6; // bytes: decoding holds the whole recording in memory
const longestToDecode = 4 * 3600; // seconds
const decodedRate = 8000; // enough for a picture
const buckets = 4000;

const ownFiles = new Map(); // job → the File that this tab has uploaded or was given to listen with

export const remember = (id, file) => ownFiles.set(id, file);
export const forget = (id) => ownFiles.delete(id);

/// What an audio element can play: the file if this tab has it, else an address of the server, which sends parts as they
/// are needed. An audio element cannot send a key, so with one the whole recording is fetched first.
export async function soundOf(job, onPart, signal) {
    const own = ownFiles.get(job.job_id);
    if (own) return own;
    const path = `/jobs/${job.job_id}/audio`;
    if (hasKey()) return fetchWhole(path, job, onPart, signal);
    await request(path, { headers: { Range: 'bytes=0-0' }, signal }); // says why there is none
    return path;
}

async function fetchWhole(path, job, onPart, signal) {
    const reply = await request(path, { signal });
    const parts = [];
    let got = 0;
    const reader = reply.body.getReader();
    for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        parts.push(value);
        got += value.length;
        if (job.audio.size_bytes) onPart(got / job.audio.size_bytes);
    }
    if (job.audio.size_bytes && got !== job.audio.size_bytes) throw new ApiError(0, 'body_broken_off', '');
    return new Blob(parts, { type: reply.headers.get('Content-Type') ?? '' });
}

/// The loudest sample of each of some thousand pieces, from 0 to 1; null when it is too long to be decoded here. Throws
/// EncodingError (a DOMException) when the browser does not know the format.
export async function peaksOf(job, sound, seconds, signal) {
    const size = sound instanceof Blob ? sound.size : job.audio.size_bytes ?? 0;
    if (size > mostToDecode || seconds > longestToDecode) return null;
    const bytes = sound instanceof Blob ? await sound.arrayBuffer() : await (await request(sound, { signal })).arrayBuffer();
    if (signal.aborted) return null;
    const decoded = await new OfflineAudioContext(1, 1, decodedRate).decodeAudioData(bytes);
    return { peaks: loudest(decoded), duration: decoded.duration };
}

function loudest(decoded) {
    const count = Math.min(buckets, Math.max(1, decoded.length));
    const peaks = new Float32Array(count);
    const step = decoded.length / count;
    for (let channel = 0; channel < decoded.numberOfChannels; ++channel) {
        const samples = decoded.getChannelData(channel);
        for (let i = 0; i < count; ++i) {
            const end = Math.min(samples.length, Math.ceil((i + 1) * step));
            for (let k = Math.floor(i * step); k < end; ++k) peaks[i] = Math.max(peaks[i], Math.abs(samples[k]));
        }
    }
    const top = peaks.reduce((a, b) => Math.max(a, b), 0);
    return top > 0 ? peaks.map((value) => value / top) : peaks;
}
