/* mock.mjs - a stand-in for `voltbus demo` while working on the page: same API, invented values. Never shipped.
 *
 * usage: node test/web/mock.mjs [--port N] [--dist DIR] [--modules DIR] [--faults] [--young]
 *
 * --faults: some devices are stale, silent or broken. --young: the history begins with the server.
 * POST /mock/drop cuts all live connections for five seconds. POST /mock/slow?s=N: calls are answered after so long.
 * SPDX-License-Identifier: MIT */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const web = join(dirname(fileURLToPath(import.meta.url)), '../../host/web');
const { values: arg } = parseArgs({
    options: {
        port: { type: 'string', default: '8787' },
        dist: { type: 'string', default: join(web, 'dist') },
        modules: { type: 'string', default: web },
        faults: { type: 'boolean', default: false },
        young: { type: 'boolean', default: false },
    },
});
const { WebSocketServer } = createRequire(join(arg.modules, 'package.json'))('ws');

const now = () => Date.now() / 1000;
const round = (v, decimals) => Number(v.toFixed(decimals));

/* A slow wave, a quick one, and noise that is the same for the same time: history and live agree. */
const noise = (t, k) => (Math.abs(Math.sin(Math.floor(t * 10) * 12.9898 + k * 78.233) * 43758.5453) % 1) - 0.5;
const wave = (middle, slow, quick, rough, decimals, k = 1) => (t) =>
    round(middle + slow * Math.sin(t / (900 + 400 * k)) + quick * Math.sin(t / (11 + 3 * k)) + rough * noise(t, k), decimals);

const n = (of, unit, title, more) => ({ of, unit, title, ...more });
const w = (words, title, of = () => 0, more) => ({ of, unit: '', title, words, ...more });
const noYes = ['no', 'yes'];
const unknown = (v) => ({ of: () => v, unit: '', title: '', unknown: true });
const said = (words, title) => ({ of: () => words, unit: '', title }); /* text: a string without words */

/* A wallbox with a car that always wants to charge. It takes a moment to do what it is told. */
const box = { state: 'charging', volts: 236.4, saved: 24, inForce: 16, hot: arg.faults, limit: 0, energy: 0, slow: 0, done: undefined, begun: Date.now() / 1000 - 3905 };
const boxStates = ['starting', 'not-connected', 'connected', 'charging', 'gfci-self-test-failed', 'over-temperature', 'sleeping', 'disabled'];
const boxAmps = (t) => (box.state === 'charging' ? round(box.inForce - 0.3 + 0.1 * noise(t, 5), 2) : 0);

function boxObeys() {
    const c = devices.wallbox.commands['charge.current'];
    if (c.farewell || (c.until !== undefined && now() - c.since > 0.4)) {
        box.inForce = Math.min(c.value, box.saved, box.hot ? 10 : 80);
        c.farewell = false;
        box.done = c.since;
    }
}

function readBack() {
    const c = devices.wallbox.commands['charge.current'];
    const why = box.hot ? 'the box is too hot and has throttled itself' : 'limited by the current that is saved in the box';
    const pending = box.done !== c.since;
    const reason = c.until === undefined || c.value === box.inForce ? {} : { reason: pending ? 'not answered yet' : why };
    return { ...(c.until === undefined ? {} : { asked: c.value }), shown: box.inForce, ...reason };
}

const boxCalls = {
    pause: () => void (box.state = 'sleeping'),
    resume: () => void (box.state = 'charging'),
    set_time_limit: (seconds) => void (box.limit = Number(seconds)),
    set_energy_limit: (energy) => void (box.energy = Number(energy)),
    set_lock: () => [409, { error: 'refused', reason: 'wallbox set_lock: the device said no; it needs AUTH_LOCK, which its build may lack' }],
};

const devices = {
    battery: {
        type: 'hella-ibs', title: 'Hella IBS 200X battery sensor', link: 'house', period: 0.36,
        headline: ['battery.voltage', 'battery.current', 'battery.soc'],
        rows: {
            'sensor.busy': w(noYes, 'Sensor is busy: its answers are not ready'),
            'status.unknown_0': unknown(96),
            'battery.current': n(wave(4.2, 9, 2.5, 0.4, 3), 'A', 'Battery current, positive when charging'),
            'battery.voltage': n(wave(13.24, 0.35, 0.05, 0.02, 3), 'V', 'Battery voltage'),
            'battery.temperature': n(wave(21, 2, 0, 0, 1), '°C', 'Temperature at the battery pole'),
            'sensor.error': w(noYes, 'Sensor reports an error (RVSC)', undefined, { guess: true }),
            'battery.soc': n(wave(82, 6, 0, 0, 1, 3), '%', 'State of charge'),
            'battery.soh': n(() => 97, '%', 'State of health'),
            'battery.charge_voltage': n(() => 14.4, 'V', 'Voltage the sensor finds best for charging', { guess: true }),
            'battery.capacity_available': n(wave(77.4, 6, 0, 0, 1, 3), 'Ah', 'Capacity that can be drawn'),
            'details.unknown_2': unknown(4097),
        },
    },
    solar: {
        type: 'votronic-mppt', title: 'Votronic MPP 440 CI solar charger', link: 'house', period: 0.36,
        headline: ['solar.current', 'solar.voltage', 'solar.mode'],
        rows: {
            'solar.voltage': n(wave(18.6, 0.9, 0.2, 0.1, 2), 'V', 'Voltage, of the panel or of the battery', { guess: true }),
            'solar.current': n(wave(6.4, 3, 0.5, 0.2, 1, 2), 'A', 'Charging current into the battery'),
            'solar.mode': w(['I phase', 'U1 phase', 'U2 phase', 'U3 phase'], 'Charging phase', () => 0, { guess: true }),
            'solar.on': w(noYes, 'Charger is awake', () => 1),
            'state.unknown_4': unknown(0),
        },
    },
    charger: {
        type: 'dometic-smp439a', title: 'Dometic PerfectCharge SMP439A battery charger', link: 'house', period: 0.36,
        headline: ['charger.voltage', 'charger.current'],
        rows: {
            'charger.voltage': n(wave(14.2, 0.1, 0.02, 0.01, 3), 'V', 'Charging voltage'),
            'charger.current': n(wave(11, 4, 0.4, 0.3, 1, 2), 'A', 'Charging current into the battery', { guess: true }),
            'charger.charging': w(noYes, 'Charging', () => 1, { guess: true }),
        },
        fault: { health: 'stale', reason: 'nothing good for 42 s, expected every 0.36 s' },
    },
    panel: {
        type: 'nugget-panel', title: 'Ford Nugget touch panel: water pump, coolbox level', link: 'house', period: 0.18,
        control: true, headline: ['coolbox.level', 'pump.on'],
        rows: {
            'panel.touched': w(noYes, 'Display is being operated (0.4 to 0.5 s)'),
            'pump.on': w(noYes, 'Water pump is on', (t) => (t % 20 < 4 ? 1 : 0)),
            'coolbox.level': n(() => devices.panel.commands['coolbox.level'].value, '', 'Coolbox level as set, 0 to 5'),
        },
        commands: { 'coolbox.level': { title: 'Coolbox level', unit: '', min: 0, max: 5, step: 1, safe: 0, value: 0 } },
    },
    light: {
        type: 'nugget-led', title: 'Ford Nugget LED module: brightness and tone of the light', link: 'house', period: 0.18,
        control: true, headline: ['led.intensity', 'led.tone'],
        rows: {
            'led.enabled': w(noYes, 'Light may be used', () => 1),
            'led.tone': n(() => 4, '', 'Colour tone, 1 to 10; 0 off', { guess: true }),
            'led.intensity': n(() => devices.light.commands['led.intensity'].value, '', 'Brightness, 1 to 10; 0 off'),
        },
        commands: {
            'led.intensity': { title: 'Brightness', unit: '', min: 0, max: 10, step: 1, safe: 0, value: 0 },
            'led.scene': { title: 'Scene', unit: '', words: ['off', 'reading', 'night'], safe: 'off', value: 'off' },
        },
    },
    body: {
        type: 'nugget-body', title: 'Ford Nugget central electronics: temperatures, tanks, coolbox, car signals', link: 'house',
        period: 0.36, headline: ['inside.temperature', 'outside.temperature', 'coolbox.temperature', 'tank.fresh.level'],
        rows: {
            'outside.temperature': n(wave(14.5, 5, 0, 0, 1, 3), '°C', 'Outside temperature'),
            'inside.temperature': n(wave(21, 1.5, 0, 0, 1, 2), '°C', 'Inside temperature'),
            'coolbox.temperature': n(wave(7, 2, 0.6, 0, 0), '°C', 'Coolbox temperature'),
            'tank.fresh.level': n(() => 4, '', 'Fresh water, 0 to 5', { guess: true }),
            'tank.grey.level': n(() => 1, '', 'Grey water, 0 to 5', { guess: true }),
            'coolbox.compressor': w(['off', 'on'], 'Coolbox compressor', (t) => (t % 60 < 30 ? 1 : 0)),
            'ignition.on': w(noYes, 'Car contact is on'),
            'sensors.unknown_2': unknown(215),
            'sensors.unknown_3': unknown(215),
            'vehicle.unknown_7': unknown(1),
        },
    },
    pack: {
        type: 'leaf-battery', title: 'Nissan Leaf battery controller, 2011 to 2025', link: 'car', period: 0.1,
        headline: ['battery.soc', 'battery.voltage', 'battery.current', 'battery.energy'],
        rows: {
            'battery.current': n(wave(-18, 30, 12, 3, 1), 'A', 'Pack current, positive when charging'),
            'battery.voltage': n(wave(368, 6, 2, 0.6, 1), 'V', 'Pack voltage'),
            'battery.soc': n(wave(61, 8, 0, 0, 1, 3), '%', 'State of charge as the controller counts it'),
            'battery.energy': n((t) => Math.round(24320 + 2400 * Math.sin(t / 2100)) * 1, 'Wh', 'Remaining energy'),
            'limit.discharge_power': n(() => 110000, 'W', 'Power that may be drawn'),
            'limit.charge_power': n(wave(42000, 8000, 0, 0, 0), 'W', 'Power that may be fed in by braking'),
            'battery.relay_permission': w(noYes, 'Contactors may close', () => 1),
            'battery.temperature': n(() => 127, '°C', 'Pack temperature', { out_of_range: true }),
            'pack.unknown_4': unknown(0),
            'pack.unknown_5': unknown(17),
        },
        fault: { health: 'error', reason: '31 of the last 40 frames of 1DB failed their CRC' },
    },
    mast: {
        type: 'wh24', title: 'Fine Offset WH24 weather station (Buienradar BR-1800, WH2300)', link: 'radio', period: 4,
        headline: ['wind.speed', 'wind.gust', 'wind.direction', 'air.temperature'],
        rows: {
            'wind.direction': n(wave(240, 30, 20, 10, 0), '°', 'Where the wind comes from'),
            'wind.speed': n(wave(4.1, 1.5, 1, 0.6, 4), 'm/s', 'Wind, average'),
            'wind.gust': n(wave(7.3, 2, 1, 1, 2), 'm/s', 'Wind, strongest gust'),
            'air.temperature': n(wave(14.2, 5, 0, 0, 1, 3), '°C', 'Air temperature'),
            'air.humidity': n(wave(64, 9, 0, 0, 0), '%', 'Relative humidity'),
            'rain.total': n(() => 1204.2, 'mm', 'Rain since the unit was reset'),
            'light.illuminance': n(wave(54210, 21000, 900, 300, 1), 'lx', 'Light'),
            'weather.unknown_3': unknown(2),
        },
    },
    wallbox: {
        type: 'openevse', title: 'OpenEVSE wallbox: state, power, energy, limits, and everything else that RAPI has', link: 'box',
        period: 1, control: true, headline: ['evse.state', 'charge.power', 'charge.current', 'energy.session', 'pilot.current'],
        rows: {
            'evse.state': w(boxStates, 'State of the box, and its faults', () => boxStates.indexOf(box.state)),
            'session.time': n((t) => Math.round(t - box.begun), 's', 'Charging time of this session or the last'),
            'pilot.current': n(() => box.inForce, 'A', 'Current that the car may take now'),
            'charge.current': n(boxAmps, 'A', 'Current of the car; 0 with an open relay'),
            'charge.voltage': n(() => box.volts, 'V', 'Voltage; the nominal one where no voltmeter is fitted'),
            'charge.power': n((t) => round(boxAmps(t) * box.volts, 1), 'W', 'Current times voltage'),
            'energy.session': n((t) => round((t - box.begun) * 0.95, 1), 'Wh', 'Energy of this session'),
            'limit.time': n(() => box.limit, 's', 'Charging time limit; 0 = none'),
            'heartbeat.interval': n(() => 10, 's', 'The box falls back after so long without a pulse; 0 = never'),
            'evse.flags': said('time-limit,relay-closed,ev-connected,was-connected', 'What the box notes of itself (vflags)'),
            'firmware.version': said('8.2.3', 'Firmware'),
            'firmware.rapi': said('5.2.1', 'Version of RAPI'),
        },
        commands: {
            'charge.current': { title: 'Current that the car may take, at most', unit: 'A', min: 6, max: 80, step: 1, safe: 6, value: 6, readBack },
        },
        calls: [
            { name: 'pause', title: 'Sleep: the relay opens, the car may stay', arguments: [] },
            { name: 'resume', title: 'Wake up: the car may charge', arguments: [] },
            { name: 'set_time_limit', title: 'End this session after a time',
                arguments: [{ name: 'time', title: 'Time, in steps of 900; 0 = none', unit: 's', min: 0, max: 229500, step: 900 }] },
            { name: 'set_energy_limit', title: 'End this session after an energy',
                arguments: [{ name: 'energy', title: 'Energy, in steps of 1000; 0 = none', unit: 'Wh', min: 0, max: 255000, step: 1000 }] },
            { name: 'set_lock', title: 'Charging waits for permission',
                arguments: [{ name: 'state', title: 'Off or on', unit: '', words: ['off', 'on'] }] },
        ],
    },
    heater: {
        type: 'eberspacher-heater', title: 'Eberspacher heater on the LIN bus', link: 'house', period: 0.36,
        headline: ['heater.setpoint'], rows: { 'heater.setpoint': n(() => 19, '°C', 'Set point') },
        fault: { health: 'silent', reason: '' },
    },
};
if (!arg.faults) {
    delete devices.heater;
}

const started = now();
const links = {
    house: { link: 'lin:/dev/ttyUSB0', state: 'open', leader: 'lead', reason: '', frames: 40211, bad: 3 },
    car: { link: 'can:can0', state: 'open', reason: '', frames: 1230482, bad: 0 },
    box: { link: 'rapi:/dev/ttyUSB1', state: 'open', reason: '', frames: 5210, bad: 0 },
    radio: arg.faults
        ? { link: 'rfm69:/dev/ttyACM0', state: 'waiting', reason: '/dev/ttyACM0 is gone; trying again in 4 s', frames: 811, bad: 12 }
        : { link: 'rfm69:/dev/ttyACM0', state: 'open', reason: '', frames: 811, bad: 12 },
};
const heard = {};
for (const [name, d] of Object.entries(devices)) {
    d.fault = arg.faults ? d.fault : undefined;
    heard[name] = d.fault?.health === 'stale' ? started - 42 : Math.floor(started / d.period) * d.period;
    d.frames = 1000;
}
let seq = 4711;

function signal(row, t, value = row.of(t)) {
    return row.words ? row.words[value] : value;
}

function commandNow(c) {
    const { until, by, since: _, farewell: __, readBack, ...rest } = c;
    const left = until === undefined ? {} : { lease: round(until - now(), 1), by };
    return { ...rest, ...left, ...readBack?.() };
}

function state() {
    const t = now();
    const list = {};
    for (const [name, d] of Object.entries(devices)) {
        const silent = d.fault?.health === 'silent';
        const signals = {};
        for (const [id, { of: _, ...row }] of silent ? [] : Object.entries(d.rows)) {
            signals[id] = { value: signal(d.rows[id], heard[name]), ...row, t: heard[name], age: round(t - heard[name], 3) };
        }
        list[name] = {
            type: d.type, title: d.title, link: d.link, health: d.fault?.health ?? 'ok', reason: d.fault?.reason ?? '',
            ...(silent ? {} : { age: round(t - heard[name], 3) }),
            frames: silent ? 0 : d.frames, bad: 0, control: !!d.control, headline: d.headline, signals,
        };
        if (d.control) {
            list[name].commands = Object.fromEntries(Object.entries(d.commands).map(([id, c]) => [id, commandNow(c)]));
            list[name].calls = d.calls;
        }
    }
    return { site: 'van', demo: true, time: round(t, 3), seq, links, devices: list };
}

function history(query) {
    const key = query.get('signal') ?? '';
    const [name, id] = key.split('/');
    const row = devices[name]?.rows[id];
    if (!row) {
        return [404, { error: 'no-signal', reason: `there is no signal ${key}` }];
    }
    const time = (text, otherwise) => (text === null ? otherwise : Number(text) < 0 ? now() + Number(text) : Number(text));
    const from = Math.max(time(query.get('from'), now() - 3600), arg.young ? started : 0);
    const to = time(query.get('to'), now());
    const most = Number(query.get('points') ?? 500);
    const step = Math.max((to - from) / most, devices[name].period);
    const points = [];
    for (let t = Math.ceil(from / step) * step; t <= Math.min(to, now()); t += step) {
        if (t % 3600 > 1500 && t % 3600 < 1860 && to - from > 1800) {
            points.push(points.at(-1) === null ? undefined : null);
            continue;
        }
        const v = row.of(t);
        const some = step <= devices[name].period ? [v] : [0, 0.2, 0.4, 0.6, 0.8].map((k) => row.of(t + k * step));
        points.push([round(t, 3), v, Math.min(...some), Math.max(...some)]);
    }
    return [200, { signal: key, unit: row.unit, from, to, points: points.filter((p) => p !== undefined) }];
}

function command(name, id, body) {
    const c = devices[name]?.commands?.[id];
    if (!devices[name]) {
        return [404, { error: 'no-device', reason: `there is no device ${name}` }];
    }
    if (!c) {
        return [404, { error: 'no-command', reason: `${name} has no command ${id}` }];
    }
    if (body.release) {
        c.value = c.safe;
        c.farewell = true;
        delete c.until;
        return [200, { device: name, command: id, value: c.value }];
    }
    const lease = body.lease ?? 30;
    if (c.words ? !c.words.includes(body.value) : typeof body.value !== 'number') {
        return [400, { error: 'bad-value', reason: `${JSON.stringify(body.value)} is not a value of ${id}` }];
    }
    if (!c.words && (body.value < c.min || body.value > c.max)) {
        return [422, { error: 'out-of-range', reason: `${id} may be ${c.min} to ${c.max}, not ${body.value}` }];
    }
    Object.assign(c, { value: body.value, until: now() + lease, by: 'page', since: now() });
    return [200, { device: name, command: id, value: c.value, lease }];
}

async function call(name, { call: id, arguments: given = [] }) {
    const d = devices[name];
    const row = d?.calls?.find((c) => c.name === id);
    if (!row) {
        return d ? [404, { error: 'no-call', reason: `${name} ${id}: the device has no such call` }] : [404, { error: 'no-device', reason: `there is no device ${name}` }];
    }
    await new Promise((r) => setTimeout(r, 60 + box.slow * 1000));
    for (const [i, a] of row.arguments.entries()) {
        const v = given[i];
        if (a.words ? !a.words.includes(v) : typeof v !== 'number') {
            const range = a.words ? a.words.join(' or ') : `${a.min} to ${a.max} ${a.unit}`;
            return [400, { error: 'bad-value', reason: `${name} ${id}: ${a.name}: '${v}' is no such value: expected ${range}` }];
        }
        if (!a.words && (v < a.min || v > a.max)) {
            return [422, { error: 'out-of-range', reason: `${name} ${id}: ${a.name}: '${v}' is beyond the limits: expected ${a.min} to ${a.max} ${a.unit}` }];
        }
    }
    return boxCalls[id](...given) ?? [200, { ok: true, values: {}, text: '' }];
}

const types = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', webmanifest: 'application/manifest+json' };
let deaf = 0;

const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const json = ([status, body]) => {
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(body));
    };
    response.setHeader('Content-Security-Policy', "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    const post = url.pathname.match(/^\/api\/devices\/([^/]+)\/([^/]+)$/);
    if (url.pathname === '/api/state') {
        json([200, state()]);
    } else if (url.pathname === '/api/history') {
        json(history(url.searchParams));
    } else if (url.pathname === '/mock/drop') {
        deaf = now() + 5;
        sockets.clients.forEach((s) => s.terminate());
        json([200, {}]);
    } else if (url.pathname === '/mock/slow') {
        box.slow = Number(url.searchParams.get('s'));
        json([200, {}]);
    } else if (post && request.method === 'POST') {
        let body = '';
        for await (const part of request) {
            body += part;
        }
        const [name, id] = post.slice(1).map(decodeURIComponent);
        json(id === 'call' ? await call(name, JSON.parse(body)) : command(name, id, JSON.parse(body)));
    } else {
        const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname);
        try {
            const data = await readFile(join(arg.dist, path));
            response.writeHead(200, { 'Content-Type': types[path.split('.').pop()] ?? 'application/octet-stream' });
            response.end(data);
        } catch {
            json([404, { error: 'no-page', reason: `there is no ${path}` }]);
        }
    }
});

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
    if (now() < deaf) {
        socket.destroy();
        return;
    }
    sockets.handleUpgrade(request, socket, head, (s) => s.send(JSON.stringify({ type: 'snapshot', state: state() })));
});

let before = {};
setInterval(() => {
    const t = now();
    const changed = {};
    for (const [name, d] of Object.entries(devices)) {
        const at = Math.floor(t / d.period) * d.period;
        if (d.fault && d.fault.health !== 'error') {
            continue;
        }
        for (const c of Object.values(d.commands ?? {})) {
            if (c.until !== undefined && c.until < t) {
                c.value = c.safe;
                c.farewell = true;
                delete c.until;
            }
        }
        boxObeys();
        const commands = {};
        for (const [id, c] of Object.entries(d.commands ?? {})) {
            const { value, lease, by, asked, shown, reason } = commandNow(c);
            commands[id] = { value, lease, by, asked, shown, reason };
        }
        const told = JSON.stringify(Object.values(d.commands ?? {}).map((c) => [c, c.readBack?.()]));
        if (at > heard[name] || told !== before[name]) {
            heard[name] = at;
            d.frames++;
            const signals = {};
            for (const [id, row] of Object.entries(d.rows)) {
                const more = row.out_of_range ? { out_of_range: true } : {};
                signals[id] = { value: signal(row, at), t: at, ...more };
            }
            changed[name] = { age: round(t - at, 3), frames: d.frames, signals };
            if (told !== before[name]) {
                changed[name].commands = commands;
            }
            before[name] = told;
            links[d.link].frames++;
        }
    }
    if (Object.keys(changed).length > 0) {
        seq++;
        const text = JSON.stringify({
            type: 'delta', seq, time: round(t, 3), devices: changed,
            links: { house: { state: 'open', reason: '', frames: links.house.frames, bad: links.house.bad } },
        });
        sockets.clients.forEach((s) => s.send(text));
    }
}, 100);

server.listen(Number(arg.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
