/* live.ts - the connection: a WebSocket that comes back by itself, and the model it keeps.
 * Tries again after 0.5 s, then twice as long each time, 10 s at most. A missing delta also means: begin anew.
 * SPDX-License-Identifier: MIT */
import { getState, liveUrl, type Message } from './api';
import { fromSnapshot, merge, type Model } from './store';

export type Phase = 'connecting' | 'live' | 'waiting';

const FIRST_MS = 500;
const LONGEST_MS = 10_000;
const SETTLED_MS = 5_000; /* live for so long: the next loss starts with the short wait again */
const QUIET_MS = 15_000; /* nothing came for so long: ask whether the server is still there */

export class Live {
    model: Model | null = null;
    phase: Phase = 'connecting';
    retryAt = 0; /* performance.now() of the next try, while waiting */
    lostAt = 0; /* performance.now() of the loss */
    missed = 0; /* deltas the server left out because we read too slowly */

    private socket: WebSocket | null = null;
    private wait = FIRST_MS;
    private timer = 0;
    private receivedAt = 0;
    private liveSince = 0;

    constructor(
        private readonly changed: () => void,
        /* begun: the first model of a connection */
        private readonly onModel: (model: Model, begun: boolean) => void,
        private readonly onLost: () => void,
    ) {
        this.lostAt = performance.now();
        setInterval(() => this.probe(), QUIET_MS / 3);
        addEventListener('online', () => this.now());
        document.addEventListener('visibilitychange', () => this.now());
        this.open();
    }

    /* The server's clock, carried on from its last message. */
    time(): number {
        return this.model ? this.model.time + (performance.now() - this.receivedAt) / 1000 : Date.now() / 1000;
    }

    /* Do not wait any longer. */
    now(): void {
        if (this.phase === 'waiting' && !document.hidden) {
            clearTimeout(this.timer);
            this.open();
        }
    }

    private open(): void {
        this.phase = 'connecting';
        const socket = new WebSocket(liveUrl());
        this.socket = socket;
        socket.onmessage = (event) => {
            if (socket === this.socket) {
                this.take(JSON.parse(String(event.data)) as Message);
            }
        };
        socket.onclose = () => {
            if (socket === this.socket) {
                this.lose();
            }
        };
        this.changed();
    }

    private take(message: Message): void {
        const now = performance.now();
        const begun = this.phase !== 'live';
        if (message.type === 'snapshot') {
            this.model = fromSnapshot(message.state, this.model);
            this.missed += message.missed ?? 0;
            if (begun) {
                this.phase = 'live';
                this.liveSince = now;
            }
        } else if (message.type === 'delta' && this.model) {
            const next = merge(this.model, message);
            if (!next) {
                this.lose();
                return;
            }
            this.model = next;
        } else {
            return;
        }
        this.receivedAt = now;
        this.onModel(this.model, begun);
        this.changed();
    }

    private lose(): void {
        const socket = this.socket;
        this.socket = null;
        socket?.close();
        const now = performance.now();
        if (this.phase === 'live') {
            this.lostAt = now;
            if (now - this.liveSince > SETTLED_MS) {
                this.wait = FIRST_MS;
            }
            this.onLost();
        }
        this.phase = 'waiting';
        this.retryAt = now + this.wait;
        this.timer = window.setTimeout(() => this.open(), this.wait);
        this.wait = Math.min(this.wait * 2, LONGEST_MS);
        this.changed();
    }

    /* Silence is right where nothing changes, and wrong where the wire between is gone; a socket does not tell. */
    private async probe(): Promise<void> {
        const socket = this.socket;
        if (this.phase === 'waiting' || performance.now() - Math.max(this.receivedAt, this.lostAt) < QUIET_MS) {
            return;
        }
        const abort = new AbortController();
        const timer = setTimeout(() => abort.abort(), QUIET_MS / 3);
        try {
            const state = await getState(abort.signal);
            if (socket === this.socket && state.seq > (this.model?.seq ?? -1) + 1) {
                this.lose();
            }
        } catch {
            if (socket === this.socket) {
                this.lose();
            }
        } finally {
            clearTimeout(timer);
        }
    }
}
