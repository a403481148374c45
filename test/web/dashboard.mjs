/* dashboard.mjs - the page in a real browser, against a running voltbus: it shows, plots, commands, and is reachable.
 *
 * usage: node test/web/dashboard.mjs URL SCREENSHOT_DIR [MODULES_DIR]
 *
 * URL: of the page, `voltbus demo` or test/web/mock.mjs; at least one device must have a command with numbers, and one
 * be an OpenEVSE that may be controlled, whose saved current is less than the command allows.
 * MODULES_DIR: where node_modules with puppeteer-core is, default host/web. CHROMIUM: the browser, default /usr/bin/chromium.
 * One line per claim, "ok" or "FAILED"; exit status 1 if one failed, 2 if the test itself could not run.
 * SPDX-License-Identifier: MIT */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [address, shots, modules = join(here, '../../host/web')] = process.argv.slice(2);
if (!address || !shots) {
    console.error('usage: node test/web/dashboard.mjs URL SCREENSHOT_DIR [MODULES_DIR]');
    process.exit(2);
}
const puppeteer = createRequire(join(resolve(modules), 'package.json'))('puppeteer-core');
const base = new URL(address);
mkdirSync(shots, { recursive: true });

const WAIT = 60_000;
let failed = 0;

async function claim(sentence, check) {
    try {
        const problem = await check();
        if (problem) {
            throw new Error(problem);
        }
        console.log(`ok ${sentence}`);
    } catch (e) {
        failed++;
        console.log(`FAILED ${sentence}: ${e.message.split('\n')[0]}`);
    }
}

async function until(what, check, limit = WAIT) {
    const end = Date.now() + limit;
    let last;
    do {
        last = await check();
        if (last) {
            return last;
        }
        await new Promise((r) => setTimeout(r, 100));
    } while (Date.now() < end);
    throw new Error(`${what}: not within ${limit / 1000} s`);
}

const state = async () => (await fetch(new URL('/api/state', base))).json();

const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
        ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-dev-shm-usage',
    ],
});
const page = await browser.newPage();
page.setDefaultTimeout(WAIT);
const complaints = [];
const strangers = [];
const histories = [];
page.on('pageerror', (e) => complaints.push(e.message));
page.on('console', (m) => {
    /* the browser itself notes each refused command as an error: that is asked for below */
    if (m.type() === 'error' && !(m.location().url ?? '').includes('/api/devices/')) {
        complaints.push(`${m.text()} ${m.location().url ?? ''}`);
    }
});
page.on('request', (r) => {
    const url = new URL(r.url());
    if (url.origin !== base.origin && url.protocol !== 'blob:') {
        strangers.push(r.url());
    }
});
page.on('response', (r) => {
    const url = new URL(r.url());
    if (url.pathname === '/api/history') {
        histories.push({ status: r.status(), from: Number(url.searchParams.get('from')), to: Number(url.searchParams.get('to')) });
    }
});

const look = (width, height, scale = 1) => page.setViewport({ width, height, deviceScaleFactor: scale });
const scheme = (value) => page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value },
    { name: 'prefers-reduced-motion', value: 'reduce' },
]);
const texts = (selector) => page.$$eval(selector, (all) => all.map((e) => e.textContent));

/* Coloured pixels of the plot: how many, and where the first stands, as a part of the width. */
const drawn = () =>
    page.evaluate(() => {
        const canvas = document.querySelector('.chart canvas');
        const over = document.querySelector('.chart .u-over')?.getBoundingClientRect();
        if (!canvas || !over) {
            return { count: 0, first: 1 };
        }
        const box = canvas.getBoundingClientRect();
        const scale = canvas.width / box.width;
        const [x, y, w, h] = [over.x - box.x, over.y - box.y, over.width, over.height].map((v) => Math.round(v * scale));
        const { data } = canvas.getContext('2d').getImageData(x, y, w, h);
        let count = 0;
        let first = w;
        for (let i = 0; i < data.length; i += 4) {
            const [r, g, b, a] = data.slice(i, i + 4);
            if (a > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 70) {
                count++;
                first = Math.min(first, (i / 4) % w);
            }
        }
        return { count, first: first / w };
    });

/* how much time the plot shows */
const seconds = () => page.$eval('.chart', (e) => Number(e.dataset.seconds));

const settled = () => page.waitForFunction(() => document.querySelector('.plot')?.dataset.loading === 'false');

/* the page's sockets, to cut them */
await page.evaluateOnNewDocument(() => {
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
        constructor(...args) {
            super(...args);
            window.sockets.push(this);
        }
    };
});

try {
    await look(1440, 1000);
    await scheme('light');
    await page.goto(base.href);
    await page.waitForSelector('[data-device]');
    const first = await state();
    const names = Object.keys(first.devices);

    await claim('the page says which site it shows, and that it is live', async () => {
        await until('live', async () => (await texts('.connection')).join().includes('Live'));
        return (await texts('h1')).join().includes(first.site) ? '' : `no ${first.site} in the heading`;
    });

    await claim(`DEMO and ${Object.values(first.devices).some((d) => d.control) ? 'CONTROL' : 'READ-ONLY'} are said`, async () => {
        const badges = (await texts('.badge')).join();
        const control = Object.values(first.devices).some((d) => d.control);
        return badges.includes('DEMO') === first.demo && badges.includes('CONTROL') === control ? '' : `badges: ${badges}`;
    });

    await claim(`each of ${names.length} devices has a tile with its state in a word`, async () => {
        const tiles = await page.$$eval('[data-device]', (all) => all.map((e) => [e.dataset.device, e.querySelector('.health').textContent]));
        const missing = names.filter((n) => !tiles.some(([d, h]) => d === n && /ok|silent|stale|error/.test(h)));
        return missing.length ? `missing: ${missing}` : '';
    });

    await claim('each link has its state', async () => {
        const links = await page.$$eval('[data-link]', (all) => all.map((e) => e.dataset.link));
        return links.join() === Object.keys(first.links).join() ? '' : `links: ${links}`;
    });

    await claim('values move', async () => {
        const before = (await texts('.big .number')).join();
        await until('another value', async () => (await texts('.big .number')).join() !== before);
    });

    await claim('the plot draws', async () => {
        await settled();
        await until('coloured pixels', async () => (await drawn()).count > 20);
    });

    await claim('the history is asked for and answered', async () => {
        await until('an answer', () => histories.length > 0);
        const bad = histories.filter((h) => h.status !== 200);
        return bad.length ? `status ${bad[0].status}` : '';
    });

    await claim('a click on a value plots it, another takes it out', async () => {
        const button = 'button.big[aria-pressed=false]';
        const key = await page.$eval(button, (e) => e.dataset.signal);
        await page.click(`button.big[data-signal="${key}"]`);
        await page.waitForSelector(`[data-curve="${key}"]`);
        await page.click(`button.big[data-signal="${key}"]`);
        await page.waitForSelector(`[data-curve="${key}"]`, { hidden: true });
    });

    await claim('signals are found by a few letters', async () => {
        const [wanted] = await page.$$eval('[data-curve]', (all) => all.map((e) => e.dataset.curve));
        await page.click('.choose');
        await page.type('.picker input[type=search]', wanted.slice(0, -1));
        await page.waitForSelector(`.picker [data-pick="${wanted}"]:checked`);
        const found = await page.$$eval('.picker [data-pick]', (all) => all.length);
        await page.click('.choose');
        return found >= 1 && found < 20 ? '' : `${found} found`;
    });

    await claim('dragging over the plot asks for that stretch, a double click goes back', async () => {
        const over = await (await page.$('.chart .u-over')).boundingBox();
        const asked = histories.length;
        const wide = await seconds();
        await page.mouse.move(over.x + over.width * 0.4, over.y + 60);
        await page.mouse.down();
        await page.mouse.move(over.x + over.width * 0.6, over.y + 60, { steps: 4 });
        await page.mouse.move(over.x + over.width * 0.8, over.y + 60, { steps: 4 });
        await page.mouse.up();
        /* four tenths; a young plot grows meanwhile */
        await until('a history of that stretch', () => histories.slice(asked).some((h) => Math.abs((h.to - h.from) / wide - 0.4) < 0.05));
        await page.mouse.click(over.x + over.width * 0.5, over.y + 60, { count: 2 });
        await page.waitForSelector('[data-span="300"][aria-pressed=true]');
        await page.mouse.move(5, 5);
    });

    await claim('the plot is also a table', async () => {
        await page.click('.plot summary');
        await until('a row with a number', async () => (await texts('.data td')).some((t) => /\d/.test(t)));
        await page.click('.plot summary');
    });

    await claim('all values of a device open, guesses are marked', async () => {
        const [name, device] = Object.entries(first.devices).find(([, d]) => Object.values(d.signals).some((s) => s.guess))
            ?? Object.entries(first.devices)[0];
        const known = Object.values(device.signals).filter((s) => !s.unknown);
        await page.click(`[data-device="${name}"] summary`);
        const rows = await until('rows', async () => (await page.$$(`[data-device="${name}"] tbody tr`)).length);
        const guesses = (await page.$$(`[data-device="${name}"] tbody .guess`)).length;
        await page.click(`[data-device="${name}"] summary`);
        const marked = known.filter((s) => s.guess).length;
        return rows >= known.length && guesses >= marked ? '' : `${rows} rows of ${known.length}, ${guesses} marks of ${marked}`;
    });

    const commands = Object.entries(first.devices).flatMap(([device, d]) =>
        d.control ? Object.entries(d.commands ?? {}).map(([id, c]) => ({ device, id, ...c })) : []);
    const numeric = commands.filter((c) => c.max !== undefined);
    const command = numeric.find((c) => c.id === 'coolbox.level') ?? numeric[0];
    if (!command) {
        throw new Error('no device has a command with numbers');
    }
    const { device, id, min, max, step, safe } = command;
    const called = `${device} ${id}`;
    const form = `[data-device="${device}"] [data-command="${id}"]`;
    const value = Math.min(max, min + 3 * step);
    const inForce = async () => (await state()).devices[device].commands[id];
    const result = async () => (await texts(`${form} .result`)).join();
    const type = async (text) => {
        await page.$eval(`${form} input[type=number]`, (e) => e.select());
        await page.type(`${form} input[type=number]`, String(text));
    };

    await claim(`${called} is set to ${value}, the server has it`, async () => {
        await type(value);
        await page.waitForFunction((s, v) => document.querySelector(s).textContent.endsWith(` ${v}`), {}, `${form} [type=submit]`, value);
        await page.click(`${form} [type=submit]`);
        await until('the value', async () => {
            const c = await inForce();
            return c.value === value && c.lease > 0;
        });
    });

    await claim(`the page counts down to ${safe}`, async () => {
        const text = () => page.$eval(`${form} .countdown`, (e) => e.textContent).catch(() => '');
        const one = await until('a countdown', async () => (/\(safe value\) in \d+ s/.test(await text()) ? text() : ''));
        await until('a second less', async () => (await text()) !== one);
        return (await result()).startsWith('Done') ? '' : `result: ${await result()}`;
    });

    await claim('"Release now" gives it back', async () => {
        await page.click(`${form} .release`);
        await until('the safe value', async () => {
            const c = await inForce();
            return c.value === safe && c.lease === undefined;
        });
        await page.waitForSelector(`${form} .release`, { hidden: true });
        return (await result()).startsWith('Released') ? '' : `result: ${await result()}`;
    });

    await claim(`${called} beyond its range is refused, with the reason of the server`, async () => {
        const wrong = max + 4 * step;
        const answer = await page.evaluate(
            async (path, body) => {
                const r = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
                return { status: r.status, ...(await r.json()) };
            },
            `/api/devices/${device}/${id}`,
            JSON.stringify({ value: wrong }),
        );
        await type(wrong);
        await page.click(`${form} [type=submit]`);
        const said = await until('a refusal', async () => ((await result()).startsWith('Refused') ? result() : ''));
        if (answer.status !== 422 || (await inForce()).value !== safe) {
            return `status ${answer.status}, in force ${(await inForce()).value}`;
        }
        return said.includes(answer.reason) ? '' : `page: ${said}, server: ${answer.reason}`;
    });

    const focused = (selector) => page.evaluate((s) => document.activeElement === document.querySelector(s), selector);
    const tabTo = async (selector, key = 'Tab') => {
        for (let n = 0; n < 300; n++) {
            if (await focused(selector)) {
                return;
            }
            if (key === 'Shift') {
                await page.keyboard.down('Shift');
                await page.keyboard.press('Tab');
                await page.keyboard.up('Shift');
            } else {
                await page.keyboard.press(key);
            }
        }
        throw new Error(`no way to ${selector}`);
    };

    await claim('the command works with keys only, and the focus is visible', async () => {
        await type(min);
        await page.evaluate(() => document.activeElement.blur());
        await tabTo(`${form} input[type=range]`);
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowRight');
        const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
        await tabTo(`${form} [type=submit]`);
        await page.keyboard.press('Enter');
        await until('the value', async () => (await inForce()).value === min + 2 * step);
        await page.waitForSelector(`${form} .release`);
        await tabTo(`${form} .release`, 'Shift');
        await page.keyboard.press('Enter');
        await until('the safe value', async () => (await inForce()).lease === undefined);
        return outline === 'none' ? 'no outline' : '';
    });

    const box = names.find((n) => first.devices[n].type === 'openevse' && first.devices[n].control);
    if (!box) {
        throw new Error('no OpenEVSE may be controlled');
    }
    const tile = `[data-device="${box}"]`;
    const limit = `${tile} [data-command="charge.current"]`;
    const orders = (name) => `${tile} [data-call="${name}"]`;
    const boxNow = async () => (await state()).devices[box];
    const boxWord = async () => (await boxNow()).signals['evse.state']?.value;
    const said = async (selector) => (await texts(`${selector} .result`)).join();
    const buttons = `${tile} .calls`;
    /* calls of the page; each is held back for delay ms, or (Infinity) never gets there */
    const calls = [];
    let delay = 0;
    await page.setRequestInterception(true);
    const hold = async (r) => {
        if (new URL(r.url()).pathname.endsWith('/call')) {
            calls.push(r.postData());
            if (delay === Infinity) {
                await r.abort();
                return;
            }
            await new Promise((done) => setTimeout(done, delay));
        }
        await r.continue();
    };
    page.on('request', hold);
    await until('a wallbox that answers', async () => (await boxNow()).commands['charge.current'].shown !== undefined);

    await claim(`${box}: what is asked, what is in force, and why it is less are said`, async () => {
        const most = first.devices[box].commands['charge.current'].max;
        await page.$eval(`${limit} input[type=number]`, (e) => e.select());
        await page.type(`${limit} input[type=number]`, String(most));
        await page.click(`${limit} [type=submit]`);
        await until('less than asked, with a reason, on the page too', async () => {
            const { lease, shown, reason } = (await boxNow()).commands['charge.current'];
            const wanted = `asked ${most}\u202fA, in force ${shown}\u202fA: ${reason}`;
            return lease && shown < most && /limited/.test(reason) && (await texts(`${limit} .state`)).join().includes(wanted);
        });
        return (await said(limit)).startsWith(`Done: asked for ${most}`) ? '' : `result: ${await said(limit)}`;
    });

    await claim(`${box}: given back, its safe current is in force, and nobody asks for more`, async () => {
        const { safe: least } = first.devices[box].commands['charge.current'];
        await page.click(`${limit} .release`);
        await until('the safe current in the box', async () => {
            const { lease, asked, shown } = (await boxNow()).commands['charge.current'];
            return lease === undefined && asked === undefined && shown === least;
        });
        await until('the words', async () => (await texts(`${limit} .state`)).join().includes(`${least}\u202fA (safe value)`));
    });

    await claim(`${box}: a button is an order; while its answer is awaited it does nothing more`, async () => {
        const before = calls.length;
        delay = 1000;
        await page.click(orders('pause'));
        await until('busy', async () => (await said(buttons)).startsWith('Asking'));
        await page.click(orders('pause'));
        await page.click(orders('resume'));
        const dimmed = await page.$$eval(`${buttons} button`, (all) => all.every((e) => e.ariaDisabled === 'true'));
        await until('done', async () => (await said(buttons)) === 'Done: pause.');
        delay = 0;
        await until('a wallbox that sleeps', async () => (await boxWord()) === 'sleeping');
        await until('the word', async () => (await texts(`${tile} [data-signal="${box}/evse.state"]`)).join().includes('sleeping'));
        const asked = calls.slice(before).join();
        return asked !== '{"call":"pause","arguments":[]}' ? `asked: ${asked}` : dimmed ? '' : 'its buttons look as if they did something';
    });

    await claim(`${box}: a slow answer is waited for, and that is said`, async () => {
        delay = 4000;
        await page.click(orders('resume'));
        await until('patience', async () => (await said(buttons)).startsWith('Still asking'));
        await until('done', async () => (await said(buttons)) === 'Done: resume.');
        delay = 0;
        await until('a wallbox that is awake', async () => (await boxWord()) !== 'sleeping');
    });

    await claim(`${box}: an order that never arrives is not said to be done`, async () => {
        delay = Infinity;
        await page.click(orders('pause'));
        await until('words', async () => (await said(buttons)).startsWith('No answer from voltbus.'));
        delay = 0;
    });

    await claim(`${box}: an order with an argument, by keys; its button says what is sent, in whole steps, a long time as hours and minutes`, async () => {
        const form = orders('set_time_limit');
        await until('a car', async () => /^(connected|charging)$/.test(await boxWord()), 60_000);
        await page.click(`${tile} .more summary`);
        await page.evaluate(() => document.activeElement.blur());
        await tabTo(`${form} input`);
        await page.keyboard.type('7300');
        const button = (await texts(`${form} [type=submit]`)).join();
        await page.keyboard.press('Enter');
        const words = await until('done', async () => ((await said(form)).startsWith('Done') ? said(form) : ''));
        await until('the limit in the box', async () => (await boxNow()).signals['limit.time']?.value === 7200, 20_000);
        if (calls.at(-1) !== '{"call":"set_time_limit","arguments":[7200]}') {
            return `asked ${calls.at(-1)}`;
        }
        return button === 'Set time limit 2:00\u202fh' && words === 'Done: set time limit 2:00\u202fh.' ? '' : `${button}; ${words}`;
    });

    await claim(`${box}: an argument beyond its range is refused, with the reason of the server`, async () => {
        const form = orders('set_time_limit');
        const { max: most } = (await boxNow()).calls.find((c) => c.name === 'set_time_limit').arguments[0];
        const answer = await page.evaluate(
            async (path, body) => {
                const r = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
                return { status: r.status, ...(await r.json()) };
            },
            `/api/devices/${box}/call`,
            JSON.stringify({ call: 'set_time_limit', arguments: [most + 900] }),
        );
        await page.$eval(`${form} input`, (e) => e.select());
        await page.type(`${form} input`, String(most + 900));
        await page.click(`${form} [type=submit]`);
        const words = await until('a refusal', async () => ((await said(form)).startsWith('Refused') ? said(form) : ''));
        return answer.status === 422 && words === `Refused: ${answer.reason}` ? '' : `status ${answer.status} ${answer.reason}, page: ${words}`;
    });

    await claim(`${box}: nothing chosen is not sent as the first word`, async () => {
        const form = orders('set_lock');
        const chosen = await page.$eval(`${form} select`, (e) => e.value);
        await page.click(`${form} [type=submit]`);
        await until('a refusal', async () => (await said(form)).startsWith('Refused'));
        return chosen === '' && calls.at(-1) === '{"call":"set_lock","arguments":[""]}' ? '' : `'${chosen}', asked ${calls.at(-1)}`;
    });

    await claim(`${box}: text is shown as it is, and cannot be plotted`, async () => {
        await page.click(`${tile} .all summary`);
        const version = (await boxNow()).signals['firmware.version'].value;
        const cell = await page.waitForSelector(`${tile} td [data-signal="${box}/firmware.version"]`);
        const shown = await cell.evaluate((e) => [e.tagName, e.textContent]);
        await page.click(`${tile} .all summary`);
        await page.click(`${tile} .more summary`);
        return shown.join() === `DIV,${version}` ? '' : shown.join();
    });
    page.off('request', hold);
    page.on('request', (r) => new URL(r.url()).pathname.endsWith('/call') && calls.push(r.postData()));
    await page.setRequestInterception(false);

    await claim('every control has a name', async () => {
        const bare = await page.$$eval('button, input, select, summary', (all) =>
            all.filter((e) => !(e.ariaLabel || e.labels?.length || e.textContent.trim())).map((e) => e.outerHTML.slice(0, 80)));
        return bare.length ? bare.join(' ') : '';
    });

    await claim('a lost connection is said on every tile, nothing can be asked, and the page comes back by itself', async () => {
        const before = calls.length;
        const greyed = page.waitForFunction((n) => document.querySelectorAll('.tile.away').length === n, { polling: 20 }, names.length);
        await page.evaluate(() => window.sockets.at(-1).close());
        await greyed;
        const away = await page.evaluate((button) => {
            document.querySelector(button).click();
            return !!document.querySelector('.tile.away') && document.querySelector(button).ariaDisabled;
        }, orders('pause'));
        await page.waitForSelector('[data-phase=live]');
        await page.waitForSelector('.tile.away', { hidden: true });
        const count = await page.evaluate(() => window.sockets.length);
        if (away !== 'true' || calls.length !== before) {
            return `away: ${away}, ${calls.length - before} asked`;
        }
        return count === 2 ? '' : `${count} connections instead of 2`;
    });

    /* a plot worth seeing, and a pointer out of the way */
    await page.evaluate(() => document.activeElement.blur());
    const selected = await texts('.legend .name');
    await page.click('[data-span="3600"]');
    await page.waitForFunction(() => location.hash.includes('span=3600'));
    await page.click('[data-span="300"]');
    await page.waitForFunction(() => location.hash.includes('span=300'));

    await claim('signals and span outlive a reload', async () => {
        await page.reload();
        await page.waitForSelector('.legend .name');
        const now = await texts('.legend .name');
        return now.join() === selected.join() ? '' : `${now} instead of ${selected}`;
    });

    await claim('after a reload the plot shows what was before it', async () => {
        await settled();
        await until('a line older than the page', async () => {
            const { count, first: left } = await drawn();
            const alive = (await page.evaluate(() => performance.now() / 1000)) + 3;
            return count > 20 && (1 - left) * (await seconds()) > alive;
        });
    });

    await claim('light and dark differ and are kept as pictures', async () => {
        const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        await page.screenshot({ path: join(shots, 'dashboard-light.png') });
        const light = await background();
        await scheme('dark');
        await until('a dark page', async () => (await background()) !== light);
        await until('coloured pixels', async () => (await drawn()).count > 20);
        await page.screenshot({ path: join(shots, 'dashboard-dark.png') });
    });

    await claim('at 320 px nothing runs over the side, and buttons are high enough for a thumb', async () => {
        await scheme('light');
        await look(320, 720, 2);
        await until('a narrow page', () => page.evaluate(() => innerWidth === 320));
        await page.click('[data-device] summary');
        await page.evaluate(() => document.querySelectorAll('.more').forEach((e) => (e.open = true)));
        await settled();
        const { width, low } = await page.evaluate(() => ({
            width: document.documentElement.scrollWidth,
            low: [...document.querySelectorAll('.command button, .tools button, .command select')]
                .filter((e) => e.getBoundingClientRect().height < 40)
                .map((e) => e.textContent),
        }));
        await page.click('[data-device] summary');
        await page.evaluate(() => {
            document.querySelectorAll('.more').forEach((e) => (e.open = false));
            document.activeElement.blur();
            scrollTo(0, 0);
        });
        await page.screenshot({ path: join(shots, 'dashboard-phone.png') });
        return width > 320 ? `${width} px wide` : low.length ? `low: ${low}` : '';
    });

    await claim('the console has no error', () => complaints.join('; '));
    await claim('nothing was asked of another host', () => strangers.join(' '));
} catch (e) {
    console.log(`FAILED the test could not go on: ${e.message}`);
    failed = failed || 2;
} finally {
    await browser.close();
}
process.exit(failed ? 1 : 0);
