// Keys for the whole page, and the card that lists them.
import { h } from './dom.js';
import * as player from './player.js';
import { choose, preferences } from './preferences.js';
import { t } from './words.js';

/// Keys and what the dictionary calls them; those without `act` are handled where the focus is.
export function shortcuts(page) {
    return [
        { keys: [' ', 'k'], shown: 'K', name: 'keyPlay', act: () => player.hasSound() && player.toggle() },
        { keys: ['j'], shown: 'J', name: 'keyBack', act: () => player.seek(player.position() - 5) },
        { keys: ['l'], shown: 'L', name: 'keyForward', act: () => player.seek(player.position() + 5) },
        { keys: ['t'], shown: 'T', name: 'keyText', act: () => page.view?.transcript?.goTo(page.view.transcript.active) },
        { keys: [], shown: '↑ ↓', name: 'keySegments' },
        { keys: [], shown: '← →', name: 'keyWords' },
        { keys: [], shown: 'Enter', name: 'keyHear' },
        { keys: ['n'], shown: 'N', name: 'keyNextDoubt', act: () => page.view?.transcript?.goToDoubt(1) },
        { keys: ['p'], shown: 'P', name: 'keyPreviousDoubt', act: () => page.view?.transcript?.goToDoubt(-1) },
        { keys: ['e'], shown: 'E', name: 'keyEdit', act: () => page.view?.transcript?.editActive() },
        { keys: ['u'], shown: 'U', name: 'keyChoose', act: () => page.chooseFiles() },
        { keys: ['/'], shown: '/', name: 'keySearch', act: () => page.search() },
        { keys: ['?'], shown: '?', name: 'keyHelp', act: () => page.help() },
    ];
}

export function listenForKeys(all) {
    document.addEventListener('keydown', (event) => {
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
        if (document.querySelector('dialog[open]') || event.target.closest('input:not([type=checkbox]), textarea, select')) return;
        if (preferences.letters === 'off' && event.key !== '?') return;
        if (event.key === ' ' && event.target.closest('button, a, summary, input')) return; // it presses that
        const found = all.find(({ keys, act }) => act && keys.includes(event.key.length === 1 ? event.key.toLowerCase() : event.key));
        if (!found) return;
        event.preventDefault();
        found.act();
    });
}

export function helpCard(all) {
    const letters = h('input', { type: 'checkbox', id: 'letters', checked: preferences.letters === 'on' });
    letters.addEventListener('change', () => choose('letters', letters.checked ? 'on' : 'off'));
    const rows = all.flatMap(({ shown, name }) => [h('dt', {}, ...shown.split(' ').map((key) => h('kbd', { text: key }))), h('dd', { say: () => t(name) })]);
    const card = h('dialog', { class: 'card', id: 'help', label: () => t('keys') }, h('h2', { say: () => t('keys') }), h('dl', { class: 'keys' }, ...rows),
        h('label', { class: 'check', for: 'letters' }, letters, h('span', { say: () => t('lettersOn') })),
        h('form', { method: 'dialog' }, h('button', { class: 'primary', say: () => t('close') })));
    card.addEventListener('click', (event) => event.target === card && card.close());
    return card;
}

/// Asks for the server's key until there is one.
export function askForKey(wasRefused) {
    return new Promise((resolve) => {
        const input = h('input', { type: 'password', id: 'key', autocomplete: 'off', spellcheck: 'false', required: true });
        const form = h('form', { method: 'dialog' }, h('label', { for: 'key', say: () => t('key') }), input, h('button', { class: 'primary', say: () => t('useKey') }));
        const card = h('dialog', { class: 'card', id: 'keycard', label: () => t('keyWanted') }, h('h2', { say: () => t('keyWanted') }),
            wasRefused ? h('p', { class: 'problem', role: 'alert', say: () => t('keyRefused') }) : null, h('p', { class: 'hint', say: () => t('keyHint') }), form);
        let answered = false;
        // There is nothing to see without a key, so Escape leads nowhere; browsers let the second one through.
        card.addEventListener('cancel', (event) => event.preventDefault());
        card.addEventListener('close', () => answered || card.showModal());
        form.addEventListener('submit', (event) => {
            event.preventDefault();
            const key = input.value.trim();
            if (!key) return;
            answered = true;
            card.close();
            card.remove();
            resolve(key);
        });
        document.body.append(card);
        card.showModal();
        input.focus();
    });
}
