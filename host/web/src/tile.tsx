/* tile.tsx - one device: is it well, its main values large, all values on request, its commands.
 * SPDX-License-Identifier: MIT */
import { useState } from 'preact/hooks';
import { Calls } from './calls';
import { CommandForm } from './command';
import { elapsed, exact, label, reading, short } from './format';
import { canPlot, grouped, headlineOf, LAST_NUMBER, oldest, type DeviceView, type SignalView } from './store';
import { text } from './text';

interface Plotting {
    keys: string[];
    toggle: (key: string) => void;
}

/* A value that can be plotted is a button, another one is text. */
function Value({ id, signal, plot, children, class: name = '' }: {
    id: string;
    signal: SignalView;
    plot: Plotting;
    children: preact.ComponentChildren;
    class?: string;
}) {
    if (!canPlot(signal)) {
        return (
            <div class={`value ${name}`} data-signal={id} title={signal.title}>
                {children}
            </div>
        );
    }
    const slot = plot.keys.indexOf(id);
    const hint = slot < 0 ? text.addToPlot : text.removeFromPlot;
    return (
        <button
            type="button"
            class={`value ${name} ${slot < 0 ? '' : `plotted s${slot}`}`}
            data-signal={id}
            aria-pressed={slot >= 0}
            title={`${signal.title}: ${hint}`}
            onClick={() => plot.toggle(id)}
        >
            {children}
        </button>
    );
}

function Marks({ signal }: { signal: SignalView }) {
    return (
        <>
            {signal.guess && (
                <abbr class="guess" title={text.guess}>
                    ?<span class="hidden"> {text.guess}</span>
                </abbr>
            )}
            {signal.out_of_range && <span class="mark">! {text.outOfRange}</span>}
        </>
    );
}

const SHORT_WORD = 10; /* characters; longer ones need the room of two numbers */

/* By all words that it may be, so that nothing moves when it changes. */
const isLong = ({ value, words = [] }: SignalView) =>
    typeof value === 'string' && [value, ...words].some((w) => w.length > SHORT_WORD);

function Headline({ device, name, plot }: { device: DeviceView; name: string; plot: Plotting }) {
    return (
        <div class="headline">
            {headlineOf(device).map((id) => {
                const signal = device.signals[id];
                const title = label(id, name);
                const [value, unit] = signal ? reading(signal, short) : [];
                return signal ? (
                    <Value key={id} id={`${name}/${id}`} signal={signal} plot={plot} class={isLong(signal) ? 'big long' : 'big'}>
                        <span class="label">
                            {title} <Marks signal={signal} />
                        </span>
                        <span class="number">
                            {value}
                            <small>{unit}</small>
                        </span>
                    </Value>
                ) : (
                    <div key={id} class="value big none">
                        <span class="label">{title}</span>
                        <span class="number" title={text.nothingYet}>
                            {text.none}
                        </span>
                    </div>
                );
            })}
        </div>
    );
}

/* Breaks only where a name has parts. */
const broken = (id: string) => id.match(/[^._]*[._]?/g)!.flatMap((part) => [part, <wbr />]);

const numberIn = (id: string) => LAST_NUMBER.exec(id)?.[0] ?? '';
const byValue = ([, a]: [string, SignalView], [, b]: [string, SignalView]) => Number(a.value) - Number(b.value);

interface Row {
    name: string;
    signals: [string, SignalView][];
    now: number;
    plot: Plotting;
}

function Single({ name, signals, now, plot }: Row) {
    const [id, s] = signals[0]!;
    return (
        <tr class={s.unknown ? 'unknown' : ''}>
            <th scope="row">
                {broken(id)} <Marks signal={s} />
                {s.title && <small>{s.title}</small>}
            </th>
            <td>
                <Value id={`${name}/${id}`} signal={s} plot={plot}>
                    {reading(s, exact)}
                </Value>
                <small>{text.ago(elapsed(now - s.t))}</small>
            </td>
        </tr>
    );
}

/* Many values of one kind in a few rows, the lowest and the highest named. */
function Group({ name, signals, now, plot }: Row) {
    const [first, signal] = signals[0]!;
    const low = signals.reduce((a, b) => (byValue(b, a) < 0 ? b : a));
    const high = signals.reduce((a, b) => (byValue(b, a) > 0 ? b : a));
    const last = numberIn(signals[signals.length - 1]![0]);
    const decimals = Math.max(...signals.map(([, s]) => s.decimals));
    const say = (s: SignalView) => reading({ ...s, decimals }, exact).join('');
    return (
        <tr class={signal.unknown ? 'unknown' : ''}>
            <th scope="row" colSpan={2}>
                {broken(first.replace(LAST_NUMBER, `$&…${last}`))} <Marks signal={{ ...signal, out_of_range: false }} />
                <small>
                    {canPlot(signal) && `${text.extremes(say(low[1]), numberIn(low[0]), say(high[1]), numberIn(high[0]))}, `}
                    {text.oldest(elapsed(now - oldest(signals)))}
                </small>
                <div class="group-values">
                    {signals.map(([id, s]) => (
                        <Value key={id} id={`${name}/${id}`} signal={s} plot={plot}>
                            <small>{numberIn(id)}</small> {exact({ ...s, decimals })}
                            {s.out_of_range && '!'}
                        </Value>
                    ))}
                </div>
            </th>
        </tr>
    );
}

function AllValues({ device, name, now, plot }: { device: DeviceView; name: string; now: number; plot: Plotting }) {
    const [open, setOpen] = useState(false);
    const [unknown, setUnknown] = useState(false);
    const signals = Object.entries(device.signals);
    const hidden = signals.filter(([, s]) => s.unknown).length;
    return (
        <details class="all" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
            <summary>{text.allValues(signals.length - hidden, hidden)}</summary>
            {open && (
                <div class="scroll" role="region" tabIndex={0} aria-label={text.allValuesOf(name)}>
                    <table>
                        <thead class="hidden">
                            <tr>
                                <th scope="col">{text.signal}</th>
                                <th scope="col">
                                    {text.value}, {text.age}
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {grouped(signals.filter(([, s]) => unknown || !s.unknown)).map((group) => {
                                const Row = group.length > 1 ? Group : Single;
                                return <Row key={group[0]![0]} name={name} signals={group} now={now} plot={plot} />;
                            })}
                        </tbody>
                    </table>
                    {hidden > 0 && (
                        <label class="check">
                            <input type="checkbox" checked={unknown} onChange={(e) => setUnknown(e.currentTarget.checked)} />
                            {text.showUnknown(hidden)}
                        </label>
                    )}
                </div>
            )}
        </details>
    );
}

/* What acts beside the device, what it does, and why it does not go on. */
function Machine({ name, state, reason }: NonNullable<DeviceView['machine']>) {
    return (
        <div class="machine" aria-live="polite">
            <p>
                <span class="muted">{name}</span> <b>{state}</b>
            </p>
            {reason && <p class={`reason ${reason.includes(text.danger) ? 'danger' : ''}`}>{reason}</p>}
        </div>
    );
}

export function Tile({ name, device, linked, now, away, keys, toggle }: {
    name: string;
    device: DeviceView;
    linked: boolean; /* its link is open: else no command can be given */
    now: number;
    away: boolean;
    keys: string[];
    toggle: (key: string) => void;
}) {
    const { health } = device;
    const plot = { keys, toggle };
    const why = health === 'ok' ? '' : device.reason || text.healthWhy[health] || health;
    const commands = device.control ? Object.entries(device.commands) : [];
    return (
        <article class={`tile ${away ? 'away' : health}`} data-device={name} aria-label={name}>
            <header>
                <h2>{name}</h2>
                <span class="health">
                    <i class="dot" aria-hidden="true" />
                    <span aria-live={away ? 'off' : 'polite'}>{away ? text.lastKnown : (text.health[health] ?? health)}</span>
                    {device.heard !== undefined && <span class="age">{text.ago(elapsed(now - device.heard))}</span>}
                </span>
                <p class="muted" title={device.title}>
                    <span class="type">{device.type}</span> {device.title}
                </p>
            </header>
            {why && <p class="reason">{why}</p>}
            {device.machine && <Machine {...device.machine} />}
            {headlineOf(device).length > 0 && <Headline device={device} name={name} plot={plot} />}
            {device.control && commands.length + (device.calls?.length ?? 0) > 0 && (
                <div class="commands" role="group" aria-label={text.controlOf(name)}>
                    {commands.map(([id, command]) => (
                        <CommandForm key={id} device={name} id={id} command={command} now={now} silent={health === 'silent'} away={away || !linked} />
                    ))}
                    <Calls name={name} device={device} away={away || !linked} />
                </div>
            )}
            <AllValues device={device} name={name} now={now} plot={plot} />
        </article>
    );
}
