/* host/session/story.h - frames of a recording in, sessions out, one after the other. Bounded memory: one session
 * (about 200 kB), whatever the length of the recording.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_SESSION_STORY_H
#define HOST_SESSION_STORY_H

#include "host/session/event.h"
#include "host/session/session.h"
#include "voltbus/frame.h"

struct story;

/* Told of each session when it is over; the session belongs to the story and is gone after the call. */
typedef void story_told(void *context, struct session *session);

/* NULL: no memory. */
struct story *story_open(story_told *told, void *context);
/* The recording has ended: the last session is told. Returns how many there were. */
unsigned story_close(struct story *story);

/* The next frame of a recording; kinds other than PLC, V2G and NET are passed over. */
void story_frame(struct story *story, const struct vb_frame *frame);
/* The next event. What it points to may be gone after the call. */
void story_event(struct story *story, const struct event *event);

#endif
