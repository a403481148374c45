/* ask.tsx - asking the server for a change, once at a time, and what became of it in one line of words.
 * The server decides what is allowed; its refusal is shown in its words.
 * SPDX-License-Identifier: MIT */
import { useRef, useState } from 'preact/hooks';
import { ApiError } from './api';
import { text } from './text';

interface Result {
    state: 'busy' | 'done' | 'refused';
    words: string;
}

const SLOW_MS = 3000; /* later than this it is said that it may take a while */

/* ask(request): nothing while an answer is awaited or the server is away; request gives the words for "done". off: a
 * button would do nothing now; such buttons are aria-disabled and so keep the focus. */
export function useAsk(away: boolean) {
    const [result, setResult] = useState<Result | null>(null);
    const busy = useRef(false);

    const ask = async (request: () => Promise<string>) => {
        if (busy.current || away) {
            return;
        }
        busy.current = true;
        setResult({ state: 'busy', words: text.asking });
        const slow = setTimeout(() => setResult({ state: 'busy', words: text.stillAsking }), SLOW_MS);
        try {
            setResult({ state: 'done', words: await request() });
        } catch (e) {
            const known = e instanceof ApiError && e.code !== 'unreachable';
            setResult({ state: 'refused', words: known ? text.refused(e.reason || e.code) : text.unreachable });
        } finally {
            clearTimeout(slow);
            busy.current = false;
        }
    };

    return {
        ask,
        off: away || result?.state === 'busy',
        outcome: (
            <p class={`result ${result?.state ?? ''}`} role="status" aria-live="polite">
                {result?.words}
            </p>
        ),
    };
}
