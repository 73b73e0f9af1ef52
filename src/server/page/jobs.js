// The left column: a place for files, options, and all jobs of the server, searched and kept up to date.
import { connection, getJson, isAway, ServerGone } from './api.js';
import { follow, isOver } from './events.js';
import { h, say } from './dom.js';
import { Uploads } from './upload.js';
import { clock, languageName, moment, percent, t } from './words.js';

const groups = { all: '', active: 'queued,launching,running,retry_wait', done: 'succeeded', failed: 'failed,dead,cancelled' };
const codes = ['sv', 'auto', 'en', 'no', 'nn', 'da', 'fi', 'is', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'uk', 'ru', 'ar', 'fa', 'so', 'tr', 'zh'];

/// Browsers open six connections to a server, for all tabs together: the job that is read, an upload and the sound need theirs.
const mostStreams = 2;

export const stateWords = (state) => t(`state_${state}`);

/// How far a job is, from 0 to 1; null while that is not known.
export const shareOf = ({ done_s: done, duration_s: all }) => (all ? Math.min(1, done / all) : null);

export class JobList {
    constructor(open) {
        this.open = open; // (job id) → goes there
        this.rows = new Map();
        this.streams = new Map(); // job → what ends its stream
        this.jobs = [];
        this.chosen = '';
        this.pages = 1;
        this.uploads = new Uploads((job, many) => this.added(job, many));
        this.list = h('ul', { class: 'joblist', label: () => t('jobs') });
        this.more = h('button', { type: 'button', class: 'wide', hidden: true, say: () => t('more'), on: { click: () => { ++this.pages; this.refresh(); } } });
        this.search = h('input', { type: 'search', id: 'search', autocomplete: 'off', label: () => t('search'), placeholder: () => t('search') });
        this.group = h('select', { id: 'group', label: () => t('show') }, ...Object.keys(groups).map((name) => h('option', { value: name, say: () => t(`group_${name}`) })));
        this.empty = h('p', { class: 'hint', hidden: true, say: () => this.emptyWords() });
        this.node = document.getElementById('jobs');
        say(this.node, () => t('jobs'), 'aria-label');
        this.node.append(this.dropZone(), this.uploads.node, h('div', { class: 'find' }, this.search, this.group), this.list, this.empty, this.more);
        this.watch();
    }

    watch() {
        let typing = 0;
        this.search.addEventListener('input', () => {
            clearTimeout(typing);
            typing = setTimeout(() => { this.pages = 1; this.refresh(); }, 200);
        });
        this.group.addEventListener('change', () => { this.pages = 1; this.refresh(); });
        document.addEventListener('visibilitychange', () => (document.hidden ? this.listen([]) : this.refresh()));
        connection.addEventListener('found', () => this.refresh());
    }

    dropZone() {
        this.input = h('input', { type: 'file', multiple: true, hidden: true, accept: 'audio/*,video/*,.mka,.mkv,.opus,.amr,.wma,.aiff,.caf', id: 'files' });
        this.input.addEventListener('change', () => { this.take(this.input.files); this.input.value = ''; });
        this.language = h('select', { id: 'language', name: 'language' }, ...codes.map((code) => h('option', { value: code, say: () => (code === 'auto' ? t('detect') : languageName(code)) })));
        this.words = h('input', { type: 'checkbox', id: 'wordtimes', checked: true });
        this.prompt = h('input', { type: 'text', id: 'prompt', autocomplete: 'off', maxlength: '500', placeholder: () => t('promptExample') });
        const zone = h('section', { class: 'drop', label: () => t('newRecording') },
            h('p', { class: 'dropwords', say: () => t('dropHere') }),
            h('button', { type: 'button', id: 'choose', class: 'primary', say: () => t('choose'), on: { click: () => this.input.click() } }), this.input,
            h('details', { class: 'options' }, h('summary', { say: () => t('options') }),
                h('label', { for: 'language', say: () => t('language') }), this.language,
                h('label', { for: 'prompt', say: () => t('prompt') }), this.prompt,
                h('label', { class: 'check', for: 'wordtimes' }, this.words, h('span', { say: () => t('wordTimes') }))));
        let depth = 0;
        const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
        const mark = (on) => document.body.classList.toggle('dropping', on);
        addEventListener('dragenter', (event) => { if (holdsFiles(event)) { ++depth; mark(true); } });
        addEventListener('dragleave', (event) => { if (holdsFiles(event) && --depth <= 0) { depth = 0; mark(false); } });
        addEventListener('dragover', (event) => holdsFiles(event) && event.preventDefault());
        addEventListener('drop', (event) => {
            if (!holdsFiles(event)) return;
            event.preventDefault();
            depth = 0;
            mark(false);
            this.take(event.dataTransfer.files);
        });
        return zone;
    }

    take(files) {
        const options = { language: this.language.value, word_timestamps: this.words.checked ? 'True' : 'False' };
        if (this.prompt.value.trim()) options.initial_prompt = this.prompt.value.trim();
        if (files.length) this.uploads.add([...files], options);
    }

    added(job, many) {
        this.update(job);
        this.refresh();
        if (!many) this.open(job.job_id);
    }

    choose(id) {
        this.chosen = id;
        this.listen(this.jobs);
        for (const [job, { link }] of this.rows) job === id ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
    }

    emptyWords() {
        return t(this.search.value || this.group.value !== 'all' ? 'nothingFound' : 'noJobs');
    }

    // ── Keeping up to date ───────────────────────────────────────────────────────────────────────────────────────────

    async start() {
        await this.refresh();
        const pause = () => new Promise((resolve) => setTimeout(resolve, this.jobs.some(({ state }) => !isOver(state)) ? 1500 : 4000));
        for (;;) {
            await pause();
            if (!document.hidden && !isAway()) await this.refresh();
        }
    }

    async refresh() {
        const round = (this.round = (this.round ?? 0) + 1);
        try {
            const jobs = [];
            let next = '';
            for (let page = 0; page < this.pages && (page === 0 || next); ++page) {
                const query = new URLSearchParams({ limit: '50', state: groups[this.group.value], search: this.search.value.trim(), cursor: next });
                const answer = await getJson(`/jobs?${query}`);
                jobs.push(...answer.jobs);
                next = answer.next ?? '';
            }
            if (round !== this.round) return; // a newer question has been asked
            this.more.hidden = !next;
            this.show(jobs);
        } catch (error) {
            if (!(error instanceof ServerGone)) {
                this.empty.hidden = false;
                say(this.empty, () => error.message);
            }
        }
    }

    show(jobs) {
        this.jobs = jobs;
        const rows = jobs.map((job) => this.rowOf(job));
        const same = rows.length === this.list.children.length && rows.every((row, i) => row === this.list.children[i]);
        if (!same) {
            const focused = document.activeElement;
            this.list.replaceChildren(...rows);
            if (this.list.contains(focused)) focused.focus();
            for (const id of this.rows.keys()) if (!jobs.some((job) => job.job_id === id)) this.rows.delete(id);
        }
        say(this.empty, () => this.emptyWords());
        this.empty.hidden = jobs.length > 0;
        this.listen(jobs);
    }

    /// Hears what happens to jobs under way, the first of them; of the others refresh() tells.
    listen(jobs) {
        const active = jobs.filter(({ state, job_id: id }) => !isOver(state) && id !== this.chosen);
        active.sort((a, b) => (b.state === 'running') - (a.state === 'running'));
        const wanted = active.slice(0, mostStreams).map(({ job_id: id }) => id);
        for (const [id, stream] of this.streams) if (!wanted.includes(id)) stream.abort();
        for (const id of wanted) {
            if (this.streams.has(id)) continue;
            const stream = new AbortController();
            this.streams.set(id, stream);
            follow(id, (name, data) => this.hear(id, name, data), stream.signal).then(() => this.streams.delete(id));
        }
    }

    hear(id, name, data) {
        const job = this.jobs.find(({ job_id: other }) => other === id);
        if (name === 'state') this.update(data);
        else if (name === 'progress' && job) this.update({ ...job, progress: data });
        else if (name === 'end' || name === 'gone') this.refresh();
    }

    /// A job that somebody has newer news of.
    update(job) {
        if (!this.rows.has(job.job_id)) return;
        this.rowOf(job);
        this.jobs = this.jobs.map((old) => (old.job_id === job.job_id ? job : old));
    }

    rowOf(job) {
        let row = this.rows.get(job.job_id);
        if (!row) {
            row = { bar: h('progress', { max: '1' }), state: h('span'), when: h('span', { class: 'when' }), long: h('span', { class: 'when' }) };
            row.link = h('a', { href: `#/job/${job.job_id}` }, h('span', { class: 'name', text: job.audio.name || job.job_id }),
                h('span', { class: 'facts' }, row.state, row.long, row.when), row.bar);
            row.node = h('li', {}, row.link);
            if (job.job_id === this.chosen) row.link.setAttribute('aria-current', 'page');
            this.rows.set(job.job_id, row);
        }
        const share = shareOf(job.progress);
        const running = job.state === 'running';
        row.state.className = `state ${job.state}`;
        say(row.state, () => (running && share ? t('runningAt', { share: percent(share) }) : stateWords(job.state)));
        const seconds = job.result?.audio_s || job.progress.duration_s;
        say(row.long, () => (seconds ? clock(seconds) : ''));
        say(row.when, () => moment(job.created));
        row.bar.hidden = !running;
        if (share === null) row.bar.removeAttribute('value');
        else row.bar.value = share;
        say(row.bar, () => stateWords(job.state), 'aria-label');
        return row.node;
    }
}
