/* plot.tsx - the plot: any numbers on one time axis, a scale per unit, history and what comes live.
 * SPDX-License-Identifier: MIT */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, getHistory, type History } from './api';
import { Chart, type Curve } from './chart';
import { clock, day, duration, exact, number, unitText } from './format';
import { SPANS } from './hash';
import { Picker } from './picker';
import { assemble, csv, valueAt, type Points, type Recorder } from './series';
import { isCurrent, signalOf, type Model } from './store';
import { text } from './text';

/* What stands still: a zoomed stretch, or the moment of a pause. */
interface Fixed {
    from: number;
    to: number;
    paused: boolean;
}

const ROWS = 24; /* of the table */
const SHORTEST = 2; /* seconds */
const YOUNGEST = 30; /* seconds */

/* How often a sliding plot asks for the history again: the live points lie over it meanwhile. */
const again = (span: number) => Math.min(600, Math.max(60, span / 100)) * 1000;

export function Plot({ model, keys, span, now, note, snapshots, recorder, toggle, setSpan }: {
    model: Model;
    keys: string[];
    span: number;
    now: number;
    note: string;
    snapshots: number;
    recorder: Recorder;
    toggle: (key: string) => void;
    setSpan: (span: number) => void;
}) {
    const [fixed, setFixed] = useState<Fixed | null>(null);
    const [stored, setStored] = useState(new Map<string, History>());
    const [storedFor, setStoredFor] = useState(''); /* the window that the history was asked for */
    const [problem, setProblem] = useState('');
    const [loading, setLoading] = useState(false);
    const [round, setRound] = useState(0);
    const [cursor, setCursor] = useState<number | null>(null);
    const [choosing, setChoosing] = useState(false);
    const box = useRef<HTMLElement>(null);
    const clockNow = useRef(now);
    clockNow.current = now;

    const shown = keys.filter((k) => k !== '');
    const to = fixed?.to ?? now;
    const start = fixed?.from ?? now - span;

    useEffect(() => {
        const timer = setInterval(() => setRound((n) => n + 1), again(span));
        return () => clearInterval(timer);
    }, [span]);

    /* A pause shows what is there already; all else asks the server. */
    const window_ = fixed && !fixed.paused ? `${fixed.from} ${fixed.to}` : fixed ? 'paused' : String(span);
    useEffect(() => {
        if (fixed?.paused) {
            return;
        }
        const abort = new AbortController();
        const end = fixed?.to ?? clockNow.current;
        const begin = fixed?.from ?? end - span;
        const points = Math.min(1500, Math.max(200, box.current?.clientWidth ?? 500));
        setLoading(true);
        const load = shown.map(async (key): Promise<[string, History] | string> => {
            try {
                return [key, await getHistory(key, begin, end, points, abort.signal)];
            } catch (e) {
                const code = e instanceof ApiError ? e.code : '';
                return code === 'no-history' ? text.noHistory
                    : code === 'no-signal' || !code ? ''
                    : text.historyFailed((e as ApiError).reason || text.unreachable);
            }
        });
        void Promise.all(load).then((results) => {
            if (!abort.signal.aborted) {
                setStored(new Map(results.filter((r): r is [string, History] => typeof r !== 'string')));
                setStoredFor(window_);
                setProblem(results.find((r): r is string => typeof r === 'string' && r !== '') ?? '');
                setLoading(false);
            }
        });
        return () => abort.abort();
    }, [window_, shown.join(), snapshots, fixed ? 0 : round]);

    const curves = keys.flatMap((key, slot): Curve[] => {
        if (!key) {
            return [];
        }
        const signal = signalOf(model, key);
        const unit = signal?.unit ?? stored.get(key)?.unit ?? '';
        return [{ key, slot, unit, decimals: signal?.decimals ?? 0, points: assemble(stored.get(key), recorder.of(key), start, to) }];
    });

    /* A plot that has just begun fills its width with what there is, and says so. */
    const oldest = Math.min(...curves.map((c) => c.points.t[0] ?? Infinity));
    const young = !fixed && storedFor === window_ && oldest < Infinity && oldest > start + span * 0.05;
    const from = young ? Math.min(oldest, to - YOUNGEST) : start;

    const zoom = (a: number, b: number) => {
        const last = Math.min(b, clockNow.current);
        setFixed({ from: Math.min(a, last - SHORTEST), to: last, paused: false });
    };
    const scale = (factor: number) => {
        const width = Math.max(SHORTEST, (to - from) * factor);
        if (width >= span && !fixed) {
            return;
        }
        /* live plots keep their right end, others their middle */
        const end = fixed ? Math.min(now, (from + to) / 2 + width / 2) : to;
        zoom(end - width, end);
    };
    const move = (part: number) => {
        const end = Math.min(now, to + (to - from) * part);
        zoom(end - (to - from), end);
    };

    const save = () => {
        const body = csv(curves.map((c) => ({ name: c.key, unit: c.unit, points: clip(c.points, from, to) })));
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob([body], { type: 'text/csv' }));
        link.download = `${model.site || text.app}-${day(to)}-${clock(to).replace(/:/g, '')}.csv`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    };

    return (
        <section class="plot" ref={box} aria-label={text.plot} data-loading={loading}>
            <div class="tools">
                <div class="group" role="group" aria-label={text.spanLabel}>
                    {SPANS.map((s) => (
                        <button
                            key={s}
                            type="button"
                            data-span={s}
                            aria-pressed={s === span && !(fixed && !fixed.paused)}
                            onClick={() => (setFixed(null), setSpan(s))}
                        >
                            {text.spans[s]}
                        </button>
                    ))}
                </div>
                <div class="group">
                    <Tool name={text.earlier} sign="‹" act={() => move(-0.5)} />
                    <Tool name={text.zoomOut} sign="−" act={() => scale(2)} />
                    <Tool name={text.zoomIn} sign="+" act={() => scale(0.5)} />
                    <Tool name={text.later} sign="›" act={() => move(0.5)} />
                </div>
                <button
                    type="button"
                    class={`pause ${fixed ? 'primary' : ''}`}
                    title={fixed ? text.resumeHint : ''}
                    onClick={() => setFixed(fixed ? null : { from, to, paused: true })}
                >
                    {fixed ? text.resume : text.pause}
                </button>
                <span class="spacer" />
                <button type="button" aria-expanded={choosing} class="choose" onClick={() => setChoosing(!choosing)}>
                    {text.choose}
                </button>
                <button type="button" title={text.csvHint} disabled={curves.length === 0} onClick={save}>
                    {text.csv}
                </button>
            </div>
            {choosing && <Picker model={model} keys={keys} toggle={toggle} />}
            {curves.length === 0 ? (
                <p class="empty">{text.plotEmpty}</p>
            ) : (
                <Chart curves={curves} from={from} to={to} onZoom={zoom} onBack={() => setFixed(null)} onCursor={setCursor}
                    label={text.plotOf(shown.join(', '))} />
            )}
            <Legend model={model} curves={curves} cursor={cursor} toggle={toggle} />
            <p class="note">
                <span aria-live="polite">
                    {[note, problem, young && !problem ? text.begins(clock(oldest)) : '', fixed ? (fixed.paused ? text.paused : text.zoomed) : ''].filter(Boolean).join(' ')}
                </span>
                {cursor !== null && <span class="at">{`${day(cursor)} ${clock(cursor, true)}`}</span>}
            </p>
            {curves.length > 0 && <Table curves={curves} from={from} to={to} />}
        </section>
    );
}

function Tool({ name, sign, act }: { name: string; sign: string; act: () => void }) {
    return (
        <button type="button" class="tool" aria-label={name} title={name} onClick={act}>
            {sign}
        </button>
    );
}

/* The point before the left edge is for drawing only. */
function clip(p: Points, from: number, to: number): Points {
    const keep = <T,>(a: T[]) => a.filter((_, i) => p.t[i]! >= from && p.t[i]! <= to);
    return { t: keep(p.t), mean: keep(p.mean), low: keep(p.low), high: keep(p.high) };
}

/* The names with the live values, or those under the cursor. */
function Legend({ model, curves, cursor, toggle }: {
    model: Model;
    curves: Curve[];
    cursor: number | null;
    toggle: (key: string) => void;
}) {
    return (
        <div class="legend">
            <ul>
                {curves.map(({ key, slot, unit, decimals, points }) => {
                    const signal = signalOf(model, key);
                    const at = cursor === null ? undefined : valueAt(points, cursor);
                    return (
                        <li key={key} class={`s${slot}`} data-curve={key}>
                            <i class={`swatch d${slot >> 2}`} aria-hidden="true" />
                            <span class="name" title={signal?.title}>
                                {key}
                            </span>
                            <b>
                                {cursor === null
                                    ? signal && isCurrent(model, key)
                                        ? exact(signal)
                                        : text.none
                                    : at === undefined
                                      ? text.none
                                      : number(at, decimals)}
                                {unitText(unit)}
                            </b>
                            <button type="button" class="tool" aria-label={text.remove(key)} onClick={() => toggle(key)}>
                                ×
                            </button>
                        </li>
                    );
                })}
            </ul>
        </div>
    );
}

function Table({ curves, from, to }: { curves: Curve[]; from: number; to: number }) {
    const [open, setOpen] = useState(false);
    const step = (to - from) / ROWS;
    /* rows stand on whole steps, so that they do not run under the reader's eyes */
    const end = Math.floor(to / step) * step;
    const rows = useMemo(
        () =>
            open
                ? Array.from({ length: ROWS }, (_, i) => end - i * step).map((t) => ({
                      t,
                      values: curves.map((c) => valueAt(c.points, t)),
                  }))
                : [],
        [open, Math.round(end * 10), step, curves.map((c) => c.key + c.points.t.length).join()],
    );
    return (
        <details class="all" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
            <summary>{text.table}</summary>
            {open && (
                <div class="scroll" role="region" tabIndex={0} aria-label={text.table}>
                    <table class="data">
                        <caption>{text.tableCaption(duration(step))}</caption>
                        <thead>
                            <tr>
                                <th scope="col">{text.time}</th>
                                {curves.map((c) => (
                                    <th scope="col" key={c.key}>
                                        {c.key}
                                        {c.unit && <small>{c.unit}</small>}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {rows.map(({ t, values }) => (
                                <tr key={t}>
                                    <th scope="row">
                                        {to - from > 86000 && `${day(t).slice(5)} `}
                                        {clock(t)}
                                    </th>
                                    {values.map((v, i) => (
                                        <td key={i}>{v === undefined ? text.none : number(v, curves[i]!.decimals)}</td>
                                    ))}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
        </details>
    );
}
