// Elements, without a parser of markup anywhere, and words that change when the language does.
const sayings = new WeakMap(); // element → attribute ('' for its text) → function that gives the words

function write(node, attribute, words) {
    const value = words();
    if (!attribute) {
        if (node.textContent !== value) node.textContent = value;
    } else if (node.getAttribute(attribute) !== value) {
        node.setAttribute(attribute, value);
    }
}

/// Gives the element words, now and whenever the language changes. `words` is a function that returns a string.
export function say(node, words, attribute = '') {
    if (!sayings.has(node)) sayings.set(node, new Map());
    sayings.get(node).set(attribute, words);
    node.setAttribute('data-said', '');
    write(node, attribute, words);
    return node;
}

export function sayAllAgain(root = document) {
    for (const node of root.querySelectorAll('[data-said]')) {
        for (const [attribute, words] of sayings.get(node) ?? []) write(node, attribute, words);
    }
}

const spoken = { say: '', label: 'aria-label', title: 'title', placeholder: 'placeholder' };

/// An element. In `properties`, say, label, title and placeholder take functions that return words (see say), text a
/// string that is data, on an object of listeners; all others are attributes: true is an empty one, false and null none.
export function h(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === false || value === null || value === undefined) continue;
        if (name in spoken) say(node, value, spoken[name]);
        else if (name === 'text') node.textContent = value;
        else if (name === 'on') for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
        else node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}

const shapes = {
    play: 'M8 5.500v13l10.500-6.500z',
    pause: 'M8 5.500v13M16 5.500v13',
    back: 'M4.500 5v5h5M5 10a8 8 0 1 1-.8 4.500',
    forward: 'M19.500 5v5h-5M19 10a8 8 0 1 0 .8 4.500',
    close: 'M6 6l12 12M18 6L6 18',
    pencil: 'M4.500 19.500l.8-3.800L16 5l3 3L8.300 18.700zM13.500 7.500l3 3',
    up: 'M12 19V6M6.500 11.500L12 6l5.500 5.500',
    left: 'M19 12H5M10.500 6.500L5 12l5.500 5.500',
    doubt: 'M12 4.500L21 19.500H3zM12 10v4.500M12 16.800v.4',
    undo: 'M8.500 6L4.500 10l4 4M5 10h9a5 5 0 0 1 0 10h-3',
};

/// A drawing that says nothing by itself: what it stands on has words.
export function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('class', `icon icon-${name}`);
    path.setAttribute('d', shapes[name]);
    svg.append(path);
    return svg;
}

/// Says it to those who do not see the page.
export function announce(sentence) {
    const place = document.getElementById('announcer');
    if (place.textContent !== sentence) place.textContent = sentence;
}

/// Lets a browser save it under that name.
export function save(blob, name) {
    const address = URL.createObjectURL(blob);
    const link = h('a', { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
}
