/* format.ts - numbers and times as text, the same in every locale.
 * SPDX-License-Identifier: MIT */
import type { Value } from './api';
import type { SignalView } from './store';
import { text } from './text';

const THIN = '\u202f'; /* between thousands; narrow, and never at a line's end */

const two = (n: number) => String(n).padStart(2, '0');

export function decimalsOf(n: number): number {
    const [mantissa = '', exponent] = String(n).split('e');
    const after = (mantissa.split('.')[1] ?? '').length;
    return Math.min(12, Math.max(0, after - Number(exponent ?? 0)));
}

/* 24320.5 -> "24 320.5", -3 -> "−3"; four digits stay together */
export function number(n: number, decimals: number): string {
    const [whole = '', part] = Math.abs(n).toFixed(decimals).split('.');
    const grouped = whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, THIN);
    const zero = /^0*$/.test(whole + (part ?? ''));
    return (n < 0 && !zero ? '−' : '') + grouped + (part ? `.${part}` : '');
}

/* All decimals that are known, for tables. */
export function exact(s: SignalView): string {
    return typeof s.value === 'number' ? number(s.value, s.decimals) : s.value;
}

/* Five digits at most, for large print. */
export function short(s: SignalView): string {
    if (typeof s.value !== 'number') {
        return s.value;
    }
    const whole = String(Math.floor(s.largest)).length;
    return number(s.value, Math.min(s.decimals, 3, Math.max(0, 5 - whole)));
}

/* Seconds are read as hours and minutes from two minutes on: 3905 s -> "1:05" h */
const asHours = (n: number, unit: string) => unit === 's' && n >= 120;
const hours = (n: number) => `${Math.floor(n / 3600)}:${two(Math.floor(n / 60) % 60)}`;

/* A value and its unit as a tile shows them; print: exact or short. */
export function reading(s: SignalView, print: (s: SignalView) => string): [string, string] {
    return typeof s.value === 'number' && asHours(s.value, s.unit) ? [hours(s.value), unitText('h')] : [print(s), unitText(s.unit)];
}

/* A value with its unit, in a sentence. */
export function say(value: Value, unit: string, decimals = 0): string {
    if (typeof value !== 'number') {
        return value;
    }
    return asHours(value, unit)
        ? hours(value) + unitText('h')
        : number(value, Math.max(decimals, decimalsOf(value))) + unitText(unit);
}

export function unitText(unit: string): string {
    return unit === '' || unit === '°' ? unit : THIN + unit;
}

/* "coolbox.level" -> "coolbox level"; on the device "coolbox": "level" */
export function label(id: string, device = ''): string {
    const own = device && id.startsWith(`${device}.`) ? id.slice(device.length + 1) : id;
    return own
        .split(/[._]/)
        .map((word) => text.words[word] ?? word)
        .join(' ');
}

export function duration(seconds: number): string {
    const s = Math.max(0, Math.ceil(seconds));
    if (s < 100) {
        return `${s} s`;
    }
    if (s < 6000) {
        return s < 1200 && s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.ceil(s / 60)} min`;
    }
    return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

export function elapsed(seconds: number): string {
    const s = Math.max(0, seconds);
    return s < 9.95 ? `${s.toFixed(1)} s` : s < 100 ? `${Math.floor(s)} s` : duration(Math.floor(s / 60) * 60);
}

export function clock(time: number, tenths = false): string {
    const d = new Date(time * 1000);
    const text = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
    return tenths ? `${text}.${Math.floor(d.getMilliseconds() / 100)}` : text;
}

export function day(time: number): string {
    const d = new Date(time * 1000);
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}
