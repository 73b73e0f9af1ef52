// How a job goes on, as it happens: server-sent events read from fetch, as EventSource cannot send a key; where they break
// off, the job is asked for instead.
import { ApiError, getJson, request, ServerGone } from './api.js';

export const isOver = (state) => ['succeeded', 'failed', 'dead', 'cancelled'].includes(state);

const sleep = (ms, signal) =>
    new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
    });

/// Events of a text/event-stream: {name, data}, as they come.
export async function* readEvents(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        rest += value;
        for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
            const event = { name: 'message', data: '' };
            for (const line of rest.slice(0, end).split('\n')) {
                if (line.startsWith('event: ')) event.name = line.slice(7);
                else if (line.startsWith('data: ')) event.data += line.slice(6);
            }
            rest = rest.slice(end + 2);
            if (event.data) yield event;
        }
    }
}

/// Calls on(name, data) for each event of the job until it is over, gone ("gone") or the signal aborts. `on` may hear
/// the same again.
export async function follow(id, on, signal) {
    let wait = 500;
    while (!signal.aborted) {
        try {
            const reply = await request(`/jobs/${id}/events`, { signal });
            for await (const { name, data } of readEvents(reply.body)) {
                wait = 500;
                on(name, JSON.parse(data));
                if (name === 'end') return;
            }
        } catch (error) {
            if (signal.aborted) return;
            if (error instanceof ApiError && error.status === 404) return on('gone', {});
        }
        if (signal.aborted) return;
        if (await look(id, on, signal)) return;
        await sleep(wait, signal);
        wait = Math.min(wait * 2, 5000);
    }
}

/// The fallback: the job as it is now; true when nothing will follow.
async function look(id, on, signal) {
    try {
        const job = await getJson(`/jobs/${id}`, { signal });
        on('state', job);
        on('progress', job.progress);
        if (!isOver(job.state)) return false;
        on('end', { state: job.state });
        return true;
    } catch (error) {
        if (signal.aborted) return true;
        if (error instanceof ServerGone) return false;
        if (error instanceof ApiError && error.status === 404) {
            on('gone', {});
            return true;
        }
        return false;
    }
}
