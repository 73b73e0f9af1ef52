// Recordings on their way to the server: one after another, with what the server says of each.
import { ApiError, authorization, currentKey, errorOf, knockNow, lost, newKey } from './api.js';
import { announce, h, icon } from './dom.js';
import { remember } from './recording.js';
import { bytes, percent, t } from './words.js';

class Upload {
    constructor(file, options, uploads) {
        Object.assign(this, { file, options, uploads, state: 'waiting', done: 0, sentence: '' });
        this.bar = h('progress', { max: '1', value: '0', label: () => t('uploadOf', { name: file.name }) });
        this.status = h('span', { class: 'status', say: () => this.words() });
        this.again = h('button', { type: 'button', hidden: true, say: () => t('tryAgain'), on: { click: () => this.retry() } });
        this.stop = h('button', { type: 'button', class: 'plain', label: () => t('dismissUpload', { name: file.name }), on: { click: () => this.cancel() } }, icon('close'));
        this.node = h('li', { class: 'upload' }, h('span', { class: 'name', text: file.name }), this.stop, this.bar, this.status, this.again);
    }

    words() {
        if (this.state === 'failed') return this.sentence || t('uploadBroken');
        if (this.state === 'waiting') return t('uploadWaits', { size: bytes(this.file.size) });
        if (this.done >= 1) return t('uploadChecks');
        return t('uploadAt', { share: percent(this.done), size: bytes(this.file.size) });
    }

    show(state, sentence = '') {
        Object.assign(this, { state, sentence });
        this.bar.hidden = state === 'failed';
        this.again.hidden = state !== 'failed';
        this.node.classList.toggle('failed', state === 'failed');
        this.status.textContent = this.words();
        if (state === 'failed') announce(`${this.file.name}: ${this.words()}`);
    }

    progress(share) {
        const tenth = Math.floor(share * 10);
        if (tenth > Math.floor(this.done * 10)) announce(t('uploadHeard', { name: this.file.name, share: percent(tenth / 10) }));
        this.done = share;
        this.bar.value = share;
        this.status.textContent = this.words();
    }

    retry() {
        this.done = 0;
        this.bar.value = 0;
        this.show('waiting');
        this.uploads.next();
    }

    cancel() {
        this.request?.abort();
        this.uploads.remove(this);
    }

    async send() {
        this.show('sending');
        for (;;) {
            const used = currentKey();
            const { status, text } = await this.sendOnce();
            if (this.state === 'gone') return;
            if (status === 401) {
                await newKey(used);
                continue;
            }
            if (status === 202) return this.uploads.sent(this, JSON.parse(text));
            if (status > 0) return this.show('failed', errorOf(status, text).message);
            if (!(await knockNow())) lost();
            return this.show('failed');
        }
    }

    /// XMLHttpRequest, as fetch does not tell how far an upload is.
    sendOnce() {
        return new Promise((resolve) => {
            const form = new FormData();
            for (const [name, value] of Object.entries(this.options)) form.append(name, value);
            form.append('file', this.file, this.file.name);
            const request = new XMLHttpRequest();
            this.request = request;
            request.open('POST', '/jobs');
            for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
            request.upload.addEventListener('progress', (event) => event.lengthComputable && this.progress(event.loaded / event.total));
            request.addEventListener('loadend', () => resolve({ status: request.status, text: request.responseText }));
            request.send(form);
        });
    }
}

export class Uploads {
    /// `onJob(job, many)` is called with each new job; `many`: others are still on their way.
    constructor(onJob) {
        this.onJob = onJob;
        this.all = [];
        this.node = h('ul', { class: 'uploads', label: () => t('uploads') });
        this.node.hidden = true;
        addEventListener('beforeunload', (event) => {
            if (this.all.some(({ state }) => state === 'sending' || state === 'waiting')) event.preventDefault();
        });
    }

    add(files, options) {
        for (const file of files) {
            const upload = new Upload(file, options, this);
            this.all.push(upload);
            this.node.append(upload.node);
        }
        this.node.hidden = this.all.length === 0;
        this.next();
    }

    async next() {
        if (this.all.some(({ state }) => state === 'sending')) return;
        const upload = this.all.find(({ state }) => state === 'waiting');
        if (!upload) return;
        try {
            await upload.send();
        } catch (error) {
            upload.show('failed', error instanceof ApiError ? error.message : '');
        }
        this.next();
    }

    sent(upload, job) {
        remember(job.job_id, upload.file);
        announce(t('uploadDone', { name: upload.file.name }));
        this.remove(upload);
        this.onJob(job, this.all.some(({ state }) => state === 'waiting'));
    }

    remove(upload) {
        const had = upload.node.contains(document.activeElement);
        upload.state = 'gone';
        upload.node.remove();
        this.all = this.all.filter((other) => other !== upload);
        this.node.hidden = this.all.length === 0;
        if (had) document.getElementById('choose')?.focus();
    }
}
