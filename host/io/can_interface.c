/* can_interface.c - the CAN interfaces of this machine, as the kernel tells of them (rtnetlink). It
 * answers at once, from memory.
 * Facts: rtnetlink(7); linux/if_link.h, linux/can/netlink.h.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/can/netlink.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/io/can.h"
#include "host/io/transport.h"

/* ---- reading an answer ---- */

/* The next attribute at *at, which ends at end. Returns its value with type and length, or NULL at
 * the end. */
static const uint8_t *next_attribute(const uint8_t **at, const uint8_t *end, uint16_t *type,
                                     size_t *n) {
    struct rtattr head;
    if ((size_t)(end - *at) < sizeof head) {
        return NULL;
    }
    memcpy(&head, *at, sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > (size_t)(end - *at)) {
        return NULL;
    }
    const uint8_t *value = *at + RTA_LENGTH(0);
    size_t whole = RTA_ALIGN(head.rta_len);
    *type = (uint16_t)(head.rta_type & NLA_TYPE_MASK);
    *n = head.rta_len - RTA_LENGTH(0);
    *at = whole < (size_t)(end - *at) ? *at + whole : end;
    return value;
}

/* The first 32-bit word of a value; 0: it has none. */
static uint32_t word(const uint8_t *value, size_t n) {
    uint32_t x = 0;
    if (n >= sizeof x) {
        memcpy(&x, value, sizeof x);
    }
    return x;
}

static void take_text(char out[CAN_NAME], const uint8_t *value, size_t n) {
    size_t len = strnlen((const char *)value, n);
    len = len < CAN_NAME ? len : CAN_NAME - 1;
    memcpy(out, value, len);
    out[len] = '\0';
}

/* slcan, where slcand has set the bit rate and the kernel does not know which. */
#ifndef CAN_BITRATE_UNKNOWN
#define CAN_BITRATE_UNKNOWN UINT32_MAX
#endif

/* What a controller tells of itself. */
static void take_controller(struct can_interface *found, const uint8_t *at, size_t len) {
    const uint8_t *value;
    uint16_t type;
    size_t n;
    for (const uint8_t *end = at + len; (value = next_attribute(&at, end, &type, &n));) {
        if (type == IFLA_CAN_BITTIMING) { /* both begin with the bit rate */
            uint32_t rate = word(value, n);
            found->bitrate = rate == CAN_BITRATE_UNKNOWN ? 0 : rate;
        } else if (type == IFLA_CAN_DATA_BITTIMING) {
            found->data_bitrate = word(value, n);
        } else if (type == IFLA_CAN_STATE && n >= 4) {
            found->state = (int)(word(value, n) & 0xFF);
        } else if (type == IFLA_CAN_RESTART_MS) {
            found->restart_ms = word(value, n);
        } else if (type == IFLA_CAN_CTRLMODE && n >= sizeof(struct can_ctrlmode)) {
            found->listen_only = word(value + 4, n - 4) & CAN_CTRLMODE_LISTENONLY;
        }
    }
}

static void take_link_info(struct can_interface *found, const uint8_t *at, size_t len) {
    const uint8_t *value;
    const uint8_t *data = NULL;
    size_t data_len = 0;
    uint16_t type;
    size_t n;
    for (const uint8_t *end = at + len; (value = next_attribute(&at, end, &type, &n));) {
        if (type == IFLA_INFO_KIND) {
            take_text(found->driver, value, n);
        } else if (type == IFLA_INFO_DATA) {
            data = value;
            data_len = n;
        }
    }
    if (data && strcmp(found->driver, "can") == 0) { /* those of others have other meanings */
        take_controller(found, data, data_len);
    }
}

bool can_interface_read(const uint8_t *message, size_t n, struct can_interface *found) {
    struct nlmsghdr head;
    struct ifinfomsg info;
    if (n < NLMSG_SPACE(sizeof info)) {
        return false;
    }
    memcpy(&head, message, sizeof head);
    memcpy(&info, message + NLMSG_HDRLEN, sizeof info);
    if (head.nlmsg_type != RTM_NEWLINK || info.ifi_type != ARPHRD_CAN) {
        return false;
    }
    struct can_interface got = {.up = info.ifi_flags & IFF_UP, .state = -1};
    const uint8_t *at = message + NLMSG_SPACE(sizeof info);
    const uint8_t *end = message + (head.nlmsg_len < n ? head.nlmsg_len : n);
    const uint8_t *value;
    uint16_t type;
    while (at < end && (value = next_attribute(&at, end, &type, &n))) {
        if (type == IFLA_IFNAME) {
            take_text(got.name, value, n);
        } else if (type == IFLA_MTU) {
            got.fd = word(value, n) >= VB_SOCKETCAN_FD;
        } else if (type == IFLA_LINKINFO) {
            take_link_info(&got, value, n);
        }
    }
    *found = got;
    return got.name[0] != '\0';
}

/* ---- asking ---- */

struct asking {
    void (*each)(void *context, const struct can_interface *interface);
    void *context;
};

/* The messages of one datagram. Returns true at the end of the answer. */
static bool take_answers(const struct asking *a, const uint8_t *bytes, size_t n) {
    struct nlmsghdr head;
    struct can_interface found;
    while (n >= sizeof head) {
        memcpy(&head, bytes, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > n) {
            return true;
        }
        if (head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR) {
            return true;
        }
        if (can_interface_read(bytes, head.nlmsg_len, &found)) {
            a->each(a->context, &found);
        }
        size_t whole = NLMSG_ALIGN(head.nlmsg_len);
        whole = whole < n ? whole : n;
        bytes += whole;
        n -= whole;
    }
    return false;
}

/* name: of this one only; NULL: of all. */
static bool ask(const char *name, const struct asking *a) {
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info;
        struct rtattr attribute;
        char name[CAN_NAME];
    } question = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                           .nlmsg_type = RTM_GETLINK,
                           .nlmsg_flags = NLM_F_REQUEST | (name ? 0 : NLM_F_DUMP)},
                  .info = {.ifi_family = AF_UNSPEC}};
    _Alignas(struct nlmsghdr) uint8_t bytes[32768]; /* the kernel's largest */
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        return false;
    }
    if (name) {
        size_t len = strnlen(name, CAN_NAME - 1) + 1;
        question.attribute.rta_type = IFLA_IFNAME;
        question.attribute.rta_len = (uint16_t)RTA_LENGTH(len);
        memcpy(question.name, name, len - 1);
        question.head.nlmsg_len = sizeof question;
    }
    ssize_t n = send(fd, &question, question.head.nlmsg_len, 0);
    bool ended = n < 0;
    bool good = n >= 0;
    while (!ended) { /* the answer is there when send is back */
        n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        good = n > 0;
        ended = n <= 0 || take_answers(a, bytes, (size_t)n) || name;
    }
    int error = errno;
    close(fd);
    errno = error;
    return good;
}

static void keep(void *context, const struct can_interface *interface) {
    *(struct can_interface *)context = *interface;
}

bool can_interface_find(const char *name, struct can_interface *found) {
    found->name[0] = '\0';
    return ask(name, &(struct asking){keep, found}) && strcmp(found->name, name) == 0;
}

bool can_interfaces(void (*each)(void *context, const struct can_interface *interface),
                    void *context, char *why) {
    if (ask(NULL, &(struct asking){each, context})) {
        return true;
    }
    snprintf(why, TRANSPORT_WHY, "the kernel does not list its interfaces: %s", strerror(errno));
    return false;
}
