/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the bytes, split at NUL, are a command line of kurung-bwrap; what follows an empty word
 * is the content of the descriptor that each --args names. What is accepted is planned, for an invented
 * machine.
 */
#include "front/bwrap.h"
#include "plan/plan.h"

#include "text.h"

#include <fcntl.h>
#include <sys/mman.h>

#define WORDS_MAX 64
#define ARGS_FD 100

static void check(bool holds)
{
        if (!holds)
                abort();
}

/* Everything that is executed later relies on it. */
static void check_plan(const Plan *plan)
{
        check(plan->privileges.no_new_privileges && plan->privileges.filters_given);
        check(plan->storage.stateless && plan->payload.argv.n > 0);
        check(plan->root.n_ops > 0 && str_eq(plan->root.ops[0].dest, "/"));
        for (size_t i = 0; i < plan->root.n_ops; i++)
                check(plan->root.ops[i].dest[0] == '/');
        for (size_t i = 0; i < plan->payload.n_kept_fds; i++)
                check(plan->payload.kept_fds[i] > STDERR_FILENO);
}

static void plan(const Bwrap *b, const BwrapCaller *caller)
{
        static char home[] = "/home/u";
        const Host host = {.uid = caller->uid,
                           .gid = caller->gid,
                           .home = home,
                           .is_root = caller->uid == 0,
                           .nested = caller->nested,
                           .has_clone3 = true,
                           .has_openat2 = true,
                           .has_mount_setattr = true,
                           .seccomp = true,
                           .proc_visible = true};
        CLEANUP(plan_clear) Plan made = {0};
        Error err = {0};
        if (plan_make(&b->spec, &host, NULL, NULL, &made, &err) == 0)
                check_plan(&made);
        else
                check(err.errnum > 0 && err.text[0] != '\0');
}

/* Only this descriptor is read, and not one of the fuzzer's. */
static void name_args(char **argv, int argc)
{
        static char number[] = "100";
        for (int i = 0; i + 1 < argc; i++)
                if (str_eq(argv[i], "--args"))
                        argv[i + 1] = number;
}

static void fill_args(const char *text, size_t len)
{
        int fd = memfd_create("args", 0);
        check(fd >= 0 && write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
        check(dup2(fd, ARGS_FD) == ARGS_FD && close(fd) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *const environment[] = {(char[]){"PATH=/bin"}, (char[]){"HOME=/home/u"}, NULL};
        static const int fds[] = {7, 8, 9, ARGS_FD};
        CLEANUP_FREE char *text = fuzz_text(data, size);
        const BwrapCaller caller = {.uid = size % 3 ? 1000 : 0,
                                    .gid = 1000,
                                    .capabilities = 0xff,
                                    .cwd = size % 5 ? "/home/u" : NULL,
                                    .terminal = size % 7 ? NULL : "/dev/pts/0",
                                    .host_name = "host",
                                    .nested = size % 2,
                                    .user_namespaces = true,
                                    .fds = fds,
                                    .n_fds = ARRAY_LEN(fds),
                                    .environment = environment};
        CLEANUP(bwrap_clear) Bwrap b = {0};
        Error err = {0};
        char *argv[WORDS_MAX + 1] = {0}, *p = text;
        int argc = 0;
        for (; p < text + size && *p && argc < WORDS_MAX; p += strlen(p) + 1)
                argv[argc++] = p;
        if (p < text + size)
                fill_args(p + 1, (size_t)(text + size - p - 1));
        name_args(argv, argc);
        check(bwrap_init(&b, &caller) == 0);
        int r = bwrap_parse(&b, argc, argv, &err);
        if (r == 0 && b.action == BWRAP_RUN && b.spec.argv.n > 0 && (r = bwrap_fill(&b, &err)) == 0)
                plan(&b, &caller);
        check(r == 0 || (err.errnum > 0 && err.text[0] != '\0'));
        return 0;
}
