// Requests to the server that the page came from: the key, errors, and whether the server is there at all.
const keyPlace = 'api-key'; // of sessionStorage: it goes when the tab does

export class ApiError extends Error {
    constructor(status, code, message) {
        super(message);
        this.status = status;
        this.code = code;
    }
}
/// Nobody answers.
export class ServerGone extends Error {}

let key = '';
try {
    key = sessionStorage.getItem(keyPlace) ?? '';
} catch {
    // Without storage the key lasts as long as the page.
}
let askForKey = async () => '';
let asking = null;

export const hasKey = () => key !== '';

/// `ask(wasRefused)` resolves to a key. It is called when the server wants one, never twice at once.
export function setKeyQuestion(ask) {
    askForKey = ask;
}

/// A new key, or the same for all who wait for one.
export async function newKey(refused) {
    if (refused !== key) return; // another request has brought one meanwhile
    asking ??= askForKey(refused !== '').then((answer) => {
        key = answer;
        try {
            sessionStorage.setItem(keyPlace, key);
        } catch {
            // As above.
        }
        asking = null;
    });
    await asking;
}

export function authorization() {
    return key ? { Authorization: `Bearer ${key}` } : {};
}
export const currentKey = () => key;

/// The error that a reply without success means; its sentence is the server's.
export function errorOf(status, text) {
    try {
        const { message, code } = JSON.parse(text).error;
        return new ApiError(status, String(code), String(message));
    } catch {
        return new ApiError(status, 'unknown', `HTTP ${status}`);
    }
}

/// A reply with success. Throws ApiError, or ServerGone when there is none; AbortError as fetch does.
export async function request(path, options = {}) {
    for (;;) {
        const used = key;
        let reply;
        try {
            reply = await fetch(path, { cache: 'no-store', ...options, headers: { ...options.headers, ...authorization() } });
        } catch (error) {
            if (error.name === 'AbortError') throw error;
            lost();
            throw new ServerGone();
        }
        found();
        if (reply.status === 401) {
            await newKey(used);
            continue;
        }
        if (reply.ok) return reply;
        throw errorOf(reply.status, await reply.text());
    }
}

export async function getJson(path, options) {
    const reply = await request(path, options);
    try {
        return await reply.json();
    } catch (error) {
        if (error.name === 'AbortError') throw error;
        lost();
        throw new ServerGone();
    }
}

export async function postJson(path, body) {
    const options = { method: 'POST' };
    if (body !== undefined) Object.assign(options, { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
    return (await request(path, options)).json();
}

// ── Whether the server is there ──────────────────────────────────────────────────────────────────────────────────────

/// Sends "lost" when the server stops answering, and "found" when it answers again.
export const connection = new EventTarget();
let away = false;
let timer = 0;

export const isAway = () => away;

export function lost() {
    if (away) return;
    away = true;
    connection.dispatchEvent(new Event('lost'));
    knock(1000);
}

function found() {
    if (!away) return;
    away = false;
    clearTimeout(timer);
    connection.dispatchEvent(new Event('found'));
}

function knock(wait) {
    clearTimeout(timer);
    timer = setTimeout(async () => {
        if (!(await knockNow()) && away) knock(Math.min(wait * 1.5, 10000));
    }, wait);
}

/// Asks at once.
export async function knockNow() {
    try {
        await fetch('/health', { cache: 'no-store' });
        found();
        return true;
    } catch {
        return false;
    }
}
