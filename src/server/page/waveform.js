// A picture of the whole recording: its loudness, where speech was found, what is doubtful, and where we are. Also the
// slider for moving in it.
import { h, say } from './dom.js';
import * as player from './player.js';
import { clock, t } from './words.js';

const barWidth = 2, gap = 1, spanHeight = 5, step = 5;

export class Waveform {
    constructor() {
        this.canvas = h('canvas', { 'aria-hidden': 'true' });
        this.hover = h('span', { class: 'hover', 'aria-hidden': 'true', hidden: true });
        this.node = h('div', { class: 'wave', role: 'slider', tabindex: '0', label: () => t('position'), 'aria-valuemin': '0' }, this.canvas, this.hover);
        this.duration = 0;
        this.peaks = null;
        this.flat = false;
        this.spans = [];
        say(this.node, () => t('positionOf', { at: clock(player.position()), all: clock(this.duration) }), 'aria-valuetext');
        this.listen();
    }

    listen() {
        const at = (event) => {
            const box = this.canvas.getBoundingClientRect();
            return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.duration;
        };
        this.node.addEventListener('pointerdown', (event) => {
            if (event.button !== 0 || !this.duration) return;
            this.node.setPointerCapture(event.pointerId);
            player.seek(at(event));
        });
        this.node.addEventListener('pointermove', (event) => {
            if (!this.duration) return;
            this.hover.hidden = event.pointerType === 'touch';
            this.hover.textContent = clock(at(event));
            this.hover.style.left = `${(at(event) / this.duration) * 100}%`;
            if (this.node.hasPointerCapture(event.pointerId)) player.seek(at(event));
        });
        this.node.addEventListener('pointerleave', () => { this.hover.hidden = true; });
        this.node.addEventListener('keydown', (event) => {
            const moves = { ArrowLeft: -step, ArrowRight: step, ArrowDown: -step, ArrowUp: step, PageDown: -60, PageUp: 60, Home: -Infinity, End: Infinity };
            if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
            event.preventDefault();
            event.stopPropagation();
            player.seek(Math.min(this.duration, Math.max(0, player.position() + moves[event.key])));
        });
        this.stops = new AbortController();
        player.player.addEventListener('time', () => this.move(), { signal: this.stops.signal });
        document.addEventListener('theme', () => this.draw(), { signal: this.stops.signal });
        this.sizes = new ResizeObserver(() => this.draw());
        this.sizes.observe(this.node);
    }

    close() {
        this.stops.abort();
        this.sizes.disconnect();
    }

    /// `spans`: {start, end, doubtful, live} in seconds; `peaks` from 0 to 1, or null.
    /// `flat`: there will be no peaks.
    show({ duration = this.duration, peaks = this.peaks, spans = this.spans, flat = this.flat }) {
        Object.assign(this, { duration, peaks, spans, flat });
        this.node.setAttribute('aria-valuemax', duration.toFixed(1));
        this.node.classList.toggle('flat', flat && !peaks);
        this.node.hidden = flat && !peaks && !spans.length;
        this.move();
        this.draw();
    }

    move() {
        const at = player.position();
        const now = at.toFixed(1);
        if (now === this.node.getAttribute('aria-valuenow')) return;
        this.node.setAttribute('aria-valuenow', now);
        const words = t('positionOf', { at: clock(at), all: clock(this.duration) });
        if (words !== this.node.getAttribute('aria-valuetext')) this.node.setAttribute('aria-valuetext', words);
        this.draw();
    }

    draw() {
        const { clientWidth: width, clientHeight: height } = this.canvas;
        if (!width || !height) return;
        const scale = devicePixelRatio || 1;
        if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
            this.canvas.width = Math.round(width * scale);
            this.canvas.height = Math.round(height * scale);
        }
        const pen = this.canvas.getContext('2d');
        pen.setTransform(scale, 0, 0, scale, 0, 0);
        pen.clearRect(0, 0, width, height);
        const style = getComputedStyle(this.node);
        const colour = (name) => style.getPropertyValue(name).trim();
        const x = (seconds) => (this.duration ? (seconds / this.duration) * width : 0);
        const played = x(player.position());
        if (this.peaks) this.drawBars(pen, width, height - spanHeight - 6, played, colour);
        this.drawSpans(pen, height, x, colour);
        pen.fillStyle = colour('--ink');
        pen.fillRect(Math.min(width - 1.5, Math.max(0, played - 0.75)), 0, 1.5, height);
    }

    drawBars(pen, width, height, played, colour) {
        const bars = Math.floor(width / (barWidth + gap));
        for (let i = 0; i < bars; ++i) {
            const first = Math.floor((i / bars) * this.peaks.length);
            const last = Math.max(first + 1, Math.floor(((i + 1) / bars) * this.peaks.length));
            let peak = 0;
            for (let k = first; k < last; ++k) peak = Math.max(peak, this.peaks[k]);
            const tall = Math.max(1.5, peak * (height - 2));
            const left = i * (barWidth + gap);
            pen.fillStyle = left + barWidth <= played ? colour('--accent') : colour('--wave');
            pen.fillRect(left, (height - tall) / 2, barWidth, tall);
        }
    }

    drawSpans(pen, height, x, colour) {
        const top = this.peaks ? height - spanHeight : height / 2 - 7;
        const tall = this.peaks ? spanHeight : 14;
        for (const span of this.spans) {
            const left = x(span.start), wide = Math.max(1.5, x(span.end) - left - 1);
            pen.fillStyle = colour(span.doubtful ? '--doubt' : '--speech');
            pen.fillRect(left, top, wide, tall);
            // Not by colour alone: doubt stands out upwards.
            if (span.doubtful) pen.fillRect(left, top - 4, Math.min(wide, 2), 4);
        }
    }
}
