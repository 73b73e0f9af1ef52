// What a person has changed in a transcript: kept in this browser, by job; the server's result stays as it is.
const place = (id) => `edits.${id}`;

function read(id) {
    try {
        const all = JSON.parse(localStorage.getItem(place(id)) ?? '{}');
        return new Map(Object.entries(all).filter(([, text]) => typeof text === 'string').map(([i, text]) => [Number(i), text]));
    } catch {
        return new Map();
    }
}

export class Edits {
    /// `segments`: of the server's result.
    constructor(id, segments) {
        this.id = id;
        this.segments = segments;
        this.texts = read(id);
        for (const index of this.texts.keys()) if (!segments[index]) this.texts.delete(index);
    }

    get count() {
        return this.texts.size;
    }
    has(index) {
        return this.texts.has(index);
    }
    textOf(index) {
        return this.texts.get(index) ?? this.segments[index].text;
    }
    /// One line; false when it could only be kept for as long as the page is open.
    set(index, text) {
        const line = text.replace(/\s+/g, ' ').trim();
        if (line === this.segments[index].text.trim()) this.texts.delete(index);
        else this.texts.set(index, line);
        return this.keep();
    }
    clear() {
        this.texts.clear();
        this.keep();
    }
    keep() {
        try {
            if (this.texts.size) localStorage.setItem(place(this.id), JSON.stringify(Object.fromEntries(this.texts)));
            else localStorage.removeItem(place(this.id));
            return true;
        } catch {
            return false;
        }
    }
    /// The words of a segment as it reads now: {text, start, end, probability}; what was written anew has no times.
    wordsOf(index) {
        const { words = [], text } = this.segments[index];
        const known = words.map(({ word, start, end, probability }) => ({ text: word.trim(), start, end, probability, spaced: /^\s/.test(word) }));
        if (!this.has(index)) return known.length ? known : [{ text }];
        return align(known, this.textOf(index));
    }
}

/// The words of `text`, with the times of those that stand in `known` too, in the same order (longest common subsequence).
export function align(known, text) {
    const now = text.split(' ').filter(Boolean).map((word) => ({ text: word, spaced: true }));
    const plain = (word) => word.text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '') || word.text;
    const a = known.map(plain), b = now.map(plain);
    const best = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; --i) {
        for (let j = b.length - 1; j >= 0; --j)
            best[i][j] = a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    }
    for (let i = 0, j = 0; i < a.length && j < b.length;) {
        if (a[i] === b[j]) Object.assign(now[j++], { start: known[i].start, end: known[i].end, probability: known[i++].probability });
        else if (best[i + 1][j] >= best[i][j + 1]) ++i;
        else ++j;
    }
    return now;
}
