// The edited transcript as a file, in the same forms as the server's (docs/formats.md, "Outputs").
const time = (seconds, mark, hoursAlways) => {
    const all = Math.max(0, Math.round((Number.isFinite(seconds) ? seconds : 0) * 1000));
    const pad = (value, digits) => String(value).padStart(digits, '0');
    const hours = Math.floor(all / 3600000);
    const front = hours || hoursAlways ? `${pad(hours, 2)}:` : '';
    return `${front}${pad(Math.floor(all / 60000) % 60, 2)}:${pad(Math.floor(all / 1000) % 60, 2)}${mark}${pad(all % 1000, 3)}`;
};

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const writers = {
    txt: (segments) => segments.map(({ text }) => `${text}\n`).join(''),
    srt: (segments) =>
        segments
            .map(({ start, end, text }, i) => `${i + 1}\n${time(start, ',', true)} --> ${time(end, ',', true)}\n${text.replace(/-{2,}>/g, '->')}\n\n`)
            .join(''),
    vtt: (segments) =>
        'WEBVTT\n\n' +
        segments
            .map(({ start, end, text }) => `${time(start, '.')} --> ${time(end, '.')}\n${text.replace(/[&<>]/g, (c) => escapes[c])}\n\n`)
            .join(''),
};

/// The server's JSON with the texts as they read now. Edited segments say so, keep their old text beside, and have only
/// the words whose times are known.
function json(result, edits) {
    const segments = result.segments.map((segment, i) => {
        if (!edits.has(i)) return segment;
        const words = edits.wordsOf(i).filter((word) => word.start !== undefined);
        return {
            ...segment,
            text: edits.textOf(i),
            words: words.map(({ text, start, end, probability }) => ({ word: ` ${text}`, start, end, probability })),
            edited: true,
            original_text: segment.text,
        };
    });
    return `${JSON.stringify({ ...result, text: segments.map(({ text }) => text).filter(Boolean).join(' '), segments }, null, 1)}\n`;
}

export const editedFormats = ['txt', 'srt', 'vtt', 'json'];
const types = { txt: 'text/plain', srt: 'application/x-subrip', vtt: 'text/vtt', json: 'application/json' };

export function editedFile(format, result, edits) {
    const lines = result.segments
        .map((segment, i) => ({ start: segment.start, end: segment.end, text: edits.textOf(i).replace(/\s+/g, ' ').trim() }))
        .filter(({ text }) => text);
    const content = format === 'json' ? json(result, edits) : writers[format](lines);
    return new Blob([content], { type: `${types[format]};charset=utf-8` });
}

/// "talk.mp3" → "talk.srt"
export const fileName = (name, format, edited) => `${name.replace(/\.[^.]*$/, '') || 'transcript'}${edited ? '.edited' : ''}.${format}`;
