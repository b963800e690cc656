/* SPDX-License-Identifier: Apache-2.0 */
/* libslirp between the tap device and the host's sockets, behind the filter. */
#pragma once

#include "net/config.h"
#include "net/filter.h"
#include "net/shaper.h"

#include <poll.h>

struct Slirp;

/** What the loop waits for. The first entries are its owner's. */
typedef struct PollSet {
        struct pollfd *fds;
        size_t n, room;
} PollSet;

typedef struct StackFrame {
        uint8_t *bytes;
        size_t len;
} StackFrame;

#define STACK_QUEUE_MAX 256

/** Frames that wait for their turn under a limit: bounded, in their order. */
typedef struct StackQueue {
        StackFrame items[STACK_QUEUE_MAX];
        size_t first, n, bytes;
} StackQueue;

typedef struct Stack {
        struct Slirp *slirp;
        Filter *filter;
        int tap; /* FD_NONE: not there yet */
        uint32_t mtu;
        PollSet *polls; /* of the round */
        Shaper up, down;
        StackQueue up_queue, down_queue;
        uint64_t bytes_up, bytes_down, frames_up, frames_down;
        /* A datagram for the sandbox's resolver: filter->frame has it. */
        void (*resolve)(void *userdata, const Frame *frame);
        void *userdata;
        bool silent; /* what libslirp says is not for the sandbox */
} Stack;

/** stack_new - 0 or -errno with @err. @filter, @ret stay where they are. */
int stack_new(const NetConfig *config, Filter *filter, Stack *ret, Error *err);

/** stack_publish - bind a port of the host; @p: the port that it became is filled in. 0 or -errno with @err.
 */
int stack_publish(Stack *s, NetPublish *p, Error *err);

/** stack_poll_prepare - add libslirp's descriptors; *@timeout_ms becomes smaller (-1: for ever). */
void stack_poll_prepare(Stack *s, PollSet *polls, int *timeout_ms);

/** stack_poll_handle - what poll(2) said of them. */
void stack_poll_handle(Stack *s, PollSet *polls);

/** stack_read - take frames of the sandbox, as many as a round should. Returns 0; 1: there may be more;
 * -errno: the tap device is gone. */
int stack_read(Stack *s);

/** stack_wants_tap - whether stack_read() would take anything now. */
bool stack_wants_tap(const Stack *s);

/** stack_input - one frame of the sandbox. */
void stack_input(Stack *s, const uint8_t *bytes, size_t len);

/** stack_send - a frame to the sandbox that is ours. */
void stack_send(Stack *s, const uint8_t *bytes, size_t len);

void stack_free(Stack *s);

/** clock_ns - CLOCK_MONOTONIC. */
uint64_t clock_ns(void);
static inline uint64_t clock_ms(void)
{
        return clock_ns() / 1000000;
}
