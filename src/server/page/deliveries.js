// Messages to the job's callback: what was sent, how it went, and sending again.
import { getJson, postJson } from './api.js';
import { h, say } from './dom.js';
import { isOver } from './events.js';
import { moment, t } from './words.js';

export class Deliveries {
    constructor(id) {
        this.id = id;
        this.rows = h('tbody');
        this.to = h('p', { class: 'hint' });
        const heads = ['message', 'state', 'tries', 'lastTry'].map((name) => h('th', { scope: 'col', say: () => t(`delivery_${name}`) }));
        this.node = h('section', { class: 'deliveries', hidden: true, label: () => t('deliveries') }, h('h2', { say: () => t('deliveries') }), this.to,
            h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ...heads, h('td'))), this.rows)));
    }

    show(job) {
        if (!job.callback) return;
        this.node.hidden = false;
        say(this.to, () => t('deliveriesTo', { url: job.callback.url }));
        this.load(isOver(job.state) ? 3 : 0);
    }

    /// The last message is sent a moment after the job has ended: looks `more` times again.
    async load(more) {
        try {
            this.fill((await getJson(`/jobs/${this.id}/deliveries`)).deliveries);
        } catch {
            return; // the page says elsewhere what is wrong with the server
        }
        this.later(more);
    }

    later(more) {
        clearTimeout(this.timer);
        if (more > 0 && this.node.isConnected) this.timer = setTimeout(() => this.load(more - 1), 2000);
    }

    fill(all) {
        this.rows.replaceChildren(...all.map((event) => {
            const last = event.tries.at(-1);
            const how = last ? () => [moment(last.at), last.http_status ? `HTTP ${last.http_status}` : '', last.note].filter(Boolean).join(' · ') : () => '–';
            const again = h('button', { type: 'button', class: 'plain words', say: () => t('sendAgain'), on: { click: () => this.replay(event.event_id) } });
            return h('tr', {}, h('td', { text: event.type.replace(/^transcription\./, '') }), h('td', { say: () => t(`event_${event.state}`) }),
                h('td', { text: String(event.attempts) }), h('td', { say: how }), h('td', {}, event.state === 'pending' ? null : again));
        }));
        if (!all.length) this.rows.replaceChildren(h('tr', {}, h('td', { colspan: '5', say: () => t('noDeliveries') })));
    }

    async replay(event) {
        try {
            this.fill((await postJson(`/jobs/${this.id}/deliveries/replay`, { event_id: event })).deliveries);
            this.later(3);
        } catch (error) {
            say(this.to, () => error.message || t('gone'));
        }
    }
}
