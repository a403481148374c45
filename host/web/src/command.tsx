/* command.tsx - one command of a device: what is in force and until when, and a form to set or release it.
 * Where the device reads back what it has made of it, that is shown beside what was asked, with the reason.
 * SPDX-License-Identifier: MIT */
import { useEffect, useRef, useState } from 'preact/hooks';
import { postCommand, type Value } from './api';
import { useAsk } from './ask';
import { decimalsOf, duration, label, say as sayValue } from './format';
import { allowed, Input, valueOf } from './given';
import { standing, type CommandView, type Standing } from './store';
import { text } from './text';

function inWords({ kind, value, reason }: Standing, command: CommandView, say: (v: Value) => string): string {
    const known = value === undefined ? '' : say(value);
    switch (kind) {
        case 'held':
            return text.inForce(known);
        case 'asked':
            return text.asked(say(command.value), known, reason);
        case 'free':
            return text.notAsked(known);
        case 'safe':
            return text.atSafe(known);
        case 'none':
            return text.notKnown(say(command.safe));
    }
}

export function CommandForm({ device, id, command, now, silent, away }: {
    device: string;
    id: string;
    command: CommandView;
    now: number;
    silent: boolean;
    away: boolean;
}) {
    const [draft, setDraft] = useState<string | null>(null);
    const [lease, setLease] = useState(text.leases[0]![0]);
    const { ask, off, outcome } = useAsk(away);
    const { min, max, step = 1, words, unit } = command;
    const say = (v: Value) => sayValue(v, unit, decimalsOf(step));
    const stand = standing(command, now, silent);
    const held = stand.kind === 'held' || stand.kind === 'asked';
    const present = held ? command.value : (stand.value ?? command.safe);
    const typed = draft ?? String(present);
    const wanted = valueOf(command, typed);
    const name = label(id, device);
    const input = `set-${device}-${id}`;
    const form = useRef<HTMLFormElement>(null);
    const inRelease = useRef(false);

    /* "Release now" goes away with the lease; who stood on it goes on from the value */
    useEffect(() => {
        if (!held && inRelease.current) {
            form.current?.querySelector<HTMLElement>(`#${CSS.escape(input)}`)?.focus();
            inRelease.current = false;
        }
    }, [held]);

    const set = async () => {
        const got = await postCommand(device, id, { value: wanted, lease });
        const done = command.shown === undefined ? text.done : text.doneAsked;
        return done(say(got.value), duration(got.lease ?? lease));
    };
    const release = async () => {
        await postCommand(device, id, { release: true });
        return text.released(say(command.safe));
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
    const value = (
        <Input id={input} given={command} typed={typed} type={setDraft} describedBy={words ? undefined : `${input}-range`} />
    );

    return (
        <form
            ref={form}
            class="command"
            data-command={id}
            noValidate
            onSubmit={(e) => {
                e.preventDefault();
                void ask(set);
            }}
        >
            <div class="row">
                <label for={input} title={command.title}>
                    {name}
                </label>
                <output class={`state ${stand.kind}`} for={input} data-held={held}>
                    <i class="dot" aria-hidden="true" />
                    <span class="stand" aria-live="polite">{inWords(stand, command, say)}</span>
                    {held && command.by && command.by !== 'page' && <span class="by">{text.heldBy(command.by)}</span>}
                </output>
            </div>
            {held && (
                <div class="row lease">
                    <span class="countdown">{text.then(say(command.safe), duration(command.until! - now))}</span>
                    <button
                        type="button"
                        class="release"
                        aria-disabled={off}
                        aria-label={text.releaseLabel(device, name)}
                        onFocus={() => (inRelease.current = true)}
                        onBlur={(e) => (inRelease.current = !e.currentTarget.isConnected)}
                        onClick={() => void ask(release)}
                    >
                        {text.release}
                    </button>
                </div>
            )}
            <div class="row">
                {!words && min !== undefined && max !== undefined && (
                    <input
                        type="range"
                        {...{ min, max, step }}
                        value={Number(typed) || 0}
                        aria-label={text.slider(name)}
                        onInput={(e) => setDraft(e.currentTarget.value)}
                    />
                )}
                {value}
                {words && hold}
            </div>
            {!words && (
                <div class="row">
                    <span class="allowed" id={`${input}-range`}>
                        {allowed(command)}
                    </span>
                    {hold}
                </div>
            )}
            <button type="submit" class={wanted === present ? 'quiet' : 'primary'} aria-disabled={off}>
                {text.set(device, name, say(wanted))}
            </button>
            {outcome}
        </form>
    );
}
