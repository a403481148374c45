/* store.test.mjs - what the page makes of snapshots, deltas, history and numbers; no browser needed.
 *
 * usage: node --test test/web/store.test.mjs     (VB_WEB: folder with the page's node_modules, default host/web)
 *
 * SPDX-License-Identifier: MIT */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const web = process.env.VB_WEB ?? join(dirname(fileURLToPath(import.meta.url)), '../../host/web');
const esbuild = createRequire(join(web, 'package.json'))('esbuild');
const folder = mkdtempSync(join(tmpdir(), 'voltbus-web-'));
after(() => rmSync(folder, { recursive: true }));

async function load(name, ext = 'ts') {
    const outfile = join(folder, `${name}.mjs`);
    esbuild.buildSync({ absWorkingDir: web, entryPoints: [`src/${name}.${ext}`], outfile, bundle: true, format: 'esm', jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'error' });
    return import(pathToFileURL(outfile));
}
const { fromSnapshot, merge, standing, canPlot, defaultPlot, grouped, headlineOf, oldest, plotEnd } = await load('store');
const { number, decimalsOf, short, exact, reading, say, label, duration, elapsed } = await load('format');
const { assemble, csv, valueAt, Recorder } = await load('series');
const { valueOf, allowed } = await load('given', 'tsx');
const { parseHash, makeHash, toggled } = await load('hash');

const snapshot = () => ({
    site: 'van',
    demo: false,
    time: 1000,
    seq: 7,
    links: { house: { link: 'lin:x', state: 'open', reason: '', frames: 1, bad: 0 } },
    devices: {
        panel: {
            type: 'nugget-panel', title: 'Panel', link: 'house', health: 'ok', reason: '', age: 0.5, frames: 1, bad: 0,
            control: true, headline: ['coolbox.level'],
            signals: {
                'coolbox.level': { value: 3, unit: '', title: 'Level', t: 999.5, age: 0.5 },
                'box.temperature': { value: 7.25, unit: '°C', title: 'Temperature', t: 999.5, guess: true },
                'pump.on': { value: 'no', unit: '', title: 'Pump', words: ['no', 'yes'], t: 999.5 },
            },
            commands: {
                'coolbox.level': { title: 'Level', unit: '', min: 0, max: 5, step: 1, safe: 0, value: 3, lease: 12.5, by: 'page' },
            },
        },
    },
});
const delta = (seq, panel, more) => ({ type: 'delta', seq, time: 1001, devices: { panel }, ...more });
const frozen = (o) => (Object.values(o).forEach((v) => v && typeof v === 'object' && frozen(v)), Object.freeze(o));

test('a snapshot says when a device was heard and until when a command holds', () => {
    const model = fromSnapshot(snapshot());
    assert.equal(model.devices.panel.heard, 999.5);
    assert.equal(model.devices.panel.commands['coolbox.level'].until, 1012.5);
});

test('a plot ends now, and of recordings alone at their newest sample', () => {
    const state = snapshot();
    const at = (keys) => plotEnd(fromSnapshot(state), keys, 1000);
    assert.equal(at(['panel/coolbox.level']), 1000);
    state.links.cable = { link: 'file:audi.pcap', state: 'open', reason: '', frames: 1, bad: 0 };
    state.devices.charge = {
        ...state.devices.panel, link: 'cable',
        signals: { 'ev.soc': { value: 55, unit: '%', title: 'SOC', t: 400 }, 'ev.voltage': { value: 365, unit: 'V', title: 'V', t: 401.5 } },
    };
    assert.equal(at(['charge/ev.soc', '', 'charge/ev.voltage']), 401.5);
    assert.equal(at(['charge/ev.soc', 'panel/coolbox.level']), 1000);
    assert.equal(at(['charge/not.heard']), 1000);
    assert.equal(at([]), 1000);
});

test('a silent device was never heard', () => {
    const state = snapshot();
    delete state.devices.panel.age;
    assert.equal(fromSnapshot(state).devices.panel.heard, undefined);
});

test('a device without control has no commands and needs none', () => {
    const state = snapshot();
    delete state.devices.panel.commands;
    assert.deepEqual(fromSnapshot(state).devices.panel.commands, {});
});

test('a delta changes what it names, keeps the rest, and leaves the old model as it was', () => {
    const old = frozen(fromSnapshot(snapshot()));
    const model = merge(old, delta(8, { age: 0.25, signals: { 'box.temperature': { value: 7.5, t: 1000.75 } } }));
    const s = model.devices.panel.signals;
    assert.equal(s['box.temperature'].value, 7.5);
    assert.equal(s['box.temperature'].unit, '°C');
    assert.equal(s['box.temperature'].guess, true);
    assert.equal(s['coolbox.level'].value, 3);
    assert.equal(model.devices.panel.heard, 1000.75);
    assert.equal(model.seq, 8);
    assert.equal(old.devices.panel.signals['box.temperature'].value, 7.25);
});

test('a delta after a missing one gives no model', () => {
    assert.equal(merge(fromSnapshot(snapshot()), delta(9, {})), null);
    assert.equal(merge(fromSnapshot(snapshot()), delta(7, {})), null);
});

test('a command without a lease is back at its safe value, and nobody holds it', () => {
    const model = merge(fromSnapshot(snapshot()), delta(8, { commands: { 'coolbox.level': { value: 0 } } }));
    const c = model.devices.panel.commands['coolbox.level'];
    assert.deepEqual([c.value, c.until, c.by, c.max], [0, undefined, undefined, 5]);
});

const wallbox = (command, calls) => {
    const state = snapshot();
    Object.assign(state.devices.panel.commands, { 'charge.current': { title: '', unit: 'A', min: 6, max: 80, step: 1, safe: 6, value: 6, ...command } });
    return fromSnapshot({ ...state, devices: { panel: { ...state.devices.panel, calls } } });
};
const standingOf = (command, silent) => standing(wallbox(command).devices.panel.commands['charge.current'], 1000, silent);

test('a command of a device that reads nothing back is in force while it is held, else its safe value is', () => {
    assert.deepEqual(standingOf({ value: 16, lease: 30 }), { kind: 'held', value: 16, reason: '' });
    assert.deepEqual(standingOf({}), { kind: 'safe', value: 6, reason: '' });
    assert.deepEqual(standingOf({}, true), { kind: 'none', value: undefined, reason: '' });
});

test('what a device has made of a command stands beside what was asked, with the reason', () => {
    const reason = 'the box is too hot and has throttled itself';
    assert.deepEqual(standingOf({ value: 16, lease: 30, shown: 10, reason }), { kind: 'asked', value: 10, reason });
    assert.deepEqual(standingOf({ value: 16, lease: 30, reason: 'not answered yet' }), { kind: 'asked', value: undefined, reason: 'not answered yet' });
    assert.deepEqual(standingOf({ value: 16, lease: 30, shown: 10 }), { kind: 'asked', value: 10, reason: '' });
    assert.deepEqual(standingOf({ value: 16, lease: 30, shown: 16 }), { kind: 'held', value: 16, reason: '' });
});

test('without a lease nobody asks: what the device says is in force, be it the safe value or not', () => {
    assert.deepEqual(standingOf({ shown: 24 }), { kind: 'free', value: 24, reason: '' });
    assert.deepEqual(standingOf({ shown: 6 }), { kind: 'safe', value: 6, reason: '' });
});

test('a lease that has run out asks for nothing, though the server has not said so yet', () => {
    const command = wallbox({ value: 16, lease: 30, shown: 16 }).devices.panel.commands['charge.current'];
    assert.equal(standing(command, 1029.9).kind, 'held');
    assert.equal(standing(command, 1030).kind, 'free');
});

test('what was read back and why it differs goes with the value that it came with', () => {
    const model = wallbox({ value: 16, lease: 30, shown: 10, reason: 'too hot' });
    const after = merge(model, delta(8, { commands: { 'charge.current': { value: 16, lease: 29, by: 'page' } } }));
    const c = after.devices.panel.commands['charge.current'];
    assert.deepEqual([c.shown, c.reason, c.until], [undefined, undefined, 1030]);
});

test('calls come with the snapshot, and again when the version of the device is known', () => {
    const pause = { name: 'pause', title: 'Sleep', arguments: [] };
    const model = wallbox({}, [pause]);
    assert.deepEqual(model.devices.panel.calls, [pause]);
    assert.deepEqual(merge(model, delta(8, { age: 0.1 })).devices.panel.calls, [pause]);
    assert.deepEqual(merge(model, delta(8, { calls: [] })).devices.panel.calls, []);
});

test('out of range belongs to the value that came with it', () => {
    const bad = merge(fromSnapshot(snapshot()), delta(8, { signals: { 'box.temperature': { value: 127, t: 1, out_of_range: true } } }));
    assert.equal(bad.devices.panel.signals['box.temperature'].out_of_range, true);
    const good = merge(bad, delta(9, { signals: { 'box.temperature': { value: 8, t: 2 } } }));
    assert.equal(good.devices.panel.signals['box.temperature'].out_of_range, undefined);
});

test('a signal heard for the first time joins; unknown devices, commands and links are left out', () => {
    const model = merge(fromSnapshot(snapshot()), delta(8,
        { signals: { 'tap.open': { value: 'yes', unit: '', title: 'Tap', words: ['no', 'yes'], t: 1001 } }, commands: { nothing: { value: 1 } } },
        { links: { house: { state: 'waiting', reason: 'gone' }, nowhere: { state: 'open' } } }));
    assert.equal(model.devices.panel.signals['tap.open'].value, 'yes');
    assert.deepEqual(Object.keys(model.devices.panel.commands), ['coolbox.level']);
    assert.deepEqual(Object.keys(model.links), ['house']);
    assert.deepEqual([model.links.house.state, model.links.house.frames], ['waiting', 1]);
});

test('decimals once seen stay, over deltas and a new snapshot', () => {
    let model = merge(fromSnapshot(snapshot()), delta(8, { signals: { 'box.temperature': { value: 8, t: 1 } } }));
    assert.equal(exact(model.devices.panel.signals['box.temperature']), '8.00');
    const state = snapshot();
    state.devices.panel.signals['box.temperature'].value = 9;
    model = fromSnapshot(state, model);
    assert.equal(exact(model.devices.panel.signals['box.temperature']), '9.00');
});

test('words and unknown bits are not plotted; the first plot shows what has a unit and is no guess', () => {
    const state = snapshot();
    const model = fromSnapshot(state);
    assert.equal(canPlot(model.devices.panel.signals['pump.on']), false);
    assert.equal(canPlot({ value: 3, unit: '', title: '', t: 0, unknown: true }), false);
    assert.deepEqual(defaultPlot(model), []);
    state.devices.panel.headline = ['pump.on', 'box.temperature', 'never.heard'];
    delete state.devices.panel.signals['box.temperature'].guess;
    assert.deepEqual(defaultPlot(fromSnapshot(state)), ['panel/box.temperature']);
});

test('a device that names no main values has its first known ones', () => {
    const { panel } = fromSnapshot(snapshot()).devices;
    assert.deepEqual(headlineOf(panel), ['coolbox.level']);
    panel.signals = { 'a.unknown_1': { value: 1, unknown: true }, ...panel.signals, 'a.text': { value: 'x' } };
    assert.deepEqual(headlineOf({ ...panel, headline: [] }), ['coolbox.level', 'box.temperature', 'pump.on']);
});

test('numbers look the same in every locale', () => {
    assert.equal(number(12, 1), '12.0');
    assert.equal(number(-3.456, 2), '−3.46');
    assert.equal(number(-0.001, 2), '0.00');
    assert.equal(number(9999, 0), '9999');
    assert.equal(number(24320.5, 1), '24\u202f320.5');
    assert.equal(number(1234567, 0), '1\u202f234\u202f567');
    assert.equal(decimalsOf(1e-7), 7);
    assert.equal(decimalsOf(1.5e-7), 8);
    assert.equal(decimalsOf(1e21), 0);
    assert.equal(short({ value: 1.234567, decimals: 6, largest: 1.234567 }), '1.235');
    assert.equal(short({ value: 1204.2, decimals: 1, largest: 1204.2 }), '1204.2');
    assert.equal(short({ value: 54210.1, decimals: 1, largest: 54210.1 }), '54\u202f210');
});

test('a text without words is shown as it is, and not plotted', () => {
    const version = merge(fromSnapshot(snapshot()), delta(8, { signals: { 'firmware.version': { value: '8.2.3', unit: '', title: 'Firmware', t: 1 } } }))
        .devices.panel.signals['firmware.version'];
    assert.deepEqual(reading(version, exact), ['8.2.3', '']);
    assert.equal(canPlot(version), false);
});

test('seconds are hours and minutes from two minutes on', () => {
    const tile = (value, unit = 's') => reading({ value, unit, decimals: 0, largest: value }, exact).join('');
    assert.deepEqual([119, 120, 3599, 3905, 229500].map((v) => tile(v)),
        ['119\u202fs', '0:02\u202fh', '0:59\u202fh', '1:05\u202fh', '63:45\u202fh']);
    assert.equal(tile(3905, 'Wh'), '3905\u202fWh');
    assert.equal(say(7200, 's'), '2:00\u202fh');
    assert.equal(say(16, 'A', 1), '16.0\u202fA');
    assert.equal(say('on', ''), 'on');
});

test('what is typed becomes a number in whole steps, as the server rounds it, or stays as it is', () => {
    const time = { unit: 's', min: 0, max: 229500, step: 900 };
    assert.deepEqual(['7300', '450', '449', '300000', '', ' ', 'soon'].map((t) => valueOf(time, t)), [7200, 900, 0, 299700, '', ' ', 'soon']);
    assert.equal(valueOf({ unit: 'V', min: 60, max: 300, step: 0.001 }, '230.1234'), 230.123);
    assert.equal(valueOf({ unit: '°C', min: 0.1, max: 100, step: 0.1 }, '70.3'), 70.3);
    assert.equal(valueOf({ unit: '', words: ['1', '2', 'automatic'] }, '2'), '2');
    assert.equal(valueOf({ unit: '', text: true }, '16'), '16');
    assert.equal(allowed(time), 'allowed 0 to 229\u202f500\u202fs, in steps of 900');
    assert.equal(allowed({ unit: 'A', min: 6, max: 32, step: 1 }), 'allowed 6 to 32\u202fA');
});

test('names and times are words', () => {
    assert.equal(label('battery.voltage', 'battery'), 'voltage');
    assert.equal(label('battery.soc', 'pack'), 'battery SoC');
    assert.equal(duration(24.2), '25 s');
    assert.equal(duration(600), '10 min');
    assert.equal(duration(590), '9 min 50 s');
    assert.equal(duration(3600), '60 min');
    assert.equal(elapsed(0.24), '0.2 s');
    assert.equal(elapsed(42.9), '42 s');
    assert.equal(elapsed(125), '2 min');
});

test('history and live points make one line, broken where nothing was heard', () => {
    const history = { points: [[10, 1, 0, 2], [11, 2, 2, 2], null, [20, 3, 3, 3]] };
    const p = assemble(history, { t: [19, 20, 21], v: [9, 9, 4] }, 0, 100);
    assert.deepEqual(p.t, [10, 11, 15.5, 20, 21]);
    assert.deepEqual(p.mean, [1, 2, null, 3, 4]);
    assert.deepEqual(p.low, [0, 2, null, 3, 4]);
    assert.deepEqual(p.high, [2, 2, null, 3, 4]);
});

test('a gap at the end of the history is kept before the live points', () => {
    const p = assemble({ points: [[10, 1, 1, 1], null] }, { t: [30], v: [2] }, 0, 100);
    assert.deepEqual(p.mean, [1, null, 2]);
});

test('one point before the left edge stays, none after the right edge', () => {
    const p = assemble({ points: [[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3], [4, 4, 4, 4]] }, undefined, 2.5, 3.5);
    assert.deepEqual(p.t, [2, 3]);
});

test('the value at a time is the last before it, and none in a gap', () => {
    const p = { t: [1, 2, 3], mean: [10, null, 30] };
    assert.deepEqual([0.5, 1, 1.9, 2.5, 9].map((t) => valueAt(p, t)), [undefined, 10, 10, undefined, 30]);
});

test('the recorder takes each sample once and breaks the line of a device that is not well', () => {
    const recorder = new Recorder();
    const keys = ['panel/box.temperature', 'panel/pump.on', '', 'gone/x'];
    let model = fromSnapshot(snapshot());
    recorder.observe(model, keys);
    recorder.observe(model, keys);
    model = merge(model, delta(8, { health: 'stale' }));
    recorder.observe(model, keys);
    recorder.observe(model, keys);
    assert.deepEqual(recorder.of(keys[0]).v, [7.25, null]);
    assert.equal(recorder.of(keys[1]), undefined);
    recorder.keep([]);
    assert.equal(recorder.of(keys[0]), undefined);
});

test('of a device that was never heard the recorder takes what voltbus itself has sent just now', () => {
    const recorder = new Recorder();
    const keys = ['panel/box.temperature'];
    const model = fromSnapshot(snapshot());
    model.devices.panel.health = 'silent';
    recorder.observe(model, keys);
    recorder.observe({ ...model, time: 1010 }, keys);
    assert.deepEqual(recorder.of(keys[0]).v, [7.25, null]);
});

test('twelve signals or more that differ in one number are one group, in its place', () => {
    const cells = (n) => Array.from({ length: n }, (_, i) => [`pack2.cell.${i + 1}.voltage`, { value: 3.9 }]);
    const all = (n) => [['pack2.voltage', { value: 370 }], ...cells(n), ['pack2.current', { value: 1 }]];
    assert.deepEqual(grouped(all(12)).map((g) => g.length), [1, 12, 1]);
    assert.deepEqual(grouped(all(12))[1].map(([id]) => id), cells(12).map(([id]) => id));
    assert.deepEqual(grouped(all(11)).map((g) => g.length), Array(13).fill(1));
});

test('signals of one name are one group only where unit, kind of value and marks are the same', () => {
    const row = (n, more) => [`X_${n}`, { value: 1, unit: 'V', title: '', t: 1, ...more }];
    const rows = (count, start, more) => Array.from({ length: count }, (_, i) => row(start + i, more));
    const sizes = (...parts) => grouped(parts.flat()).map((g) => g.length);
    assert.deepEqual(sizes(rows(6, 1), rows(6, 7, { unit: 'A' })), Array(12).fill(1));
    for (const other of [{ unit: 'A' }, { value: 'text' }, { words: ['no', 'yes'] }, { unknown: true }, { guess: true }]) {
        assert.deepEqual(sizes(rows(12, 1), rows(1, 13, other)), [12, 1], JSON.stringify(other));
        assert.deepEqual(sizes(rows(12, 1), rows(12, 13, other)), [12, 12], JSON.stringify(other));
    }
    assert.deepEqual(sizes(rows(12, 1, { unknown: false }), rows(1, 13)), [13]);
});

test('a group is as old as the value in it that was heard longest ago', () => {
    const cells = Array.from({ length: 24 }, (_, i) => [`cell_${i}`, { value: 3.9, t: 1000 }]);
    assert.equal(oldest(cells), 1000);
    cells[17][1].t = 400;
    assert.equal(oldest(cells), 400);
});

test('CSV has a column per signal and no row for a gap', () => {
    const points = (t, mean) => ({ t, mean, low: mean, high: mean });
    const text = csv([
        { name: 'a/x', unit: 'V', points: points([1, 2, 3], [12.5, null, 13]) },
        { name: 'b/"y"', unit: '', points: points([1, 4], [1, 2]) },
    ]);
    assert.equal(text, [
        'unix_time,time,a/x [V],"b/""y"""',
        '1.000,1970-01-01T00:00:01.000Z,12.5,1',
        '3.000,1970-01-01T00:00:03.000Z,13,',
        '4.000,1970-01-01T00:00:04.000Z,,2',
        '',
    ].join('\n'));
});

test('the choice survives the address, with its colours', () => {
    const choice = { span: 3600, keys: ['battery/battery.voltage', '', 'a b/c+d#e&f'] };
    assert.deepEqual(parseHash(makeHash(choice)), choice);
    assert.deepEqual(parseHash(''), { span: 300, keys: null });
    assert.deepEqual(parseHash('#span=7&plot='), { span: 300, keys: [] });
});

test('a signal taken out leaves its colour free for the next', () => {
    assert.deepEqual(toggled(['a/a', 'b/b', 'c/c'], 'b/b'), ['a/a', '', 'c/c']);
    assert.deepEqual(toggled(['a/a', '', 'c/c'], 'd/d'), ['a/a', 'd/d', 'c/c']);
    assert.deepEqual(toggled(['a/a', '', 'c/c'], 'c/c'), ['a/a']);
    assert.equal(toggled(Array.from({ length: 8 }, (_, i) => `k/${i}`), 'x/x'), null);
});
