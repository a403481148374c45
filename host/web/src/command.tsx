/* command.tsx - one command of a device: what is in force and until when, and a form to set or release it.
 * The server decides what is allowed; its refusal is shown in its words.
 * SPDX-License-Identifier: MIT */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, postCommand, type Value } from './api';
import { decimalsOf, duration, label, number, unitText } from './format';
import type { CommandView } from './store';
import { text } from './text';

interface Result {
    state: 'busy' | 'done' | 'refused';
    words: string;
}

export function CommandForm({ device, id, command, now, away }: {
    device: string;
    id: string;
    command: CommandView;
    now: number;
    away: boolean;
}) {
    const [draft, setDraft] = useState<string | null>(null);
    const [lease, setLease] = useState(text.leases[0]![0]);
    const [result, setResult] = useState<Result | null>(null);
    const { min, max, step = 1, words, unit } = command;
    const decimals = decimalsOf(step);
    const plain = (v: number) => number(v, decimalsOf(v));
    const say = (v: Value) => (typeof v === 'number' ? number(v, Math.max(decimals, decimalsOf(v))) : v) + unitText(unit);
    const typed = draft ?? String(command.value);
    const wanted: Value = words || typed.trim() === '' || Number.isNaN(Number(typed)) ? typed : Number(typed);
    const name = label(id, device);
    const input = `set-${device}-${id}`;
    const held = command.until !== undefined && command.until > now;
    const busy = result?.state === 'busy';
    const form = useRef<HTMLFormElement>(null);
    const inRelease = useRef(false);

    /* "Release now" goes away with the lease; who stood on it goes on from the value */
    useEffect(() => {
        if (!held && inRelease.current) {
            form.current?.querySelector<HTMLElement>(`#${CSS.escape(input)}`)?.focus();
            inRelease.current = false;
        }
    }, [held]);

    const ask = async (body: Parameters<typeof postCommand>[2]) => {
        if (busy || away) {
            return;
        }
        setResult({ state: 'busy', words: text.asking });
        try {
            const got = await postCommand(device, id, body);
            const words =
                'release' in body
                    ? text.released(say(command.safe))
                    : text.done(say(got.value), duration(got.lease ?? body.lease));
            setResult({ state: 'done', words });
        } catch (e) {
            const known = e instanceof ApiError && e.code !== 'unreachable';
            setResult({ state: 'refused', words: known ? text.refused(e.reason || e.code) : text.unreachable });
        }
    };

    const hold = (
        <label class="hold">
            <span aria-hidden="true">{text.hold}</span>
            <select
                aria-label={text.holdLabel(`${device} ${name}`)}
                value={lease}
                onChange={(e) => setLease(Number(e.currentTarget.value))}
            >
                {text.leases.map(([seconds, words]) => (
                    <option key={seconds} value={seconds}>
                        {words}
                    </option>
                ))}
            </select>
        </label>
    );

    return (
        <form
            ref={form}
            class="command"
            data-command={id}
            noValidate
            onSubmit={(e) => {
                e.preventDefault();
                void ask({ value: wanted, lease });
            }}
        >
            <div class="row">
                <label for={input} title={command.title}>
                    {name}
                </label>
                <output class="state" for={input} data-held={held}>
                    <span aria-live="polite">{held ? text.inForce(say(command.value)) : text.atSafe(say(command.safe))}</span>
                    {held && command.by && command.by !== 'page' && <span>{text.heldBy(command.by)}</span>}
                </output>
            </div>
            {held && (
                <div class="row lease">
                    <span class="countdown">{text.backTo(say(command.safe), duration(command.until! - now))}</span>
                    <button
                        type="button"
                        class="release"
                        aria-disabled={busy || away}
                        aria-label={text.releaseLabel(device, name)}
                        onFocus={() => (inRelease.current = true)}
                        onBlur={(e) => (inRelease.current = !e.currentTarget.isConnected)}
                        onClick={() => void ask({ release: true })}
                    >
                        {text.release}
                    </button>
                </div>
            )}
            <div class="row">
                {words ? (
                    <>
                        <select id={input} class="words" value={typed} onChange={(e) => setDraft(e.currentTarget.value)}>
                            {words.map((w) => (
                                <option key={w}>{w}</option>
                            ))}
                        </select>
                        {hold}
                    </>
                ) : (
                    <>
                        {min !== undefined && max !== undefined && (
                            <input
                                type="range"
                                {...{ min, max, step }}
                                value={Number(typed) || 0}
                                aria-label={text.slider(name)}
                                onInput={(e) => setDraft(e.currentTarget.value)}
                            />
                        )}
                        <input
                            id={input}
                            type="number"
                            inputMode="decimal"
                            {...{ min, max, step }}
                            value={typed}
                            aria-describedby={`${input}-range`}
                            onInput={(e) => setDraft(e.currentTarget.value)}
                        />
                    </>
                )}
            </div>
            {!words && (
                <div class="row">
                    <span class="allowed" id={`${input}-range`}>
                        {min !== undefined && max !== undefined && text.allowed(text.range(plain(min), plain(max), unitText(unit)))}
                        {step !== 1 && `, ${text.step(plain(step))}`}
                    </span>
                    {hold}
                </div>
            )}
            <button type="submit" class={wanted === command.value ? 'quiet' : 'primary'} aria-disabled={busy || away}>
                {text.set(device, name, typeof wanted === 'number' ? say(wanted) : wanted)}
            </button>
            <p class={`result ${result?.state ?? ''}`} role="status" aria-live="polite">
                {result?.words}
            </p>
        </form>
    );
}
