/* isotp.c - ISO-TP as a machine: what is due on either side of one pair of ids, and until when.
 * Left out: confirmation of single frames by the controller. A frame counts as sent when it was taken; the times N_As and
 * N_Ar run until then.
 * Facts: ISO 15765-2:2016: 9.6.5 (flow control), 9.7 (timing), 9.8 (what is unexpected is ignored, but for single and
 * first frames, which end the message before).
 * SPDX-License-Identifier: MIT */
#include "voltbus/isotp.h"

#include <string.h>

#include "voltbus/time.h"

#define NEVER       INT64_MAX
#define CLASSIC     8
#define SHORT_FF    4095
#define TIMEOUT_NS  VB_NS_PER_S
#define WAITS_MAX   10
#define FLOW_LENGTH 3

/* What becomes of a message of ours. Any flow control that is not waited for is ignored. */
#define TX_STATES(X)                                                                               \
    X(IDLE, "nothing to send")                                                                     \
    X(READY, "a frame waits to be taken: timeout-a")                                               \
    X(FLOW, "the peer has to say go on: timeout-bs")                                               \
    X(GAP, "the pause between two frames")

/* And of one that comes. A single or first frame begins a new one in any state. */
#define RX_STATES(X)                                                                               \
    X(NONE, "nothing comes")                                                                       \
    X(ANSWER, "our flow control waits to be taken: timeout-a")                                     \
    X(HOLD, "we said wait: say it again, or go on")                                                \
    X(DATA, "the next frame has to come: timeout-cr")                                              \
    X(REFUSE, "our overflow waits to be taken; nothing is lost if it is not")

enum {
#define X(name, text) TX_##name,
    TX_STATES(X)
#undef X
};
enum {
#define X(name, text) RX_##name,
    RX_STATES(X)
#undef X
};

static void tell(struct vb_isotp *m, enum vb_isotp_event_what what, uint8_t result, uint32_t len) {
    if (m->event_count == VB_ISOTP_QUEUE) { /* nobody has looked for long: the oldest go */
        memmove(m->events, m->events + 1, (VB_ISOTP_QUEUE - 1) * sizeof m->events[0]);
        m->event_count--;
    }
    m->events[m->event_count++] = (struct vb_isotp_event){(uint8_t)what, result, len};
}

static int64_t later(int64_t now_ns, int64_t more_ns) {
    return now_ns < NEVER - more_ns ? now_ns + more_ns : NEVER;
}

/* ---- init ---- */

/* The lengths that frames can have beyond 8. */
static const uint8_t lengths[] = {8, 12, 16, 20, 24, 32, 48, 64};

static bool is_length(uint8_t n) {
    return memchr(lengths, n, sizeof lengths) != NULL;
}

static bool is_address(int address) {
    return address >= VB_ISOTP_NO_ADDRESS && address <= UINT8_MAX;
}

int vb_isotp_init(struct vb_isotp *m, const struct vb_isotp_config *config, uint8_t *buffer,
                  uint32_t cap, int64_t now_ns) {
    struct vb_isotp_config c = *config;
    uint32_t id_max = c.ext ? 0x1FFFFFFF : 0x7FF;
    c.frame_len = c.frame_len ? c.frame_len : CLASSIC;
    if (c.tx_id > id_max || c.rx_id > id_max || !is_address(c.tx_address) ||
        !is_address(c.rx_address) || !is_length(c.frame_len) || (!c.fd && c.frame_len > CLASSIC) ||
        c.gap_ns < 0 || c.timeout_ns < 0 || c.wait_ns < 0) {
        return VB_E_RANGE;
    }
    c.waits_max = c.waits_max ? c.waits_max : WAITS_MAX;
    c.timeout_ns = c.timeout_ns ? c.timeout_ns : TIMEOUT_NS;
    c.wait_ns = c.wait_ns ? c.wait_ns : c.timeout_ns / 2;
    *m = (struct vb_isotp){.config = c, .now_ns = now_ns};
    m->tx_deadline_ns = m->rx_deadline_ns = NEVER;
    vb_isotp_listener_init(&m->rx, buffer, cap, c.rx_address);
    return VB_OK;
}

/* ---- what we send ---- */

static size_t skip(const struct vb_isotp *m) {
    return m->config.tx_address != VB_ISOTP_NO_ADDRESS;
}

/* The longest message that goes into a single frame. */
static uint32_t single_max(const struct vb_isotp *m) {
    size_t head = m->config.frame_len > CLASSIC ? 2 : 1;
    return (uint32_t)(m->config.frame_len - skip(m) - head);
}

static void ready(struct vb_isotp *m) {
    m->tx_state = TX_READY;
    m->tx_deadline_ns = later(m->now_ns, m->config.timeout_ns);
}

static void end_tx(struct vb_isotp *m, enum vb_isotp_result result) {
    m->tx_state = TX_IDLE;
    m->tx_deadline_ns = NEVER;
    tell(m, result == VB_ISOTP_RESULT_OK ? VB_ISOTP_EVENT_SENT : VB_ISOTP_EVENT_NOT_SENT,
         (uint8_t)result, m->tx_len);
}

int vb_isotp_send(struct vb_isotp *m, const uint8_t *bytes, uint32_t n, int64_t now_ns) {
    if (m->tx_state != TX_IDLE) {
        return VB_E_STATE;
    }
    if (n == 0 || (m->config.functional && n > single_max(m))) {
        return VB_E_RANGE;
    }
    m->now_ns = now_ns;
    m->tx = bytes;
    m->tx_len = n;
    m->tx_at = 0;
    m->tx_number = 0;
    m->tx_waits = 0;
    ready(m);
    return VB_OK;
}

bool vb_isotp_sending(const struct vb_isotp *m) {
    return m->tx_state != TX_IDLE;
}

static void flow_control(struct vb_isotp *m, const struct vb_isotp_pdu *pdu) {
    if (m->tx_state != TX_FLOW) {
        return;
    }
    switch (pdu->number) {
    case VB_ISOTP_CONTINUE:
        m->tx_waits = 0;
        m->tx_block = m->tx_block_size = pdu->block_size;
        m->tx_pause_ns = vb_isotp_st_min_ns(pdu->st_min) + m->config.gap_ns;
        ready(m);
        break;
    case VB_ISOTP_WAIT:
        if (m->tx_waits++ >= m->config.waits_max) {
            end_tx(m, VB_ISOTP_RESULT_WAITS);
        } else {
            m->tx_deadline_ns = later(m->now_ns, m->config.timeout_ns);
        }
        break;
    case VB_ISOTP_OVERFLOW:
        end_tx(m, VB_ISOTP_RESULT_NO_ROOM);
        break;
    default:
        end_tx(m, VB_ISOTP_RESULT_INVALID_FS);
        break;
    }
}

/* The bytes before the data of the frame that is due; first: of a longer message. Returns how many. */
static size_t put_head(struct vb_isotp *m, bool single) {
    uint8_t *p = m->data;
    if (skip(m)) {
        *p++ = (uint8_t)m->config.tx_address;
    }
    if (single && m->tx_len + skip(m) + 1 <= CLASSIC) {
        *p++ = (uint8_t)m->tx_len;
    } else if (single) {
        *p++ = 0;
        *p++ = (uint8_t)m->tx_len;
    } else if (m->tx_at > 0) {
        *p++ = (uint8_t)(0x20 | m->tx_number);
    } else if (m->tx_len <= SHORT_FF) {
        *p++ = (uint8_t)(0x10 | m->tx_len >> 8);
        *p++ = (uint8_t)m->tx_len;
    } else {
        *p++ = 0x10;
        *p++ = 0;
        for (int shift = 24; shift >= 0; shift -= 8) {
            *p++ = (uint8_t)(m->tx_len >> shift);
        }
    }
    return (size_t)(p - m->data);
}

/* Make n bytes of data a frame. */
static void finish(struct vb_isotp *m, size_t n, struct vb_frame *frame) {
    size_t len = n;
    if (n > CLASSIC) {
        size_t i = 0;
        while (lengths[i] < n) {
            i++;
        }
        len = lengths[i];
    } else if (m->config.pad) {
        len = CLASSIC;
    }
    memset(m->data + n, m->config.padding, len - n);
    unsigned fd = VB_FRAME_FD | (m->config.brs ? VB_FRAME_BRS : 0u);
    unsigned flags = (m->config.ext ? VB_FRAME_EXT : 0u) | (m->config.fd ? fd : 0u);
    *frame = (struct vb_frame){.kind = VB_KIND_CAN,
                               .id = m->config.tx_id,
                               .flags = (uint16_t)flags,
                               .len = (uint32_t)len,
                               .data = m->data};
}

static void take_data(struct vb_isotp *m, struct vb_frame *frame) {
    bool single = m->tx_at == 0 && m->tx_len <= single_max(m);
    bool first = m->tx_at == 0 && !single;
    size_t head = put_head(m, single);
    size_t room = m->config.frame_len - head;
    uint32_t left = m->tx_len - m->tx_at;
    size_t n = left < room ? left : room;
    memcpy(m->data + head, m->tx + m->tx_at, n);
    finish(m, head + n, frame);
    m->tx_at += (uint32_t)n;
    m->tx_number = (m->tx_number + 1) & 15;
    bool block_ends = !first && m->tx_block_size > 0 && --m->tx_block == 0;
    if (m->tx_at == m->tx_len) {
        end_tx(m, VB_ISOTP_RESULT_OK);
    } else if (first || block_ends) {
        m->tx_state = TX_FLOW;
        m->tx_deadline_ns = later(m->now_ns, m->config.timeout_ns);
    } else if (m->tx_pause_ns > 0) {
        m->tx_state = TX_GAP;
        m->tx_deadline_ns = later(m->now_ns, m->tx_pause_ns);
    } else {
        ready(m);
    }
}

static void tick_tx(struct vb_isotp *m) {
    if (m->now_ns < m->tx_deadline_ns) {
        return;
    }
    if (m->tx_state == TX_READY) {
        end_tx(m, VB_ISOTP_RESULT_TIMEOUT_A);
    } else if (m->tx_state == TX_FLOW) {
        end_tx(m, VB_ISOTP_RESULT_TIMEOUT_BS);
    } else if (m->tx_state == TX_GAP) {
        ready(m);
    }
}

/* ---- what we receive ---- */

static void rx_go(struct vb_isotp *m, uint8_t state, int64_t wait_ns) {
    m->rx_state = state;
    m->rx_deadline_ns = wait_ns == NEVER ? NEVER : later(m->now_ns, wait_ns);
}

static void end_rx(struct vb_isotp *m, enum vb_isotp_result result) {
    m->rx.open = false;
    rx_go(m, RX_NONE, NEVER);
    tell(m, VB_ISOTP_EVENT_NOT_RECEIVED, (uint8_t)result, m->rx.len);
}

/* The peer waits for our word. */
static void answer(struct vb_isotp *m) {
    m->rx_flow = m->hold ? VB_ISOTP_WAIT : VB_ISOTP_CONTINUE;
    rx_go(m, RX_ANSWER, m->config.timeout_ns);
}

static void message(struct vb_isotp *m, const struct vb_isotp_pdu *pdu) {
    bool consecutive = pdu->kind == VB_ISOTP_CONSECUTIVE;
    if (consecutive && m->rx_state != RX_DATA) {
        return; /* nobody has asked for it yet */
    }
    if (!consecutive && m->rx.open) {
        end_rx(m, VB_ISOTP_RESULT_UNEXPECTED);
    }
    m->rx.t_ns = m->now_ns; /* silence is the business of tick */
    struct vb_isotp_step step = vb_isotp_listen(&m->rx, pdu, m->now_ns);
    if (step.broken != VB_ISOTP_RESULT_OK) {
        end_rx(m, step.broken);
    }
    if (step.broken == VB_ISOTP_RESULT_NO_ROOM && pdu->kind == VB_ISOTP_FIRST) {
        m->rx_flow = VB_ISOTP_OVERFLOW;
        rx_go(m, RX_REFUSE, m->config.timeout_ns);
    }
    if (step.what == VB_ISOTP_COMPLETE) {
        rx_go(m, RX_NONE, NEVER);
        tell(m, VB_ISOTP_EVENT_RECEIVED, VB_ISOTP_RESULT_OK, m->rx.len);
    } else if (step.what == VB_ISOTP_BEGUN) {
        m->rx_waits = 0;
        tell(m, VB_ISOTP_EVENT_BEGUN, VB_ISOTP_RESULT_OK, m->rx.len);
        answer(m);
    } else if (step.what == VB_ISOTP_MORE) {
        bool block_ends = m->config.block_size > 0 && --m->rx_block == 0;
        if (block_ends) {
            m->rx_waits = 0;
            answer(m);
        } else {
            rx_go(m, RX_DATA, m->config.timeout_ns);
        }
    }
}

static void take_flow(struct vb_isotp *m, struct vb_frame *frame) {
    size_t n = 0;
    if (skip(m)) {
        m->data[n++] = (uint8_t)m->config.tx_address;
    }
    m->data[n] = (uint8_t)(VB_ISOTP_FLOW << 4 | m->rx_flow);
    m->data[n + 1] = m->rx_flow == VB_ISOTP_CONTINUE ? m->config.block_size : 0;
    m->data[n + 2] = m->rx_flow == VB_ISOTP_CONTINUE ? m->config.st_min : 0;
    finish(m, n + FLOW_LENGTH, frame);
    if (m->rx_flow == VB_ISOTP_OVERFLOW) {
        rx_go(m, RX_NONE, NEVER);
    } else if (m->rx_flow == VB_ISOTP_WAIT) {
        m->rx_waits++;
        rx_go(m, RX_HOLD, m->config.wait_ns);
    } else {
        m->rx_block = m->config.block_size;
        rx_go(m, RX_DATA, m->config.timeout_ns);
    }
}

static void tick_rx(struct vb_isotp *m) {
    if (m->now_ns < m->rx_deadline_ns) {
        return;
    }
    if (m->rx_state == RX_ANSWER) {
        end_rx(m, VB_ISOTP_RESULT_TIMEOUT_A);
    } else if (m->rx_state == RX_DATA) {
        end_rx(m, VB_ISOTP_RESULT_TIMEOUT_CR);
    } else if (m->rx_state == RX_REFUSE) {
        rx_go(m, RX_NONE, NEVER);
    } else if (m->rx_state == RX_HOLD && m->rx_waits >= m->config.waits_max) {
        end_rx(m, VB_ISOTP_RESULT_WAITS);
    } else if (m->rx_state == RX_HOLD) {
        answer(m);
    }
}

void vb_isotp_hold(struct vb_isotp *m, bool hold, int64_t now_ns) {
    m->now_ns = now_ns;
    m->hold = hold;
    if (m->rx_state == RX_ANSWER || (m->rx_state == RX_HOLD && !hold)) {
        answer(m);
    }
}

/* ---- both ---- */

bool vb_isotp_heard(struct vb_isotp *m, const struct vb_frame *frame, int64_t now_ns) {
    struct vb_isotp_pdu pdu;
    bool ext = frame->flags & VB_FRAME_EXT;
    if (m->config.functional || frame->id != m->config.rx_id || ext != m->config.ext ||
        vb_isotp_read(frame, m->config.rx_address, &pdu) != VB_OK) {
        return false;
    }
    vb_isotp_tick(m, now_ns); /* what is too late is too late */
    if (pdu.kind == VB_ISOTP_FLOW) {
        flow_control(m, &pdu);
    } else {
        message(m, &pdu);
    }
    return true;
}

void vb_isotp_stop(struct vb_isotp *m) {
    m->event_count = 0;
    m->tx_state = TX_IDLE;
    m->tx_deadline_ns = NEVER;
    m->rx.open = false;
    rx_go(m, RX_NONE, NEVER);
}

void vb_isotp_tick(struct vb_isotp *m, int64_t now_ns) {
    m->now_ns = now_ns;
    tick_tx(m);
    tick_rx(m);
}

int64_t vb_isotp_deadline_ns(const struct vb_isotp *m) {
    return m->tx_deadline_ns < m->rx_deadline_ns ? m->tx_deadline_ns : m->rx_deadline_ns;
}

bool vb_isotp_take(struct vb_isotp *m, struct vb_frame *frame) {
    if (m->rx_state == RX_ANSWER || m->rx_state == RX_REFUSE) {
        take_flow(m, frame);
        return true;
    }
    if (m->tx_state == TX_READY) {
        take_data(m, frame);
        return true;
    }
    return false;
}

bool vb_isotp_next_event(struct vb_isotp *m, struct vb_isotp_event *event) {
    if (m->event_count == 0) {
        return false;
    }
    *event = m->events[0];
    m->event_count--;
    memmove(m->events, m->events + 1, m->event_count * sizeof m->events[0]);
    return true;
}
