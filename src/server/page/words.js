// Words, numbers and times in the chosen language.
import { dictionary } from './dictionary.js';
import { preferences } from './preferences.js';

/// The entry of the dictionary with its {places} filled in. An entry may have forms for numbers: {one, other}, chosen by
/// the value of `count`.
export function t(name, values = {}) {
    let entry = dictionary[preferences.language][name];
    if (entry === undefined) throw new Error(`dictionary.js has no ${name}`);
    if (typeof entry === 'object') entry = entry[new Intl.PluralRules(preferences.language).select(values.count)] ?? entry.other;
    return entry.replace(/\{(\w+)\}/g, (whole, place) => (place in values ? String(values[place]) : whole));
}

export function number(value, digits = 0) {
    return new Intl.NumberFormat(preferences.language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function percent(share) {
    return new Intl.NumberFormat(preferences.language, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}

/// A place in a recording: 1:02:05, 4:07; with tenths on request.
export function clock(seconds, tenths = false) {
    const all = Math.max(0, Number.isFinite(seconds) ? seconds : 0);
    const whole = Math.floor(tenths ? Math.floor(all * 10 + 1e-6) / 10 : all);
    const pad = (value) => String(value).padStart(2, '0');
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    const text = hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
    return tenths ? `${text}.${Math.floor(all * 10 + 1e-6) % 10}` : text;
}

/// How long something is, for reading: "4 min 7 s".
export function duration(seconds) {
    const whole = Math.round(seconds);
    if (seconds < 10) return t('seconds', { s: number(seconds, 1) });
    if (whole < 60) return t('seconds', { s: number(whole) });
    if (whole < 3600) return t('minutes', { m: Math.floor(whole / 60), s: whole % 60 });
    return t('hours', { h: Math.floor(whole / 3600), m: Math.floor(whole / 60) % 60 });
}

export function bytes(count) {
    const steps = ['kilobyte', 'megabyte', 'gigabyte'];
    let value = count / 1000, step = 0;
    while (value >= 1000 && step < 2) {
        value /= 1000;
        ++step;
    }
    return new Intl.NumberFormat(preferences.language, { style: 'unit', unit: steps[step], maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/// When something happened: today only the time.
export function moment(iso) {
    const at = new Date(iso);
    if (Number.isNaN(at.getTime())) return '';
    const today = at.toDateString() === new Date().toDateString();
    const parts = today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' };
    return new Intl.DateTimeFormat(preferences.language, parts).format(at);
}

/// "sv" → "svenska"; a code that the browser does not know stays.
export function languageName(code) {
    try {
        return new Intl.DisplayNames([preferences.language], { type: 'language' }).of(code) ?? code;
    } catch {
        return code;
    }
}
