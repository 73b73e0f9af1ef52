// The sound of a job: buttons, the picture of it, and sentences where there is none.
import { ApiError, ServerGone } from './api.js';
import { h, icon, say } from './dom.js';
import * as player from './player.js';
import { peaksOf, remember, soundOf } from './recording.js';
import { Waveform } from './waveform.js';
import { clock, number, percent, t } from './words.js';

const rates = [0.5, 0.75, 1, 1.25, 1.5, 2];

export class Sound {
    constructor() {
        this.wave = new Waveform();
        this.stops = new AbortController();
        const button = (id, label, shape, act, more) => h('button', { type: 'button', id, class: more, label, title: label, on: { click: act } }, icon(shape));
        this.toggle = button('play', () => t(player.isPlaying() ? 'pause' : 'play'), 'play', () => player.toggle(), 'round primary');
        this.time = h('span', { class: 'clock' });
        this.rate = h('select', { id: 'rate', label: () => t('speed'), on: { change: () => player.setRate(Number(this.rate.value)) } },
            ...rates.map((rate) => h('option', { value: rate, selected: rate === player.rate(), say: () => t('times', { rate: number(rate, rate % 1 ? (rate * 100) % 50 ? 2 : 1 : 0) }) })));
        this.controls = h('div', { class: 'controls' }, button('back', () => t('back5'), 'back', () => player.seek(player.position() - 5), 'round'), this.toggle,
            button('forward', () => t('forward5'), 'forward', () => player.seek(player.position() + 5), 'round'), this.time, this.rate);
        this.note = h('p', { class: 'hint', id: 'soundnote', hidden: true });
        this.own = h('input', { type: 'file', hidden: true, accept: 'audio/*,video/*' });
        this.own.addEventListener('change', () => this.own.files[0] && this.useOwn(this.own.files[0]));
        this.ask = h('button', { type: 'button', class: 'plain words', hidden: true, say: () => t('useOwnFile'), on: { click: () => this.own.click() } });
        this.node = h('section', { class: 'sound', label: () => t('sound') }, this.controls, this.wave.node, this.note, this.ask, this.own);
        const { signal } = this.stops;
        player.player.addEventListener('time', () => this.showTime(), { signal });
        player.player.addEventListener('state', () => this.showState(), { signal });
        player.player.addEventListener('failed', () => this.job && player.failure() && this.tell(() => t('cannotPlay'), true), { signal });
        player.player.addEventListener('length', () => { if (!this.wave.duration && player.length()) this.show({ duration: player.length() }); }, { signal });
        this.showState();
        this.showTime();
    }

    close() {
        this.stops.abort();
        this.wave.close();
        player.load(null);
    }

    showTime() {
        const now = `${clock(player.position())} / ${clock(this.wave.duration || player.length())}`;
        if (this.time.textContent !== now) this.time.textContent = now;
    }

    showState() {
        this.toggle.replaceChildren(icon(player.isPlaying() ? 'pause' : 'play'));
        for (const attribute of ['aria-label', 'title']) say(this.toggle, () => t(player.isPlaying() ? 'pause' : 'play'), attribute);
    }

    show(what) {
        this.wave.show(what);
        if (what.spans && this.words) this.tell(this.words, !this.ask.hidden, this.wave.flat);
        this.showTime();
    }

    /// `flat`: there is no waveform to come.
    tell(words, offerOwn = false, flat = Boolean(words)) {
        this.show({ flat });
        this.note.hidden = !words;
        if (words) say(this.note, () => (flat && this.wave.spans.length ? t('speechAsBars', { why: words() }) : words()));
        this.words = words;
        this.ask.hidden = !offerOwn;
    }

    useOwn(file) {
        remember(this.job.job_id, file);
        this.opened = '';
        this.open(this.job);
    }

    /// Finds the sound and draws it; once for each job.
    async open(job) {
        if (this.opened === job.job_id) return;
        this.opened = job.job_id;
        this.job = job;
        this.tell(null);
        try {
            const sound = await soundOf(job, (share) => this.tell(() => t('fetchingSound', { share: percent(share) }), false, false), this.stops.signal);
            if (this.stops.signal.aborted) return;
            this.tell(null);
            player.load(sound);
            await this.draw(job, sound);
        } catch (error) {
            if (this.stops.signal.aborted || error.name === 'AbortError') return;
            this.opened = '';
            if (error instanceof ServerGone) return; // the banner says so, and it is tried again
            this.tell(() => (error instanceof ApiError && error.code === 'no_audio' ? t('noSound') : t('soundBroken')), true);
        }
    }

    async draw(job, sound) {
        try {
            const seconds = job.result?.audio_s || job.progress.duration_s;
            const shape = await peaksOf(job, sound, seconds, this.stops.signal);
            if (this.stops.signal.aborted) return;
            if (!shape) return this.tell(() => t('tooLongToDraw'));
            this.show({ peaks: shape.peaks, duration: this.wave.duration || shape.duration });
        } catch (error) {
            if (error.name !== 'EncodingError') throw error;
            this.tell(() => t(player.failure() ? 'cannotPlay' : 'cannotDraw'), Boolean(player.failure()));
        }
    }
}
