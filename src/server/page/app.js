// The page put together: its frame, where it is (the part of the address behind #), and what holds everywhere.
import { connection, knockNow, setKeyQuestion } from './api.js';
import { announce, h, say, sayAllAgain } from './dom.js';
import { JobView } from './job.js';
import { JobList } from './jobs.js';
import { askForKey, helpCard, listenForKeys, shortcuts } from './keys.js';
import { choose, languages, preferences, show, themes } from './preferences.js';
import { t } from './words.js';

class Page {
    constructor() {
        this.main = document.getElementById('main');
        this.jobs = new JobList((id) => { location.hash = `#/job/${id}`; });
        this.view = null;
        const keys = shortcuts(this);
        this.card = helpCard(keys);
        document.body.append(this.card);
        listenForKeys(keys);
        this.frame();
        this.banner();
        addEventListener('hashchange', () => this.go());
    }

    frame() {
        const chooser = (name, values, words) => {
            const select = h('select', { id: name, label: () => t(name) }, ...values.map((value) => h('option', { value, selected: preferences[name] === value, say: () => words(value) })));
            select.addEventListener('change', () => {
                choose(name, select.value);
                sayAllAgain();
            });
            return select;
        };
        const language = chooser('language', languages, (value) => t(`language_${value}`));
        language.id = 'pagelanguage';
        document.getElementById('top').append(
            h('a', { class: 'brand', href: '#/', label: () => t('home') }, h('img', { src: '/page/icon.svg', alt: '', width: '26', height: '26' }), h('span', { text: 'fast-transcribe' })),
            h('div', { class: 'choices' }, language, chooser('theme', themes, (value) => t(`theme_${value}`)),
                h('button', { type: 'button', id: 'keys', class: 'round', text: '?', label: () => t('keys'), title: () => t('keys'), on: { click: () => this.help() } })));
        const skip = say(document.getElementById('skip'), () => t('skip'));
        skip.addEventListener('click', (event) => {
            event.preventDefault();
            this.main.focus();
        });
    }

    banner() {
        const banner = document.getElementById('banner');
        banner.append(h('span', { say: () => t('gone') }), h('button', { type: 'button', say: () => t('tryNow'), on: { click: () => knockNow() } }));
        connection.addEventListener('lost', () => { banner.hidden = false; });
        connection.addEventListener('found', () => {
            banner.hidden = true;
            announce(t('back'));
        });
    }

    /// Shows what the address names. `first`: the page has just been opened, and nothing should take the focus.
    go(first = false) {
        const id = /^#\/job\/([A-Za-z0-9_-]{1,64})$/.exec(location.hash)?.[1];
        this.view?.close();
        this.view = null;
        this.jobs.choose(id ?? '');
        document.body.classList.toggle('reading', Boolean(id));
        if (!id) {
            document.title = 'fast-transcribe';
            this.main.replaceChildren(this.welcome());
            if (!first) this.jobs.node.querySelector('#choose').focus();
            return;
        }
        this.view = new JobView(id, (job) => this.jobs.update(job));
        this.main.replaceChildren(this.view.node);
        scrollTo(0, 0);
        if (!first) this.view.title.focus({ preventScroll: true });
        this.view.start();
    }

    welcome() {
        return h('div', { class: 'welcome' }, h('h1', { say: () => t('welcome') }), h('p', { say: () => t('welcomeHow') }), h('p', { say: () => t('welcomeDoubt') }), h('p', { class: 'hint', say: () => t('welcomeLocal') }));
    }

    help() {
        if (!this.card.open) this.card.showModal();
    }

    search() {
        if (document.body.classList.contains('reading') && matchMedia('(max-width: 899px)').matches) location.hash = '#/';
        this.jobs.search.focus();
    }

    chooseFiles() {
        this.jobs.input.click();
    }
}

show();
setKeyQuestion(askForKey);
const page = new Page();
page.go(true);
page.jobs.start();
