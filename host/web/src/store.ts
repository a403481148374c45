/* store.ts - what the page knows: a snapshot, and the deltas merged into it. Pure: nothing given is changed.
 * SPDX-License-Identifier: MIT */
import type { Command, Delta, Device, DeviceChange, Signal, SignalChange, State, Value } from './api';
import { decimalsOf } from './format';

export interface SignalView extends Signal {
    decimals: number; /* most seen so far: JSON loses the zeros of 12.0 */
    largest: number; /* largest magnitude so far, for a width that stays */
}

export interface CommandView extends Command {
    until?: number; /* server time at which the lease ends; absent at the safe value */
}

/* What is to be said of a command. asked: somebody wants it, and the device has not (yet) done it. none: nobody wants
 * anything, and it is not known what is in force. */
export interface Standing {
    kind: 'held' | 'asked' | 'free' | 'safe' | 'none';
    value?: Value; /* in force, as far as it is known */
    reason: string;
}

/* silent: the device was never heard. Where a device does not say what is in force, it is what was sent. */
export function standing(c: CommandView, now: number, silent = false): Standing {
    const reason = c.reason ?? '';
    if (c.until !== undefined && c.until > now) {
        const done = reason === '' && (c.shown ?? c.value) === c.value;
        return { kind: done ? 'held' : 'asked', value: done ? c.value : c.shown, reason };
    }
    const value = c.shown ?? (silent ? undefined : c.safe);
    return { kind: value === undefined ? 'none' : value === c.safe ? 'safe' : 'free', value, reason };
}

export interface DeviceView extends Omit<Device, 'signals' | 'commands'> {
    heard?: number; /* server time of the last good frame; absent while silent */
    signals: Record<string, SignalView>;
    commands: Record<string, CommandView>;
}

export interface Model extends Omit<State, 'devices'> {
    devices: Record<string, DeviceView>;
}

function signalView(signal: Signal, old?: SignalView): SignalView {
    if (typeof signal.value !== 'number') {
        return { ...signal, decimals: 0, largest: 0 };
    }
    return {
        ...signal,
        decimals: Math.max(old?.decimals ?? 0, decimalsOf(signal.value)),
        largest: Math.max(old?.largest ?? 0, Math.abs(signal.value)),
    };
}

function commandView(command: Command, time: number): CommandView {
    return command.lease === undefined ? command : { ...command, until: time + command.lease };
}

function map<A, B>(entries: Record<string, A> | undefined, f: (a: A, name: string) => B): Record<string, B> {
    const result: Record<string, B> = {};
    for (const [name, entry] of Object.entries(entries ?? {})) {
        result[name] = f(entry, name);
    }
    return result;
}

/* A snapshot replaces everything; of the old model only the decimals seen are kept. */
export function fromSnapshot(state: State, old?: Model | null): Model {
    return {
        ...state,
        devices: map(state.devices, (device, name) => ({
            ...device,
            heard: device.age === undefined ? undefined : state.time - device.age,
            signals: map(device.signals, (s, id) => signalView(s, old?.devices[name]?.signals[id])),
            commands: map(device.commands, (c) => commandView(c, state.time)),
        })),
    };
}

function mergeSignal(old: SignalView | undefined, change: SignalChange): SignalView {
    /* out_of_range belongs to the value, not to the signal: it does not outlive it */
    const { out_of_range: _, ...rest } = old ?? { unit: '', title: '' };
    return signalView({ ...rest, ...change }, old);
}

function mergeCommand(old: CommandView, change: Partial<Command>, time: number): CommandView {
    /* what belongs to the value goes with it */
    const { lease: _, by: __, until: ___, shown: ____, reason: _____, ...rest } = old;
    return commandView({ ...rest, ...change }, time);
}

function mergeDevice(old: DeviceView, change: DeviceChange, time: number): DeviceView {
    const { signals, commands, ...rest } = change;
    const device: DeviceView = { ...old, ...rest };
    if (change.age !== undefined) {
        device.heard = time - change.age;
    }
    if (signals) {
        device.signals = { ...old.signals, ...map(signals, (s, id) => mergeSignal(old.signals[id], s)) };
    }
    if (commands) {
        device.commands = { ...old.commands };
        for (const [id, c] of Object.entries(commands)) {
            const known = old.commands[id];
            if (known) {
                device.commands[id] = mergeCommand(known, c, time);
            }
        }
    }
    return device;
}

/* The model after a delta; null where a delta is missing before it: only a new snapshot helps then. */
export function merge(model: Model, delta: Delta): Model | null {
    if (delta.seq !== model.seq + 1) {
        return null;
    }
    const next: Model = { ...model, seq: delta.seq, time: delta.time };
    if (delta.devices) {
        next.devices = { ...model.devices };
        for (const [name, change] of Object.entries(delta.devices)) {
            const known = model.devices[name];
            if (known) {
                next.devices[name] = mergeDevice(known, change, delta.time);
            }
        }
    }
    if (delta.links) {
        next.links = { ...model.links };
        for (const [name, change] of Object.entries(delta.links)) {
            const known = model.links[name];
            if (known) {
                next.links[name] = { ...known, ...change };
            }
        }
    }
    return next;
}

const SENT_S = 5; /* what voltbus sends itself comes again sooner */

/* Is the value of a signal that of now? A device that was never heard has values only where voltbus itself sends them. */
export function isCurrent(model: Model, key: string): boolean {
    const signal = signalOf(model, key);
    const health = model.devices[split(key)[0]]?.health;
    return !!signal && (health === 'ok' || (health === 'silent' && model.time - signal.t < SENT_S));
}

export const LAST_NUMBER = /\d+(?!.*\d)/;
const MANY = 12;

/* Signals whose names differ in one number only (the cells of a battery) are one group where they are many and of one
 * kind: what is said of one of them is said of all. Each other signal is a group of its own. */
export function grouped(signals: [string, SignalView][]): [string, SignalView][][] {
    const alike = ([id, s]: [string, SignalView]) =>
        JSON.stringify([id.replace(LAST_NUMBER, '#'), s.unit, typeof s.value, !!s.words, !!s.unknown, !!s.guess]);
    const groups = new Map<string, [string, SignalView][]>();
    const own = signals.map((entry) => {
        const key = alike(entry);
        const group = groups.get(key) ?? [];
        groups.set(key, group);
        group.push(entry);
        return group;
    });
    return signals.flatMap((entry, i) => {
        const group = own[i]!;
        return group.length < MANY ? [[entry]] : group[0] === entry ? [group] : [];
    });
}

/* When the oldest value of a group was heard: one that came no more does not look new among the others. */
export function oldest(group: [string, SignalView][]): number {
    return Math.min(...group.map(([, s]) => s.t));
}

export function anyControl(model: Model): boolean {
    return Object.values(model.devices).some((d) => d.control);
}

/* "device/signal" apart; a device has no slash in its name, a signal might */
export function split(key: string): [string, string] {
    const at = key.indexOf('/');
    return [key.slice(0, at), key.slice(at + 1)];
}

export function signalOf(model: Model, key: string): SignalView | undefined {
    const [device, signal] = split(key);
    return model.devices[device]?.signals[signal];
}

/* Where a plot ends: now; where all that it shows comes out of recordings, which keep their times, at the newest sample. */
export function plotEnd(model: Model, keys: readonly string[], now: number): number {
    let end = -Infinity;
    for (const key of keys) {
        const device = model.devices[split(key)[0]];
        if (device && !model.links[device.link]?.link.startsWith('file:')) {
            return now;
        }
        end = Math.max(end, signalOf(model, key)?.t ?? end);
    }
    return end > -Infinity ? end : now;
}

/* Only numbers are plotted; nobody knows what unknown bits mean, words have no height. */
export function canPlot(signal: Signal | undefined): boolean {
    return !!signal && typeof signal.value === 'number' && !signal.words && !signal.unknown;
}

const HEADLINE_ELSE = 4;

/* What a tile shows large: of a device that does not say (one out of a DBC file) the first few signals. */
export function headlineOf(device: DeviceView): string[] {
    const known = Object.keys(device.signals).filter((id) => canPlot(device.signals[id]) || device.signals[id]?.words);
    return device.headline.length > 0 ? device.headline : known.filter((id) => !device.signals[id]!.unknown).slice(0, HEADLINE_ELSE);
}

export const DEFAULT_MOST = 3;

/* What the plot shows on a first visit: headline numbers of the first devices, few and of few units. */
export function defaultPlot(model: Model): string[] {
    const keys: string[] = [];
    const units = new Set<string>();
    for (const [name, device] of Object.entries(model.devices)) {
        for (const id of headlineOf(device)) {
            const signal = device.signals[id];
            if (!signal || !canPlot(signal) || !signal.unit || signal.guess) {
                continue;
            }
            if ((units.has(signal.unit) || units.size < 2) && keys.length < DEFAULT_MOST) {
                keys.push(`${name}/${id}`);
                units.add(signal.unit);
            }
        }
    }
    return keys;
}
