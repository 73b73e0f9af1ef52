// The text: segments with their times, words that can be heard, doubts in words, editing in place.
import { announce, h, icon, say } from './dom.js';
import { droppedSentence, isDoubtfulWord, reasonsOf, wordReason } from './doubts.js';
import * as player from './player.js';
import { clock, t } from './words.js';

export class Transcript {
    /// `onEdit` is called when the text has changed.
    constructor(onEdit) {
        this.onEdit = onEdit;
        this.list = h('ol', { class: 'segments', id: 'segments' });
        this.note = h('p', { class: 'hint', hidden: true });
        this.node = h('section', { class: 'text', label: () => t('text') }, this.note, this.list);
        this.rows = [];
        this.timed = []; // all words and segments that have times, ascending: {start, end, node, row}
        this.current = null;
        this.active = 0; // the row that Tab reaches
        this.scrolled = 0;
        this.stops = new AbortController();
        const { signal } = this.stops;
        player.player.addEventListener('time', () => this.follow(), { signal });
        for (const type of ['wheel', 'touchmove'])
            addEventListener(type, () => { this.scrolled = performance.now(); }, { signal, passive: true });
        this.list.addEventListener('click', (event) => this.clicked(event));
        this.list.addEventListener('keydown', (event) => this.pressed(event));
        this.list.addEventListener('focusin', (event) => this.focused(event));
        this.list.addEventListener('dblclick', (event) => {
            const row = event.target.closest('.segment');
            if (row && event.target.closest('.said')) this.edit(Number(row.dataset.index));
        });
    }

    close() {
        this.stops.abort();
    }

    /// While the job runs: what windows say, in the order of the recording, as text only.
    showLive(windows) {
        this.edits = null;
        const segments = [...windows.values()].sort((a, b) => a.window - b.window).flatMap((window) => window.segments);
        const known = new Map([...this.list.children].map((row) => [row.dataset.place, row]));
        const rows = segments.map((segment) => {
            const place = `${segment.start} ${segment.text}`;
            return known.get(place) ?? this.liveRow(segment, place);
        });
        this.list.replaceChildren(...rows);
        this.rows = rows;
        this.timed = segments.map((segment, i) => ({ start: segment.start, end: segment.end, node: rows[i], row: rows[i] }));
        this.setActive(Math.min(this.active, rows.length - 1));
    }

    liveRow(segment, place) {
        const row = h('li', { class: 'segment fresh', 'data-place': place }, this.timeButton(segment), h('div', { class: 'body' }, h('p', { class: 'said', text: segment.text })));
        row.dataset.start = segment.start;
        return row;
    }

    /// The result. `edits`: Edits of it.
    show(result, edits) {
        this.result = result;
        this.edits = edits;
        const dropped = [...(result.metadata?.coverage?.dropped ?? [])].sort((a, b) => a.start - b.start);
        const nodes = [];
        this.rows = result.segments.map((segment, i) => {
            while (dropped.length && dropped[0].start < segment.start) nodes.push(this.droppedRow(dropped.shift()));
            const row = this.row(segment, i);
            nodes.push(row);
            return row;
        });
        nodes.push(...dropped.map((part) => this.droppedRow(part)));
        this.list.replaceChildren(...nodes);
        this.collect();
        this.active = 0;
        this.setActive(0);
        const words = result.segments.some((segment) => segment.words?.length);
        this.note.hidden = false;
        say(this.note, () => (result.segments.length === 0 ? t('noSpeech') : t(words ? 'hearWords' : 'hearSegments')));
    }

    timeButton(segment) {
        return h('button', {
            type: 'button', class: 'time', tabindex: '-1', text: clock(segment.start),
            label: () => t('hearFrom', { at: clock(segment.start) }),
        });
    }

    droppedRow(part) {
        return h('li', { class: 'dropped' }, h('p', { say: () => droppedSentence(part) }));
    }

    row(segment, index) {
        const row = h('li', { class: 'segment', 'data-index': index, 'data-start': segment.start }, this.timeButton(segment), h('div', { class: 'body' }));
        this.fill(row, index);
        return row;
    }

    /// The text of a row and all that stands around it.
    fill(row, index) {
        const segment = this.result.segments[index];
        const body = row.querySelector('.body');
        const edited = this.edits.has(index);
        const said = h('p', { class: 'said' });
        this.edits.wordsOf(index).forEach((word, i) => {
            if (i > 0 && word.spaced !== false) said.append(' ');
            said.append(this.wordNode(word));
        });
        if (!said.textContent) said.append(h('em', { say: () => t('emptied') }));
        const reasons = edited ? [] : reasonsOf(segment);
        row.classList.toggle('doubtful', reasons.length > 0);
        row.classList.toggle('edited', edited);
        const why = reasons.length
            ? h('p', { class: 'why' }, icon('doubt'), h('span', { say: () => t('doubtful', { why: reasons.map((reason) => reason()).join('; ') }) }))
            : null;
        const tools = h('div', { class: 'tools' },
            edited ? h('span', { class: 'tag', say: () => t('edited') }) : null,
            edited ? h('button', { type: 'button', class: 'plain revert', tabindex: '-1', label: () => t('revertSegment'), title: () => t('revertSegment') }, icon('undo')) : null,
            h('button', { type: 'button', class: 'plain edit', tabindex: '-1', label: () => t('editSegment', { at: clock(segment.start) }), title: () => t('edit') }, icon('pencil')));
        body.replaceChildren(...[said, why].filter(Boolean));
        row.querySelector('.tools')?.remove();
        row.append(tools);
    }

    wordNode(word) {
        if (word.start === undefined) return h('span', { class: 'untimed', text: word.text });
        const doubtful = isDoubtfulWord(word);
        const node = h('span', {
            class: doubtful ? 'word unsure' : 'word', tabindex: '-1', text: word.text,
            title: doubtful ? () => wordReason(word) : null, role: doubtful ? 'mark' : null,
        });
        node.span = word;
        return node;
    }

    /// What can be followed while it is heard.
    collect() {
        this.timed = [];
        this.rows.forEach((row, i) => {
            const words = [...row.querySelectorAll('.word')];
            const segment = this.result.segments[i];
            if (words.length) for (const node of words) this.timed.push({ start: node.span.start, end: node.span.end, node, row });
            else this.timed.push({ start: segment.start, end: segment.end, node: row.querySelector('.said') ?? row, row });
        });
    }

    // ── Hearing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Marks what is heard now, and keeps it in sight unless the reader has just scrolled.
    follow() {
        const at = player.position() + 0.02;
        let low = 0, high = this.timed.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.timed[middle].start <= at) low = middle + 1;
            else high = middle;
        }
        const found = low > 0 ? this.timed[low - 1] : null;
        const now = found && (at < found.end + 0.25 || !player.isPlaying()) && (player.isPlaying() || player.position() > 0) ? found : null;
        if (now?.node === this.current?.node) return;
        this.current?.node.classList.remove('now');
        if (this.current?.row !== now?.row) {
            this.current?.row.removeAttribute('aria-current');
            now?.row.setAttribute('aria-current', 'true');
            if (now && player.isPlaying()) this.reveal(now.row);
        }
        now?.node.classList.add('now');
        this.current = now;
    }

    reveal(row) {
        if (performance.now() - this.scrolled < 4000 || this.list.querySelector('textarea')) return;
        const box = row.getBoundingClientRect();
        if (box.top > innerHeight * 0.3 && box.bottom < innerHeight * 0.85) return;
        const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
        row.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
    }

    clicked(event) {
        const row = event.target.closest('.segment');
        if (!row || event.target.closest('textarea')) return;
        if (event.target.closest('.edit')) return this.edit(Number(row.dataset.index));
        if (event.target.closest('.revert')) return this.revert(Number(row.dataset.index));
        if (String(getSelection()).trim()) return; // somebody marks text
        const word = event.target.closest('.word');
        if (word) return void player.play(word.span.start);
        if (event.target.closest('.time, .said')) void player.play(Number(row.dataset.start));
    }

    // ── Keys: one stop for Tab, arrows within ────────────────────────────────────────────────────────────────────────

    setActive(index) {
        this.rows[this.active]?.querySelectorAll('button').forEach((button) => button.setAttribute('tabindex', '-1'));
        this.active = Math.max(0, index);
        this.rows[this.active]?.querySelectorAll('button').forEach((button) => button.setAttribute('tabindex', '0'));
    }

    focused(event) {
        const index = this.rows.indexOf(event.target.closest('.segment'));
        if (index >= 0 && index !== this.active) this.setActive(index);
    }

    goTo(index) {
        const row = this.rows[Math.min(this.rows.length - 1, Math.max(0, index))];
        if (!row) return;
        row.querySelector('.time').focus({ preventScroll: true });
        row.scrollIntoView({ block: 'nearest' });
    }

    pressed(event) {
        if (event.target.closest('textarea') || event.ctrlKey || event.metaKey || event.altKey) return;
        const row = event.target.closest('.segment');
        const words = row ? [...row.querySelectorAll('.word')] : [];
        const at = words.indexOf(event.target);
        const acts = {
            ArrowDown: () => this.goTo(this.active + 1),
            ArrowUp: () => this.goTo(this.active - 1),
            Home: () => this.goTo(0),
            End: () => this.goTo(this.rows.length - 1),
            ArrowRight: () => words[at + 1]?.focus(),
            ArrowLeft: () => (at > 0 ? words[at - 1].focus() : row?.querySelector('.time').focus()),
        };
        if (at >= 0) acts.Enter = () => player.play(words[at].span.start);
        if (!(event.key in acts)) return;
        event.preventDefault();
        event.stopPropagation();
        acts[event.key]();
    }

    /// The next place that is doubtful, from the row that has the focus; +1 or -1.
    goToDoubt(direction) {
        const isDoubtful = (row) => row.classList.contains('doubtful') || row.querySelector('.unsure');
        const from = this.list.contains(document.activeElement) ? this.active : direction > 0 ? -1 : this.rows.length;
        for (let i = from + direction; i >= 0 && i < this.rows.length; i += direction) {
            if (!isDoubtful(this.rows[i])) continue;
            this.goTo(i);
            this.rows[i].querySelector('.unsure')?.focus({ preventScroll: true });
            return;
        }
        announce(t('noMoreDoubts'));
    }

    // ── Editing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    editActive() {
        if (this.edits && this.rows.length) this.edit(this.active);
    }

    edit(index) {
        const row = this.rows[index];
        if (!this.edits || row.querySelector('textarea')) return;
        getSelection()?.removeAllRanges();
        this.setActive(index);
        const area = h('textarea', { rows: '1', spellcheck: 'true', lang: this.result.language, label: () => t('editSegment', { at: clock(this.result.segments[index].start) }) });
        area.value = this.edits.textOf(index);
        const fit = () => { area.style.height = 'auto'; area.style.height = `${area.scrollHeight + 2}px`; };
        let over = false;
        const end = (keep, back) => {
            if (over) return;
            over = true;
            if (keep && area.value.replace(/\s+/g, ' ').trim() !== this.edits.textOf(index)) this.change(index, area.value);
            else this.fill(row, index);
            this.collect();
            this.setActive(index);
            if (back) row.querySelector('.time').focus({ preventScroll: true });
        };
        area.addEventListener('input', fit);
        area.addEventListener('blur', () => end(true, false));
        area.addEventListener('keydown', (event) => {
            event.stopPropagation();
            if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
            event.preventDefault();
            end(event.key === 'Enter', true);
        });
        row.querySelector('.body').replaceChildren(area, h('p', { class: 'hint', say: () => t('editingHelp') }));
        fit();
        area.focus({ preventScroll: true });
        row.scrollIntoView({ block: 'nearest' });
    }

    change(index, text) {
        const kept = this.edits.set(index, text);
        this.fill(this.rows[index], index);
        this.collect();
        announce(t(kept ? 'editKept' : 'editNotStored'));
        this.onEdit();
    }

    revert(index) {
        this.change(index, this.result.segments[index].text);
        this.setActive(index);
        this.rows[index].querySelector('.edit').focus({ preventScroll: true });
    }

    spans() {
        if (!this.edits) return this.timed.map(({ start, end }) => ({ start, end }));
        return this.result.segments.map((segment, i) => ({ start: segment.start, end: segment.end, doubtful: this.rows[i].classList.contains('doubtful') }));
    }
}
