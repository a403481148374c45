/* chart.tsx - uPlot for Preact: curves with the band of their lowest and highest, a scale per unit.
 * Its own formats instead of uPlot's, which follow the browser's locale.
 * SPDX-License-Identifier: MIT */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { clock, day, decimalsOf, number, unitText } from './format';
import type { Points } from './series';

export interface Curve {
    key: string;
    slot: number; /* colour */
    unit: string;
    decimals: number;
    points: Points;
}

interface Props {
    curves: Curve[];
    from: number;
    to: number;
    label: string;
    onZoom: (from: number, to: number) => void;
    onBack: () => void;
    onCursor: (time: number | null) => void;
}

const FONT = '12px system-ui, sans-serif';
const dark = matchMedia('(prefers-color-scheme: dark)');

function colours(el: HTMLElement) {
    const style = getComputedStyle(el);
    const of = (name: string) => style.getPropertyValue(name).trim();
    return { line: of('--line'), text: of('--muted'), slot: (n: number) => of(`--s${n}`) };
}

/* A value holds until the next one: a line to it would show what never was. */
const paths = uPlot.paths.stepped!({ align: 1 });

/* Room above and below; a value that stands still lies in the middle. */
function range(_: uPlot, low: number | null, high: number | null): [number, number] {
    if (low === null || high === null) {
        return [0, 1];
    }
    const room = high > low ? (high - low) * 0.08 : Math.max(Math.abs(high) * 0.02, 0.5);
    return [low - room, high + room];
}

function valueTicks(unit: string) {
    return (_: uPlot, ticks: number[], _axis: number, _space: number, step: number) => {
        const decimals = decimalsOf(Number(step.toPrecision(6)));
        return ticks.map((v, i) => number(v, decimals) + (i === ticks.length - 1 ? unitText(unit) : ''));
    };
}

function timeTicks(_: uPlot, ticks: number[], _axis: number, _space: number, step: number) {
    let shown = '';
    return ticks.map((t) => {
        const date = day(t).slice(5);
        if (step >= 86400) {
            return date;
        }
        const time = step < 60 ? clock(t) : clock(t).slice(0, 5);
        const text = step >= 3600 && date !== shown ? `${time}\n${date}` : time;
        shown = date;
        return text;
    });
}

/* Whole seconds, minutes, hours, days, as a clock has them. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

function options(el: HTMLElement, curves: Curve[], width: number, height: number, on: Props): uPlot.Options {
    const { line, text, slot } = colours(el);
    const units = [...new Set(curves.map((c) => c.unit))];
    const most = width < 500 ? 2 : 4;
    const grid = { stroke: line, width: 1 };
    return {
        width,
        height,
        padding: [14, units.length > 1 ? 0 : 12, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, bind: { dblclick: () => null }, drag: { x: true, y: false, setScale: false, dist: 6 } },
        scales: Object.fromEntries([
            ['x', { time: true, auto: false }],
            ...units.map((u) => [`y${u}`, { range }] as const),
        ]),
        axes: [
            { font: FONT, stroke: text, grid, ticks: { ...grid, size: 4 }, incrs: STEPS, values: timeTicks, space: 64, size: 40 },
            ...units.map((unit, i): uPlot.Axis => {
                const own = curves.filter((c) => c.unit === unit);
                return {
                    scale: `y${unit}`,
                    side: i % 2 ? 1 : 3,
                    show: i < most,
                    font: FONT,
                    stroke: own.length === 1 ? slot(own[0]!.slot) : text,
                    grid: { ...grid, show: i === 0 },
                    ticks: { show: false },
                    gap: 8,
                    space: 36,
                    size: (_u, values) => 18 + 6.8 * Math.max(3, ...(values ?? []).map((v) => v.length)),
                    values: valueTicks(unit),
                };
            }),
        ],
        series: [
            {},
            ...curves.flatMap((c): uPlot.Series[] => {
                const scale = `y${c.unit}`;
                const stroke = slot(c.slot);
                const dash = c.slot >= 4 ? [7, 4] : undefined;
                return [
                    { scale, paths, stroke, dash, width: 1.75, spanGaps: false, points: { show: lonely, size: 4, fill: stroke } },
                    { scale, paths, points: { show: false } },
                    { scale, paths, points: { show: false } },
                ];
            }),
        ],
        bands: curves.map((c, i) => ({ series: [3 * i + 3, 3 * i + 2], fill: `${slot(c.slot)}2b` })),
        hooks: {
            setSelect: [
                (u) => {
                    if (u.select.width > 0) {
                        on.onZoom(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
                        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
                    }
                },
            ],
            setCursor: [(u) => on.onCursor(u.cursor.left !== undefined && u.cursor.left! >= 0 ? u.posToVal(u.cursor.left!, 'x') : null)],
        },
    };
}

/* Points are marked where they stand far apart: rain is heard every minute, a current ten times a second. */
function lonely(u: uPlot, _series: number, first: number, last: number): boolean {
    return u.bbox.width / devicePixelRatio / Math.max(1, last - first) > 24;
}

/* All curves on the union of their times: undefined where a curve has no point, null where it has a gap. */
function aligned(curves: Curve[]): uPlot.AlignedData {
    if (curves.length === 0) {
        return [[]];
    }
    return uPlot.join(curves.map((c) => [c.points.t, c.points.mean, c.points.low, c.points.high] as uPlot.AlignedData));
}

export function Chart(props: Props) {
    const { curves, from, to, label } = props;
    const box = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot | null>(null);
    const latest = useRef(props);
    latest.current = props;
    const shape = curves.map((c) => `${c.slot}${c.key} ${c.unit}`).join();

    useEffect(() => {
        const el = box.current!;
        const make = () => {
            plot.current?.destroy();
            const { curves: c, from: a, to: b } = latest.current;
            const on: Props = {
                ...latest.current,
                onZoom: (x, y) => latest.current.onZoom(x, y),
                onCursor: (t) => latest.current.onCursor(t),
            };
            const u = new uPlot(options(el, c, el.clientWidth, el.clientHeight, on), [[]], el);
            u.over.addEventListener('dblclick', () => latest.current.onBack());
            plot.current = u;
            u.setData(aligned(c), false);
            u.setScale('x', { min: a, max: b });
        };
        make();
        const resized = new ResizeObserver(() => {
            const u = plot.current;
            if (u && (u.width !== el.clientWidth || u.height !== el.clientHeight)) {
                u.setSize({ width: el.clientWidth, height: el.clientHeight });
            }
        });
        resized.observe(el);
        dark.addEventListener('change', make);
        return () => {
            resized.disconnect();
            dark.removeEventListener('change', make);
            plot.current?.destroy();
            plot.current = null;
            latest.current.onCursor(null);
        };
    }, [shape]);

    useEffect(() => {
        const u = plot.current;
        if (u) {
            u.setData(aligned(curves), false);
            u.setScale('x', { min: from, max: to });
        }
    });

    return <div class="chart" ref={box} role="img" aria-label={label} data-seconds={(to - from).toFixed(1)} />;
}
