// What a person has chosen for this browser: language, colours, keys. None of it leaves the browser.
export const languages = ['sv', 'en'];
export const themes = ['auto', 'light', 'dark'];

function stored(name, allowed, otherwise) {
    let value = null;
    try {
        value = localStorage.getItem(`page.${name}`);
    } catch {
        // Storage may be forbidden; then choices last as long as the page.
    }
    return allowed.includes(value) ? value : otherwise();
}

function keep(name, value) {
    try {
        localStorage.setItem(`page.${name}`, value);
    } catch {
        // As above.
    }
}

function languageOfBrowser() {
    const wanted = (navigator.languages ?? [navigator.language]).map((tag) => tag.toLowerCase().split('-')[0]);
    return wanted.find((tag) => languages.includes(tag)) ?? 'en';
}

export const preferences = {
    language: stored('language', languages, languageOfBrowser),
    theme: stored('theme', themes, () => 'auto'),
    letters: stored('letters', ['on', 'off'], () => 'on'),
};

export function choose(name, value) {
    preferences[name] = value;
    keep(name, value);
    show();
}

/// Puts the choices where the style sheet and screen readers see them.
export function show() {
    document.documentElement.lang = preferences.language;
    document.documentElement.dataset.theme = preferences.theme;
    document.dispatchEvent(new CustomEvent('theme'));
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.dispatchEvent(new CustomEvent('theme')));
