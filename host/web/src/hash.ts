/* hash.ts - what is plotted, kept in the address so that a reload or a bookmark brings it back.
 * SPDX-License-Identifier: MIT */

export const SPANS = [300, 3600, 86400, 604800] as const;
export const MOST = 8; /* signals in one plot: more colours cannot be told apart */

export interface Choice {
    span: number;
    keys: string[] | null; /* the place is the colour, '' is a free place; null: nobody has chosen yet */
}

/* Add a signal at the first free place, or take it out and leave its place free; null where all are taken. */
export function toggled(keys: readonly string[], key: string): string[] | null {
    const next = [...keys];
    const at = next.indexOf(key);
    const free = next.indexOf('');
    if (at >= 0) {
        next[at] = '';
        while (next[next.length - 1] === '') {
            next.pop();
        }
    } else if (free >= 0) {
        next[free] = key;
    } else if (next.length < MOST) {
        next.push(key);
    } else {
        return null;
    }
    return next;
}

function places(plot: string): string[] {
    const keys = plot.split(',').map((k, i, all) => (k.includes('/') && all.indexOf(k) === i ? k : ''));
    return keys.some(Boolean) ? keys.slice(0, MOST) : [];
}

export function parseHash(hash: string): Choice {
    const query = new URLSearchParams(hash.replace(/^#/, ''));
    const span = Number(query.get('span'));
    const plot = query.get('plot');
    return {
        span: (SPANS as readonly number[]).includes(span) ? span : SPANS[0],
        keys: plot === null ? null : places(plot),
    };
}

export function makeHash(choice: Choice): string {
    const keys = (choice.keys ?? []).map((k) => k.split('/').map(encodeURIComponent).join('/'));
    return `#span=${choice.span}&plot=${keys.join(',')}`;
}
