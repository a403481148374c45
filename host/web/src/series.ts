/* series.ts - one signal's points for the plot: what the server kept, then what came live.
 * SPDX-License-Identifier: MIT */
import type { History } from './api';
import type { Model } from './store';
import { isCurrent, signalOf } from './store';

/* A null is a place where nothing was heard: the line breaks there. */
export interface Points {
    t: number[];
    mean: (number | null)[];
    low: (number | null)[];
    high: (number | null)[];
}

const LIVE_MAX = 9000; /* 15 minutes at ten a second; older stretches come from the server */
const CLOSE = 0.001;

/* Live points of the plotted signals, as they come. */
export class Recorder {
    private live = new Map<string, { t: number[]; v: (number | null)[] }>();

    of(key: string) {
        return this.live.get(key);
    }

    /* Take what is new in the model; a device that is not well breaks its lines. */
    observe(model: Model, keys: readonly string[]): void {
        for (const key of keys) {
            const signal = signalOf(model, key);
            if (!signal || typeof signal.value !== 'number') {
                continue;
            }
            const live = this.live.get(key) ?? { t: [], v: [] };
            this.live.set(key, live);
            const last = live.t[live.t.length - 1] ?? -Infinity;
            if (!isCurrent(model, key)) {
                cut(live);
            } else if (signal.t > last) {
                live.t.push(signal.t);
                live.v.push(signal.value);
            }
            if (live.t.length > LIVE_MAX) {
                live.t.splice(0, LIVE_MAX / 10);
                live.v.splice(0, LIVE_MAX / 10);
            }
        }
    }

    /* The connection was lost: no line over the time without it. */
    breakAll(): void {
        this.live.forEach(cut);
    }

    keep(keys: readonly string[]): void {
        for (const key of this.live.keys()) {
            if (!keys.includes(key)) {
                this.live.delete(key);
            }
        }
    }
}

function cut(live: { t: number[]; v: (number | null)[] }): void {
    const n = live.t.length;
    if (n > 0 && live.v[n - 1] !== null) {
        live.t.push(live.t[n - 1]! + CLOSE);
        live.v.push(null);
    }
}

/* History, then live points later than it, from..to, and one point before so that a line enters from the edge. */
export function assemble(
    history: History | undefined,
    live: { t: number[]; v: (number | null)[] } | undefined,
    from: number,
    to: number,
): Points {
    const out: Points = { t: [], mean: [], low: [], high: [] };
    const add = (t: number, mean: number | null, low: number | null, high: number | null) => {
        const last = out.t[out.t.length - 1];
        if (t > to || (last !== undefined && t <= last)) {
            return;
        }
        if (t < from && out.t.length === 1) {
            out.t.length = out.mean.length = out.low.length = out.high.length = 0;
        }
        out.t.push(t);
        out.mean.push(mean);
        out.low.push(low);
        out.high.push(high);
    };
    let gap = false;
    let last = -Infinity;
    for (const point of history?.points ?? []) {
        if (point === null) {
            gap = true;
            continue;
        }
        if (gap && last > -Infinity) {
            add((last + point[0]) / 2, null, null, null);
        }
        gap = false;
        add(point[0], point[1], point[2], point[3]);
        last = point[0];
    }
    if (gap && last > -Infinity) {
        add(last + CLOSE, null, null, null);
    }
    const start = live ? live.t.findIndex((t) => t > last) : -1;
    if (live && start >= 0) {
        for (let i = start; i < live.t.length; i++) {
            const v = live.v[i]!;
            add(live.t[i]!, v, v, v);
        }
    }
    return out;
}

/* Last value at or before a time; undefined where there is none, or a gap. */
export function valueAt(points: Points, time: number): number | undefined {
    let low = 0;
    let high = points.t.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (points.t[middle]! <= time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? (points.mean[low - 1] ?? undefined) : undefined;
}

/* Comma-separated, one row per time at which any of the signals has a value. */
export function csv(columns: { name: string; unit: string; points: Points }[]): string {
    const quote = (s: string) => (/[",\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s);
    const head = ['unix_time', 'time', ...columns.map((c) => quote(c.unit ? `${c.name} [${c.unit}]` : c.name))];
    const rows = new Map<number, string[]>();
    columns.forEach((column, i) => {
        column.points.t.forEach((t, k) => {
            const v = column.points.mean[k];
            if (v === null || v === undefined) {
                return;
            }
            const row = rows.get(t) ?? new Array<string>(columns.length).fill('');
            row[i] = String(v);
            rows.set(t, row);
        });
    });
    const lines = [...rows.entries()]
        .sort(([a], [b]) => a - b)
        .map(([t, row]) => [t.toFixed(3), new Date(t * 1000).toISOString(), ...row].join(','));
    return [head.join(','), ...lines, ''].join('\n');
}
