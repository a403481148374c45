/* app.tsx - the page: header, links, a tile per device, the plot.
 * SPDX-License-Identifier: MIT */
import { render } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import './app.css';
import { elapsed, duration, number } from './format';
import { makeHash, MOST, parseHash, toggled, type Choice } from './hash';
import { Live } from './live';
import { Plot } from './plot';
import { Recorder } from './series';
import { anyControl, DEFAULT_MOST, defaultPlot, headlineOf, plotEnd, type DeviceView, type Model } from './store';
import { text } from './text';
import { Tile } from './tile';

const DRAW_MS = 200; /* values change ten times a second; the eye has enough with five */
const TICK_MS = 500; /* ages go on while nothing arrives */

/* The connection outlives every drawing, so it stands outside. */
const recorder = new Recorder();
let plotted: string[] = [];
let draw = () => {};
let fresh = () => {};
const live = new Live(
    () => draw(),
    (model, begun) => {
        recorder.observe(model, plotted);
        if (begun) {
            fresh();
        }
    },
    () => recorder.breakAll(),
);

function useLive(): number {
    const [, redraw] = useState(0);
    const [snapshots, setSnapshots] = useState(0);
    useEffect(() => {
        let timer = 0;
        let phase = '';
        const now = () => {
            clearTimeout(timer);
            timer = 0;
            phase = live.phase;
            redraw((n) => n + 1);
        };
        draw = () => {
            if (phase !== live.phase) {
                now();
            } else if (!timer && !document.hidden) {
                timer = window.setTimeout(now, DRAW_MS);
            }
        };
        fresh = () => setSnapshots((n) => n + 1);
        const tick = setInterval(() => draw(), TICK_MS);
        now();
        return () => clearInterval(tick);
    }, []);
    return snapshots;
}

function useChoice(model: Model | null) {
    const [choice, setChoice] = useState<Choice>(() => parseHash(location.hash));
    useEffect(() => {
        const follow = () => setChoice(parseHash(location.hash));
        addEventListener('hashchange', follow);
        return () => removeEventListener('hashchange', follow);
    }, []);
    /* just after a start not all is heard yet: the first choice grows until it is full */
    const first = useRef<string[]>([]);
    if (model && !choice.keys && first.current.length < DEFAULT_MOST) {
        first.current = defaultPlot(model);
    }
    const keys = choice.keys ?? first.current;
    const change = (part: Partial<Choice>) => {
        const next = { ...latest.current, ...part };
        latest.current = next;
        history.replaceState(null, '', makeHash(next));
        setChoice(next);
    };
    const latest = useRef<Choice>(choice);
    latest.current = { span: choice.span, keys };
    return { span: choice.span, keys, change, latest };
}

function Header({ model, now }: { model: Model | null; now: number }) {
    const away = live.phase !== 'live';
    const word = live.phase === 'live' ? text.live : model ? text.reconnecting : text.connecting;
    const wait = (live.retryAt - performance.now()) / 1000;
    const control = model && anyControl(model);
    return (
        <header class="top">
            <h1>
                {model?.site && <span class="site">{model.site}</span>}
                <span class={model?.site ? 'brand' : 'site'}>{text.app}</span>
            </h1>
            <div class="badges">
                {model?.demo && (
                    <span class="badge demo" title={text.demoHint}>
                        {text.demo}
                    </span>
                )}
                {model && (
                    <span
                        class={`badge ${control ? 'control' : ''}`}
                        title={control ? text.controlHint : text.readOnlyHint}
                    >
                        {control ? text.control : text.readOnly}
                    </span>
                )}
                <span class={`connection ${live.phase}`} data-phase={live.phase}>
                    <i class="dot" aria-hidden="true" />
                    <span aria-live="polite">{word}</span>
                    {away && live.phase === 'waiting' && (
                        <span class="muted" aria-hidden="true">
                            {text.nextTry(duration(wait))}
                        </span>
                    )}
                </span>
            </div>
            {away && model && (
                <p class="lost">
                    <span>{text.lost(elapsed(now))}</span>
                    <button type="button" onClick={() => live.now()}>
                        {text.retryNow}
                    </button>
                </p>
            )}
        </header>
    );
}

function Links({ model, away }: { model: Model; away: boolean }) {
    const links = Object.entries(model.links);
    if (links.length === 0) {
        return null;
    }
    return (
        <ul class={`links ${away ? 'away' : ''}`} aria-label={text.links}>
            {links.map(([name, link]) => (
                <li key={name} data-link={name} class={`link ${link.state}`} title={link.link}>
                    <i class="dot" aria-hidden="true" />
                    <b>{name}</b>
                    <span>
                        {text.linkState[link.state] ?? link.state}
                        {link.leader && `, ${text.leader[link.leader] ?? link.leader}`}
                    </span>
                    <span class="muted">
                        {text.frames(number(link.frames, 0))}
                        {link.bad > 0 && `, ${text.bad(number(link.bad, 0))}`}
                    </span>
                    {link.reason && <span class="why">{link.reason}</span>}
                </li>
            ))}
        </ul>
    );
}

const COLUMN = 290; /* px, at least */
const GAP = 14;

/* About how tall a tile is, from what it always shows: so tiles stay where they are while values come and go. */
function height(device: DeviceView): number {
    const commands = device.control ? Object.keys(device.commands).length : 0;
    const calls = device.control && device.calls?.length ? 90 : 0;
    return 105 + 50 * Math.ceil(headlineOf(device).length / 2) + 165 * commands + calls;
}

/* Tiles side by side in columns, each in the shortest so far. */
function Tiles({ model, ...rest }: { model: Model; now: number; away: boolean; keys: string[]; toggle: (key: string) => void }) {
    const box = useRef<HTMLElement>(null);
    const [count, setCount] = useState(1);
    useLayoutEffect(() => {
        const fit = () => setCount(Math.max(1, Math.floor((box.current!.clientWidth + GAP) / (COLUMN + GAP))));
        const resized = new ResizeObserver(fit);
        resized.observe(box.current!);
        fit();
        return () => resized.disconnect();
    }, []);
    const columns = Array.from({ length: count }, () => ({ height: 0, tiles: [] as [string, DeviceView][] }));
    for (const entry of Object.entries(model.devices)) {
        const shortest = columns.reduce((a, b) => (b.height < a.height ? b : a));
        shortest.height += height(entry[1]) + GAP;
        shortest.tiles.push(entry);
    }
    return (
        <section id="devices" ref={box} class="tiles" aria-label={text.devices} tabIndex={-1}>
            {Object.keys(model.devices).length === 0 && <p class="empty">{text.noDevices}</p>}
            {columns.map((column, i) => (
                <div class="column" key={i}>
                    {column.tiles.map(([name, device]) => (
                        <Tile key={name} name={name} device={device} linked={model.links[device.link]?.state === 'open'} {...rest} />
                    ))}
                </div>
            ))}
        </section>
    );
}

/* One screen, but a phone shows either the values or the plot: a button to the other. */
function Jump() {
    const [atPlot, setAtPlot] = useState(false);
    useEffect(() => {
        const seen = new IntersectionObserver(([e]) => setAtPlot(!!e?.isIntersecting), { rootMargin: '-30% 0px 0px' });
        seen.observe(document.querySelector('.plot')!);
        return () => seen.disconnect();
    }, []);
    const go = () => document.querySelector(atPlot ? '#devices' : '.plot')?.scrollIntoView();
    return (
        <button type="button" class="jump" onClick={go}>
            {atPlot ? `↑ ${text.devices}` : `↓ ${text.plot}`}
        </button>
    );
}

function App() {
    const snapshots = useLive();
    const { model } = live;
    const { span, keys, change, latest } = useChoice(model);
    const [note, setNote] = useState('');
    plotted = keys;
    recorder.keep(keys);

    const toggle = (key: string) => {
        const next = toggled(latest.current.keys ?? [], key);
        setNote(next ? '' : text.full(MOST));
        if (next) {
            change({ keys: next });
        }
    };
    useEffect(() => {
        document.title = model?.site ? `${model.site} · ${text.app}` : text.app;
    }, [model?.site]);

    const away = live.phase !== 'live';
    const now = live.time();
    return (
        <>
            <a class="skip" href="#devices" onClick={(e) => (e.preventDefault(), document.getElementById('devices')?.focus())}>
                {text.skip}
            </a>
            <Header model={model} now={(performance.now() - live.lostAt) / 1000} />
            {!model && <p class="empty">{text.waitingForServer}</p>}
            {model && <Links model={model} away={away} />}
            {model && (
                <main>
                    <Tiles model={model} now={now} away={away} keys={keys} toggle={toggle} />
                    <Plot
                        model={model}
                        keys={keys}
                        span={span}
                        now={plotEnd(model, keys, now)}
                        note={note}
                        snapshots={snapshots}
                        recorder={recorder}
                        toggle={toggle}
                        setSpan={(s) => change({ span: s })}
                    />
                    <Jump />
                </main>
            )}
            {live.missed > 0 && <footer class="muted">{text.missed(live.missed)}</footer>}
        </>
    );
}

render(<App />, document.getElementById('app')!);
