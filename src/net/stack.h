/* SPDX-License-Identifier: Apache-2.0 */
/* libslirp between the tap device and the host's sockets, behind the filter. */
#pragma once

#include "net/config.h"
#include "net/filter.h"
#include "net/shaper.h"

#include <poll.h>

struct Slirp;

/** The descriptors that the loop polls. The first entries belong to its owner. */
typedef struct PollSet {
        struct pollfd *fds;
        size_t n, room;
} PollSet;

typedef struct StackFrame {
        uint8_t *bytes;
        size_t len;
} StackFrame;

#define STACK_QUEUE_MAX 256

/** Frames that wait because of a limit: bounded, in order. */
typedef struct StackQueue {
        StackFrame items[STACK_QUEUE_MAX];
        size_t first, n, bytes;
} StackQueue;

typedef struct Stack {
        struct Slirp *slirp;
        Filter *filter;
        int tap; /* FD_NONE: not received yet */
        uint32_t mtu;
        PollSet *polls; /* of the current round */
        Shaper up, down;
        StackQueue up_queue, down_queue;
        uint64_t bytes_up, bytes_down, frames_up, frames_down;
        /* Handles a datagram for the sandbox's resolver: filter->frame has it. */
        void (*resolve)(void *userdata, const Frame *frame);
        void *userdata;
        bool silent; /* do not send libslirp's frames to the sandbox */
} Stack;

/** stack_new - start libslirp. @filter and @ret must not move. Returns 0 or -errno with @err. */
int stack_new(const NetConfig *config, Filter *filter, Stack *ret, Error *err);

/** stack_publish - bind a UDP port of the host; @p gets the port that the kernel chose. Returns 0 or -errno
 * with
 * @err. */
int stack_publish(Stack *s, NetPublish *p, Error *err);

/** stack_poll_prepare - add libslirp's descriptors, and lower *@timeout_ms if necessary (-1: no limit). */
void stack_poll_prepare(Stack *s, PollSet *polls, int *timeout_ms);

/** stack_poll_handle - handle the results of poll(2). */
void stack_poll_handle(Stack *s, PollSet *polls);

/** stack_read - handle frames of the sandbox, up to the maximum of a round. Returns 0; 1: there may be more;
 * -errno: the tap device no longer exists. */
int stack_read(Stack *s);

/** stack_wants_tap - return whether stack_read() would accept a frame now. */
bool stack_wants_tap(const Stack *s);

/** stack_input - handle one frame of the sandbox. */
void stack_input(Stack *s, const uint8_t *bytes, size_t len);

/** stack_send - send a frame of kurung to the sandbox. */
void stack_send(Stack *s, const uint8_t *bytes, size_t len);

void stack_free(Stack *s);

/** clock_ns - return CLOCK_MONOTONIC in nanoseconds. */
uint64_t clock_ns(void);
static inline uint64_t clock_ms(void)
{
        return clock_ns() / 1000000;
}
