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

export interface Command {
    title: string;
    unit: string;
    min?: number;
    max?: number;
    step?: number;
    words?: string[];
    safe: Value;
    value: Value;
    lease?: number;
    by?: string;
}

export type Health = 'ok' | 'silent' | 'stale' | 'error';

export interface Device {
    type: string;
    title: string;
    link: string;
    health: Health;
    reason: string;
    age?: number;
    frames: number;
    bad: number;
    control: boolean;
    headline: string[];
    signals: Record<string, Signal>;
    commands?: Record<string, Command>;
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

export interface CommandAnswer {
    device: string;
    command: string;
    value: Value;
    lease?: number;
}

export function postCommand(
    device: string,
    command: string,
    body: { value: Value; lease: number } | { release: true },
): Promise<CommandAnswer> {
    return answer(
        fetch(`/api/devices/${encodeURIComponent(device)}/${encodeURIComponent(command)}`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
        }),
    );
}

export function liveUrl(): string {
    return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`;
}
