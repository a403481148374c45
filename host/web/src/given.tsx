/* given.tsx - what a person gives: a number, one of some words, or text, with its limits in words.
 * Limits are only shown: what is beyond them goes to the server too, which says why not.
 * SPDX-License-Identifier: MIT */
import type { Given, Value } from './api';
import { decimalsOf, number, unitText } from './format';
import { text } from './text';

const plain = (v: number) => number(v, decimalsOf(v));

/* A number in whole steps, as the server rounds it: so a button says what it will do. */
export function valueOf({ words, text: free, min = 0, step }: Given, typed: string): Value {
    const n = Number(typed);
    if (words || free || typed.trim() === '' || Number.isNaN(n)) {
        return typed;
    }
    return step ? Number((min + Math.round((n - min) / step) * step).toFixed(Math.max(decimalsOf(step), decimalsOf(min)))) : n;
}

/* "allowed 6 to 32 A, in steps of 2"; "" */
export function allowed({ min, max, step = 1, unit }: Given): string {
    const range = min !== undefined && max !== undefined ? text.allowed(text.range(plain(min), plain(max), unitText(unit))) : '';
    return range + (step === 1 ? '' : `${range && ', '}${text.step(plain(step))}`);
}

export function Input({ id, given, typed, type, describedBy }: {
    id: string;
    given: Given;
    typed: string;
    type: (typed: string) => void;
    describedBy?: string;
}) {
    const { min, max, step = 1, words } = given;
    if (words) {
        return (
            <select id={id} class="words" value={typed} onChange={(e) => type(e.currentTarget.value)}>
                {typed === '' && <option value="">{text.chooseOne}</option>}
                {words.map((w) => (
                    <option key={w}>{w}</option>
                ))}
            </select>
        );
    }
    const range = given.text ? {} : { min, max, step, inputMode: 'decimal' as const };
    return (
        <input
            id={id}
            type={given.text ? 'text' : 'number'}
            {...range}
            value={typed}
            aria-describedby={describedBy}
            onInput={(e) => type(e.currentTarget.value)}
        />
    );
}
