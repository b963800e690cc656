/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the bytes make an upper directory and a host directory; the changes are read and applied
 * by force. Property: nothing outside the host directory changes, whatever the upper holds, and no temporary
 * name is left.
 */
#include "changes/apply.h"
#include "changes/walk.h"

#include "base/io.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"a",      "b",  ".wh.a", ".wh..wh..opq", ".wh.",         ".wh..",
                                    ".wh...", "-x", "c\nd",  "\xff",         ".wh..wh.plnk", "outside"};
static const char *const targets[] = {"../../outside", "/proc/self/cwd", "a", ".", "..", "../outside"};
static const char *const attributes[] = {"user.overlay.opaque",
                                         "user.overlay.redirect",
                                         "user.fuseoverlayfs.opaque",
                                         "user.overlay.metacopy",
                                         "user.x",
                                         "user.overlay.whiteout"};
static char top[64];

typedef struct Input {
        const uint8_t *data;
        size_t size;
} Input;

static unsigned take(Input *in, unsigned below)
{
        if (in->size == 0)
                return 0;
        in->size--;
        return *in->data++ % below;
}

/* Some entries in the directory, then in one below it, and so on. */
static void make_tree(Input *in, int dirfd, unsigned depth, bool upper)
{
        unsigned n = take(in, 6);
        for (unsigned i = 0; i < n; i++) {
                const char *name = names[take(in, ARRAY_LEN(names))];
                char value[2] = {(char)('a' + take(in, 26)), '\0'};
                CLEANUP_FD int fd = FD_NONE;
                switch (take(in, upper ? 6 : 3)) {
                case 0:
                        if (mkdirat(dirfd, name, 0700) == 0 && depth < 4) {
                                fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                                if (fd >= 0)
                                        make_tree(in, fd, depth + 1, upper);
                        }
                        break;
                case 1:
                        fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                                    0600);
                        if (fd >= 0)
                                (void)io_write_all(fd, value, 1);
                        break;
                case 2:
                        (void)symlinkat(targets[take(in, ARRAY_LEN(targets))], dirfd, name);
                        break;
                case 3:
                        (void)mknodat(dirfd, name, S_IFCHR, 0);
                        break;
                case 4:
                        (void)mkfifoat(dirfd, name, 0600);
                        break;
                default:
                        fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                        if (fd >= 0)
                                (void)fsetxattr(fd, attributes[take(in, ARRAY_LEN(attributes))],
                                                take(in, 2) ? "y" : value, 1, 0);
                }
        }
}

static ApplyAnswer yes(void *userdata, const ChangesLayer *layer, const char *path, const Change *c)
{
        (void)userdata;
        (void)layer;
        (void)path;
        (void)c;
        return APPLY_TAKE;
}

static void no_report(void *userdata, ApplyReport what, const ChangesLayer *layer, const char *path,
                      const Change *c, const char *why)
{
        (void)userdata;
        (void)what;
        (void)layer;
        (void)path;
        (void)c;
        (void)why;
}

static void no_note(void *userdata, const char *what, const char *path)
{
        (void)userdata;
        (void)what;
        (void)path;
}

static int check_name(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        if (strstr(path, "/.kurung-"))
                abort();
        return 0;
}

static int open_dir(int dirfd, const char *name)
{
        if (mkdirat(dirfd, name, 0700) < 0)
                return -errno;
        return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void run(int topfd, int sandbox, ChangesEngine engine)
{
        char lower[96];
        CLEANUP(selection_clear) Selection all = {0};
        CLEANUP(journal_clear) Journal journal = JOURNAL_NONE;
        const StrList command = {0};
        Apply apply;
        Error err = {0};
        struct stat before, after;
        (void)snprintf(lower, sizeof(lower), "%s/host", top);
        const ChangesLayer layer = {.engine = engine, .name = (char[]){"1"}, .lower = lower, .dest = lower};
        const WalkOptions walk = {.selection = &all, .want_content = true};
        const ApplyOptions options = {.force = true, .ask = yes, .report = no_report};
        if (fstatat(topfd, "outside/file", &before, 0) < 0)
                return;
        const JournalHost host = {.layers = &layer, .n_layers = 1, .note = no_note};
        journal.sandbox_fd = sandbox;
        if (apply_begin(&apply, &options, sandbox, &layer, 1, &journal, &command, &err) == 0) {
                int r = walk_layers(sandbox, &layer, 1, &walk, apply_take, &apply, &err);
                if (journal.fd >= 0 && r == 0)
                        (void)journal_commit(&journal, &host, &err);
                else if (journal.fd >= 0)
                        (void)journal_roll_back(&journal, &host, &err);
        }
        apply_clear(&apply);
        if (fstatat(topfd, "outside/file", &after, 0) < 0 || after.st_ino != before.st_ino ||
            after.st_size != before.st_size || after.st_ctim.tv_nsec != before.st_ctim.tv_nsec)
                abort();
        CLEANUP_FD int outside = openat(topfd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fstat(outside, &after) < 0 || after.st_nlink != 2 ||
            after.st_mtim.tv_nsec != before.st_mtim.tv_nsec)
                abort();
        (void)nftw(lower, check_name, 16, FTW_PHYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Input in = {data, size};
        const char *place = getenv("FUZZ_PLACE");
        (void)snprintf(top, sizeof(top), "%s/kurung-fuzz.XXXXXX", place ? place : "/var/tmp");
        if (!mkdtemp(top))
                abort();
        CLEANUP_FD int topfd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CLEANUP_FD int outside = open_dir(topfd, "outside"), host = open_dir(topfd, "host"),
                       sandbox = open_dir(topfd, "sandbox"), upper = open_dir(sandbox, "upper-1");
        CLEANUP_FD int file = openat(outside, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        struct stat st;
        if (host < 0 || upper < 0 || file < 0 || fstat(file, &st) < 0)
                abort();
        /* The directory's own time says whether anything was made in it or taken out. */
        const struct timespec times[2] = {st.st_mtim, st.st_mtim};
        (void)futimens(outside, times);
        ChangesEngine engine = (ChangesEngine)take(&in, 3);
        make_tree(&in, host, 0, false);
        make_tree(&in, upper, 0, true);
        run(topfd, sandbox, engine);
        (void)io_remove_tree_at(AT_FDCWD, top);
        /* Reading attributes has made the upper the working directory. */
        return chdir(place ? place : "/") < 0 ? -1 : 0;
}
