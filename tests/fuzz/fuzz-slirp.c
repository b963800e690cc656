/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: frames of a sandbox through the filter and libslirp, in a network namespace in which
 * nothing can be reached. No forbidden address is ever connected or sent to.
 */
#include "frames.h"
#include "net/stack.h"
#include "net/wall.h"

#include <sched.h>

static Stack stack;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void watch(const NetAddress *address, uint16_t port)
{
        (void)port;
        if (fuzz_is_forbidden(address))
                abort();
}

static void resolve(void *userdata, const Frame *frame)
{
        (void)userdata;
        (void)frame;
}

static void poll_once(void)
{
        static struct pollfd fds[4096];
        PollSet polls = {.fds = fds, .room = ARRAY_LEN(fds)};
        int timeout = 0;
        stack_poll_prepare(&stack, &polls, &timeout);
        (void)poll(fds, polls.n, 0);
        stack_poll_handle(&stack, &polls);
}

static void one(const uint8_t *frame, size_t len)
{
        stack_input(&stack, frame, len);
        poll_once();
}

/* Before libFuzzer has threads: a process with some gets no user namespace (unshare(2)). */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        (void)argc;
        (void)argv;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                abort();
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static Filter filter;
        Error err = {0};
        /* Of every other input the second look alone decides. */
        filter = (Filter){
                .policy = policy_new(&net_site), .flows = flow_table_new(1), .says_yes = size % 2 == 1};
        const NetConfig config = {0};
        wall.filter = &filter;
        wall.watch = watch;
        wall.now_ms = clock_ms();
        if (!filter.policy || !filter.flows || conn_table_init(&wall.conns, 1024, 1) < 0)
                abort();
        fuzz_set_host(filter.policy);
        if (stack_new(&config, &filter, &stack, &err) < 0)
                abort();
        stack.resolve = resolve;
        fuzz_frames(data, size, one);
        stack_free(&stack);
        conn_table_clear(&wall.conns);
        policy_free(filter.policy);
        flow_table_free(filter.flows);
        return 0;
}
