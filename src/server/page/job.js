// One job: what it is, how far it is, its sound and its text.
import { ApiError, connection, getJson, postJson, request, ServerGone } from './api.js';
import { Deliveries } from './deliveries.js';
import { announce, h, icon, say, save } from './dom.js';
import { Edits } from './edits.js';
import { follow, isOver } from './events.js';
import { editedFile, editedFormats, fileName } from './export.js';
import { shareOf, stateWords } from './jobs.js';
import { Sound } from './sound.js';
import { Transcript } from './transcript.js';
import { clock, duration, languageName, moment, number, percent, t } from './words.js';

export class JobView {
    /// `onJob(job)` hears of every change.
    constructor(id, onJob) {
        Object.assign(this, { id, onJob, job: null, result: null, windows: new Map(), tenth: -1 });
        this.stops = new AbortController();
        this.title = h('h1', { tabindex: '-1' });
        this.facts = h('p', { class: 'facts' });
        this.actions = h('div', { class: 'actions' });
        this.problem = h('p', { class: 'problem', role: 'alert', hidden: true });
        this.bar = h('progress', { max: '1', label: () => t('progress') });
        this.far = h('p', { class: 'hint' });
        this.progress = h('div', { class: 'progress', hidden: true }, this.bar, this.far);
        this.downloads = h('div', { class: 'downloads', hidden: true });
        this.transcript = new Transcript(() => this.edited());
        this.sound = new Sound();
        this.deliveries = new Deliveries(id);
        const back = h('a', { class: 'back', href: '#/' }, icon('left'), h('span', { say: () => t('backToJobs') }));
        this.node = h('article', { class: 'job' }, back, this.title, this.facts, this.problem, this.actions, this.progress, this.sound.node, this.downloads, this.transcript.node, this.deliveries.node);
        document.addEventListener('visibilitychange', () => this.listenWhileSeen(), { signal: this.stops.signal });
        // Whoever comes back after a while finds what the server has now.
        connection.addEventListener('found', () => this.start(), { signal: this.stops.signal });
    }

    async start() {
        try {
            this.show(await getJson(`/jobs/${this.id}`, { signal: this.stops.signal }));
        } catch (error) {
            return this.fail(error);
        }
        this.sound.open(this.job);
        if (this.job.state === 'succeeded') return this.finish();
        this.listenWhileSeen();
    }

    close() {
        this.stops.abort();
        this.stream?.abort();
        this.sound.close();
        this.transcript.close();
    }

    fail(error) {
        if (error.name === 'AbortError' || error instanceof ServerGone) return;
        this.problem.hidden = false;
        say(this.problem, () => (error instanceof ApiError && error.status === 404 ? t('noSuchJob') : error.message));
        if (!this.job) say(this.title, () => t('notFound'));
    }

    // ── News of the job ──────────────────────────────────────────────────────────────────────────────────────────────

    /// Browsers open six connections to a server, for all tabs together: hidden ones hold none.
    listenWhileSeen() {
        if (!this.job || this.result || this.stops.signal.aborted) return;
        if (document.hidden || isOver(this.job.state)) {
            this.stream?.abort();
            this.stream = null;
        } else if (!this.stream) {
            const stream = (this.stream = new AbortController());
            follow(this.id, (name, data) => !stream.signal.aborted && this.hear(name, data), stream.signal).then(() => {
                if (this.stream === stream) this.stream = null;
            });
        }
    }

    hear(name, data) {
        if (name === 'state') {
            if (this.job && data.state !== this.job.state) announce(t('stateHeard', { name: data.audio.name, state: stateWords(data.state) }));
            this.show(data);
        }
        if (name === 'progress') this.showProgress(data);
        if (name === 'text') this.showWindow(data);
        if (name === 'end') this.ended();
        if (name === 'gone') this.fail(new ApiError(404, 'no_such_job', ''));
    }

    async ended() {
        try {
            this.show(await getJson(`/jobs/${this.id}`, { signal: this.stops.signal }));
            if (this.job.state === 'succeeded') await this.finish();
        } catch (error) {
            this.fail(error);
        }
    }

    async finish() {
        if (this.result) return;
        try {
            const result = await getJson(`/jobs/${this.id}/result?format=json`, { signal: this.stops.signal });
            this.result = result;
        } catch (error) {
            return this.fail(error);
        }
        this.edits = new Edits(this.id, this.result.segments);
        this.transcript.show(this.result, this.edits);
        this.sound.show({ duration: this.result.duration, spans: this.transcript.spans() });
        this.showDownloads();
        this.problem.hidden = true;
    }

    // ── What is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    show(job) {
        this.job = job;
        this.onJob(job);
        this.title.removeAttribute('data-said');
        this.title.textContent = job.audio.name || job.job_id;
        document.title = `${this.title.textContent} · fast-transcribe`;
        this.showFacts();
        this.showActions();
        this.showProgress(job.progress);
        this.deliveries.show(job);
        const why = job.error && job.state !== 'cancelled' ? job.error.message : '';
        this.problem.hidden = !why;
        if (why) say(this.problem, () => t(job.state === 'retry_wait' ? 'willRetry' : 'failedBecause', { why, at: moment(job.not_before) }));
    }

    showFacts() {
        const { job } = this;
        const facts = [h('span', { class: `state ${job.state}`, say: () => stateWords(job.state) })];
        const add = (words) => facts.push(h('span', { say: words }));
        const seconds = job.result?.audio_s || job.progress.duration_s;
        if (seconds) add(() => clock(seconds));
        if (job.result) add(() => languageName(job.result.language));
        add(() => moment(job.created));
        if (job.result?.compute_s) add(() => t('took', { time: duration(job.result.compute_s), times: number(job.result.audio_s / job.result.compute_s, 1) }));
        if (job.result?.model) facts.push(h('span', { class: 'model', text: job.result.model.replace(/^.*[\\/]/, ''), title: () => t('model') }));
        this.facts.replaceChildren(...facts);
    }

    showActions() {
        const wanted = isOver(this.job.state) ? (this.job.state === 'succeeded' ? '' : 'retry') : 'cancel';
        if (this.actions.dataset.shown === wanted) return;
        this.actions.dataset.shown = wanted;
        const had = this.actions.contains(document.activeElement);
        const button = wanted && h('button', { type: 'button', id: wanted, say: () => t(wanted), on: { click: () => this.act(wanted) } });
        this.actions.replaceChildren(...(button ? [button] : []));
        if (had) (button || this.title).focus();
    }

    async act(what) {
        try {
            if (what === 'retry') this.windows.clear();
            this.show(await postJson(`/jobs/${this.id}/${what}`));
            if (what === 'retry') this.listenWhileSeen();
        } catch (error) {
            this.fail(error);
        }
    }

    showProgress(progress) {
        const { state } = this.job;
        this.progress.hidden = isOver(state);
        if (isOver(state)) return;
        const share = state === 'running' ? shareOf(progress) : null;
        if (share === null) this.bar.removeAttribute('value');
        else this.bar.value = share;
        this.bar.hidden = state !== 'running';
        say(this.far, () => this.progressWords(progress, share));
        if (progress.duration_s) this.sound.show({ duration: progress.duration_s });
        const tenth = share === null ? -1 : Math.floor(share * 10);
        if (tenth > Math.max(0, this.tenth)) announce(t('progressHeard', { share: percent(tenth / 10) }));
        this.tenth = tenth;
    }

    progressWords(progress, share) {
        if (this.job.state !== 'running') return t(`waits_${this.job.state}`);
        if (share === null) return t('reading');
        const resumed = progress.windows_resumed ? ` ${t('resumed', { count: progress.windows_resumed })}` : '';
        return t('progressOf', { done: clock(progress.done_s), all: clock(progress.duration_s), share: percent(share) }) + resumed;
    }

    showWindow(window) {
        if (this.result) return;
        this.windows.set(window.window, window);
        this.transcript.showLive(this.windows);
        this.sound.show({ spans: this.transcript.spans() });
    }

    // ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────

    showDownloads() {
        const button = (format, click, edited) => h('button', { type: 'button', class: 'format', text: format, 'data-format': format, label: () => t(edited ? 'downloadEdited' : 'download', { format }), on: { click } });
        const original = h('div', { class: 'formats', role: 'group', label: () => t('originalText') }, h('span', { class: 'label', say: () => t(this.edits.count ? 'originalText' : 'downloads') }),
            ...this.job.result.formats.map((format) => button(format, () => this.download(format), false)));
        const discard = h('button', { type: 'button', class: 'plain words', id: 'discard', say: () => t('discardEdits', { count: this.edits.count }), on: { click: () => this.discard() } });
        const edited = h('div', { class: 'formats', id: 'edited', role: 'group', label: () => t('editedText') }, h('span', { class: 'label', say: () => t('editedText') }),
            ...editedFormats.map((format) => button(format, () => save(editedFile(format, this.result, this.edits), fileName(this.job.audio.name, format, true)), true)), discard);
        edited.hidden = this.edits.count === 0;
        this.downloads.replaceChildren(original, edited);
        this.downloads.hidden = false;
    }

    async download(format) {
        try {
            const reply = await request(`/jobs/${this.id}/result?format=${encodeURIComponent(format)}`);
            save(await reply.blob(), fileName(this.job.audio.name, format, false));
        } catch (error) {
            this.fail(error);
        }
    }

    edited() {
        this.showDownloads();
        this.sound.show({ spans: this.transcript.spans() });
    }

    discard() {
        if (!confirm(t('discardSure', { count: this.edits.count }))) return;
        this.edits.clear();
        this.transcript.show(this.result, this.edits);
        this.edited();
        this.title.focus();
    }
}
