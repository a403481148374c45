/* api.ts - the API of voltbus as types and the calls the page makes; the contract is docs/http-api.md.
 * SPDX-License-Identifier: MIT */

export type Value = number | string;

export interface Link {
    link: string;
    state: 'open' | 'opening' | 'waiting' | 'ended';
    leader?: 'listen' | 'lead' | 'yield';
    reason: string;
    frames: number;
    bad: number;
}

export interface Signal {
    value: Value;
    unit: string;
    title: string;
    t: number;
    age?: number;
    words?: string[];
    guess?: boolean;
    unknown?: boolean;
    out_of_range?: boolean;
}

/* What may be given: a number, one of some words, or text. */
export interface Given {
    title: string;
    unit: string;
    min?: number;
    max?: number;
    step?: number;
    words?: string[];
    text?: boolean;
}

export interface Command extends Given {
    safe: Value;
    value: Value;
    lease?: number;
    by?: string;
    shown?: Value; /* what the device says is in force; absent where it does not say */
    reason?: string; /* why that is not what was asked */
}

/* One order, answered once. */
export interface Call {
    name: string;
    title: string;
    arguments: (Given & { name: string })[];
}

export type Health = 'ok' | 'silent' | 'stale' | 'error';

export interface Device {
    type: string;
    title: string;
    link: string;
    machine?: { name: string; state: string; reason: string }; /* what acts beside it */
    health: Health;
    reason: string;
    age?: number;
    frames: number;
    bad: number;
    control: boolean;
    headline: string[];
    signals: Record<string, Signal>;
    commands?: Record<string, Command>;
    calls?: Call[];
}

export interface State {
    site: string;
    demo: boolean;
    time: number;
    seq: number;
    links: Record<string, Link>;
    devices: Record<string, Device>;
}

export type SignalChange = Partial<Signal> & { value: Value; t: number };

export interface DeviceChange {
    health?: Health;
    reason?: string;
    age?: number;
    frames?: number;
    bad?: number;
    signals?: Record<string, SignalChange>;
    commands?: Record<string, Partial<Command>>;
    calls?: Call[];
}

export interface Snapshot {
    type: 'snapshot';
    missed?: number;
    state: State;
}

export interface Delta {
    type: 'delta';
    seq: number;
    time: number;
    devices?: Record<string, DeviceChange>;
    links?: Record<string, Partial<Link>>;
}

export type Message = Snapshot | Delta;

/* time, mean, lowest, highest; null where nothing was heard */
export type HistoryPoint = [number, number, number, number] | null;

export interface History {
    signal: string;
    unit: string;
    from: number;
    to: number;
    points: HistoryPoint[];
}

/* An error as the server gives it; code "unreachable" where there was no answer. */
export class ApiError extends Error {
    constructor(readonly code: string, readonly reason: string) {
        super(reason || code);
    }
}

async function answer<T>(request: Promise<Response>): Promise<T> {
    let response: Response;
    let body: unknown;
    try {
        response = await request;
        body = await response.json();
    } catch (e) {
        if (e instanceof DOMException && e.name === 'AbortError') {
            throw e;
        }
        throw new ApiError('unreachable', '');
    }
    if (!response.ok) {
        const { error, reason } = body as { error?: string; reason?: string };
        throw new ApiError(error ?? String(response.status), reason ?? '');
    }
    return body as T;
}

export function getState(signal: AbortSignal): Promise<State> {
    return answer(fetch('/api/state', { signal, cache: 'no-store' }));
}

/* key: DEVICE/SIGNAL; from, to: Unix seconds */
export function getHistory(key: string, from: number, to: number, points: number, signal: AbortSignal): Promise<History> {
    const query = new URLSearchParams({
        signal: key,
        from: from.toFixed(3),
        to: to.toFixed(3),
        points: String(points),
    });
    return answer(fetch(`/api/history?${query}`, { signal, cache: 'no-store' }));
}

/* Gives up after a while: a connection that is gone may not tell. */
function post<T>(device: string, what: string, body: object, patience: number): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), patience);
    return answer<T>(
        fetch(`/api/devices/${encodeURIComponent(device)}/${encodeURIComponent(what)}`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
            signal: abort.signal,
        }),
    ).finally(() => clearTimeout(timer));
}

export interface CommandAnswer {
    device: string;
    command: string;
    value: Value;
    lease?: number;
}

/* The server answers at once. */
export function postCommand(
    device: string,
    command: string,
    body: { value: Value; lease: number } | { release: true },
): Promise<CommandAnswer> {
    return post(device, command, body, 20_000);
}

export interface CallAnswer {
    ok: true;
    values: Record<string, Value | null>; /* null: the device says that it has none */
    text: string;
}

/* The device answers, some only after half a minute; the server waits for a minute at most. */
export function postCall(device: string, call: string, args: Value[]): Promise<CallAnswer> {
    return post(device, 'call', { call, arguments: args }, 70_000);
}

export function liveUrl(): string {
    return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`;
}
