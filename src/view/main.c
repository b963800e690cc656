/* SPDX-License-Identifier: Apache-2.0 */
/* Serves a directory of the host to a sandbox, read-only and with the owners that its files have there. */
#include "view/serve.h"

#include "base/io.h"
#include "view/calls.h"

#include <linux/seccomp.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/prctl.h>

/* The numbers that the stage sets (run/stage_overlay.c). */
enum { FD_DEVICE = 3, FD_OWNERS, FD_DEVICE_2 };

#define MAP_MAX 65536

static const ConfineCall calls[] = {VIEW_CALLS};

static int prepare_view(View *v, char *const argv[], Error *err)
{
        CLEANUP_FREE char *uids = NULL, *gids = NULL;
        int lower = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (lower < 0)
                return error_set_errno(err, errno, "cannot open '%s'", argv[1]);
        int placeholders = argv[2] ? open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC) : FD_NONE;
        if (argv[2] && placeholders < 0)
                return error_set_errno(err, errno, "cannot open '%s'", argv[2]);
        int r = io_read_file_at(AT_FDCWD, "/proc/self/uid_map", MAP_MAX, &uids, NULL);
        if (r == 0)
                r = io_read_file_at(AT_FDCWD, "/proc/self/gid_map", MAP_MAX, &gids, NULL);
        if (r == 0)
                r = view_init(v, lower, placeholders, FD_OWNERS, uids, gids);
        return r < 0 ? error_set_errno(err, r, "cannot read the id maps of the sandbox") : 0;
}

/* What starts it has confined it already, for everything that a program needs to start. Serving needs less.
 */
static int confine(Error *err)
{
        const Confinement c = {.who = "kurung-view",
                               .reads_root = true,
                               .calls = calls,
                               .n_calls = ARRAY_LEN(calls),
                               .other_calls = SECCOMP_RET_ERRNO | EPERM};
        if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set_errno(err, errno, "cannot set no_new_privs");
        return confine_seal(&c, err);
}

/*
 * view
 *   has: what the overlay stage gives to every server (run/stage_overlay.c), a second device, and a
 * channel to the process that tells it the owners of files. No capability; nothing that it could write to.
 * must: confine itself before its first request; serve the file system until it is killed. must not: show
 * what the lower does not have, or follow a link out of it.
 */
int main(int argc, char *argv[])
{
        static View v;
        Error err = {0};
        /* "kurung doctor" asks whether the program, with its libraries, can be loaded. */
        if (argc == 2 && str_eq(argv[1], "--version"))
                return 0;
        if (argc < 2 || argc > 3) {
                (void)dprintf(2, "usage: kurung-view LOWER [PLACEHOLDERS] (only kurung starts it)\n");
                return 2;
        }
        int r = prepare_view(&v, argv, &err);
        struct fuse_session *sessions[] = {NULL, NULL};
        if (r == 0 && (!(sessions[0] = serve_open(FD_DEVICE, &v, &err)) ||
                       !(sessions[1] = serve_open(FD_DEVICE_2, &v, &err))))
                r = -EIO;
        if (r == 0)
                r = confine(&err);
        if (r < 0) {
                (void)dprintf(2, "%s\n", err.text);
                return 1;
        }
        (void)malloc_trim(0);
        r = serve_run(sessions, ARRAY_LEN(sessions));
        for (size_t i = 0; i < ARRAY_LEN(sessions); i++)
                serve_close(sessions[i]);
        view_clear(&v);
        return r < 0 ? 1 : 0;
}
