/* calls.tsx - the orders of a device that are answered once: those without arguments are buttons, the others small forms.
 * SPDX-License-Identifier: MIT */
import { useState } from 'preact/hooks';
import { postCall, type Call, type CallAnswer } from './api';
import { useAsk } from './ask';
import { decimalsOf, label, say, unitText } from './format';
import { allowed, Input, valueOf } from './given';
import type { DeviceView } from './store';
import { text } from './text';

interface To {
    name: string;
    device: DeviceView;
    away: boolean;
}

/* What the device answered: its values in words, else what stood in the answer. */
function answered({ device }: To, { values, text: plain }: CallAnswer): string {
    const words = Object.entries(values).map(
        ([id, v]) => `${label(id)} ${v === null ? text.none : say(v, device.signals[id]?.unit ?? '')}`,
    );
    return words.join(', ') || plain.trim();
}

function Buttons({ to, calls }: { to: To; calls: Call[] }) {
    const { ask, off, outcome } = useAsk(to.away);
    return (
        <div class="command calls">
            <div class="row">
                {calls.map((call) => (
                    <button
                        key={call.name}
                        type="button"
                        data-call={call.name}
                        title={call.title}
                        aria-label={text.call(label(call.name), to.name)}
                        aria-disabled={off}
                        onClick={() =>
                            void ask(async () => text.called(label(call.name), answered(to, await postCall(to.name, call.name, []))))
                        }
                    >
                        {text.call(label(call.name), '')}
                    </button>
                ))}
            </div>
            {outcome}
        </div>
    );
}

function CallForm({ to, call }: { to: To; call: Call }) {
    const [typed, setTyped] = useState<Record<string, string>>({});
    const { ask, off, outcome } = useAsk(to.away);
    const id = `call-${to.name}-${call.name}`;
    const wanted = call.arguments.map((a) => valueOf(a, typed[a.name] ?? ''));
    const words = wanted.map((v, i) => say(v, call.arguments[i]!.unit, decimalsOf(call.arguments[i]!.step ?? 1))).join(' ').trim();
    const name = label(call.name);
    return (
        <form
            class="command call"
            data-call={call.name}
            noValidate
            aria-labelledby={id}
            onSubmit={(e) => {
                e.preventDefault();
                void ask(async () => text.called(`${name} ${words}`, answered(to, await postCall(to.name, call.name, wanted))));
            }}
        >
            <p class="name" id={id}>
                {call.title || name}
            </p>
            {call.arguments.map((a, i) => {
                const input = `${id}-${i}`;
                const limits = a.words || a.text ? '' : allowed(a);
                return (
                    <div class="row argument" key={a.name}>
                        <label for={input}>
                            {a.title || label(a.name)}
                            {limits && (
                                <span class="allowed" id={`${input}-range`}>
                                    {limits}
                                </span>
                            )}
                        </label>
                        <span class="with-unit">
                            <Input
                                id={input}
                                given={a}
                                typed={typed[a.name] ?? ''}
                                type={(v) => setTyped({ ...typed, [a.name]: v })}
                                describedBy={limits && `${input}-range`}
                            />
                            {unitText(a.unit)}
                        </span>
                    </div>
                );
            })}
            <button type="submit" class="quiet" aria-disabled={off}>
                {text.call(name, words)}
            </button>
            {outcome}
        </form>
    );
}

export function Calls(to: To) {
    const calls = to.device.calls ?? [];
    const buttons = calls.filter((c) => c.arguments.length === 0);
    const forms = calls.filter((c) => c.arguments.length > 0);
    return (
        <>
            {buttons.length > 0 && <Buttons to={to} calls={buttons} />}
            {forms.length > 0 && (
                <details class="more">
                    <summary>{text.more(forms.length)}</summary>
                    {forms.map((call) => (
                        <CallForm key={call.name} to={to} call={call} />
                    ))}
                </details>
            )}
        </>
    );
}
