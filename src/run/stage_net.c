/* SPDX-License-Identifier: Apache-2.0 */
/* Executes the net helper. */
#include "base/defence.h"
#include "base/io.h"
#include "base/process.h"
#include "run/helper_net.h"

#include <fcntl.h>
#include <stdio.h>
#include <signal.h>
#include <sys/prctl.h>

/* Descriptor numbers that the program expects (src/net/main.c). */
enum { FD_CHANNEL = 3, FD_CONFIG, FD_MAX };

/* Becomes root of the new user namespace, until the helper has left the file system. */
static int map_to_root(uid_t uid, gid_t gid)
{
        char line[64];
        int r = io_write_file_at(AT_FDCWD, "/proc/self/setgroups", "deny");
        (void)snprintf(line, sizeof(line), "0 %u 1", uid);
        if (r == 0)
                r = io_write_file_at(AT_FDCWD, "/proc/self/uid_map", line);
        (void)snprintf(line, sizeof(line), "0 %u 1", gid);
        return r == 0 ? io_write_file_at(AT_FDCWD, "/proc/self/gid_map", line) : r;
}

static int arrange(int channel, int config)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        int high_channel = fcntl(channel, F_DUPFD_CLOEXEC, FD_MAX);
        int high_config = fcntl(config, F_DUPFD_CLOEXEC, FD_MAX);
        if (null < 0 || high_channel < 0 || high_config < 0)
                return -errno;
        for (int fd = 0; fd < 3; fd++)
                if (dup2(null, fd) < 0)
                        return -errno;
        if (dup2(high_channel, FD_CHANNEL) < 0 || dup2(high_config, FD_CONFIG) < 0)
                return -errno;
        return process_close_from(FD_MAX);
}

/*
 * net (until exec; src/net/main.c has the requirements after it)
 *   has: new namespaces except for the host's network, the helper's channel and configuration.
 *   must: have its own process group, so that the caller's signals do not reach it; die with the supervisor;
 *     exec with no environment and no other descriptor.
 *   must not: access anything of the sandbox, or change memory, which it shares with the waiting supervisor.
 */
int stage_net_main(void *userdata)
{
        const NetStage *ctx = userdata;
        char *const argv[] = {ctx->program, NULL};
        int r = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : map_to_root(ctx->uid, ctx->gid);
        process_leave_group();
        process_reset_signals();
        if (r == 0)
                r = arrange(ctx->channel, ctx->config);
        if (r == 0)
                (void)execve(ctx->program, argv, defence_environment());
        NetMessage m = {.type = NETMSG_ERROR};
        (void)error_set_errno(&m.error, r < 0 ? -r : errno, "cannot start '%s'", ctx->program);
        (void)net_message_send(FD_CHANNEL, &m, FD_NONE, true);
        return EXIT_KURUNG_FAILED;
}
