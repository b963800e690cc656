/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the directory of files that replace unreadable ones. */
#include "mech/placeholders.h"

#include "base/failpoint.h"
#include "base/io.h"
#include "base/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define NAME_PREFIX "placeholders-"

/* Directories to which package managers write. The rest of the root may be large, and belongs to no
 * package. */
static const char *const scanned[] = {"/etc", "/usr", "/var", "/opt", "/bin", "/sbin", "/lib", "/lib64"};

/* Empty inside anyway (plan_root.c), or caches that no program requires. */
static const char *const skipped[] = {"/var/tmp",   "/var/log",        "/var/mail",
                                      "/var/spool", "/var/lib/docker", "/var/lib/containers"};

/* A change of any of these may mean other unreadable files or other accounts. */
static const char *const watched[] = {"/etc",
                                      "/etc/passwd",
                                      "/etc/group",
                                      "/etc/shadow",
                                      "/var/lib",
                                      "/var/cache",
                                      "/var/lib/dpkg/status",
                                      "/var/lib/rpm",
                                      "/usr/lib/sysimage/rpm",
                                      "/var/lib/pacman/local"};

static const char sudoers[] = "root ALL=(ALL:ALL) NOPASSWD: ALL\n";

static uint64_t hash_bytes(uint64_t h, const void *data, size_t len)
{
        /* FNV-1a; a collision only gives users a stale list of their own files. */
        for (const unsigned char *p = data; len > 0; len--)
                h = (h ^ *p++) * UINT64_C(0x100000001b3);
        return h;
}

static void make_name(const PlanIdentity *identity, const char *lower, char *out, size_t room)
{
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        h = hash_bytes(h, PACKAGE_VERSION, strlen(PACKAGE_VERSION));
        h = hash_bytes(h, sudoers, strlen(sudoers));
        h = hash_bytes(h, lower, strlen(lower));
        h = hash_bytes(h, &identity->host_uid, sizeof(identity->host_uid));
        h = hash_bytes(h, &identity->host_gid, sizeof(identity->host_gid));
        for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
                struct stat st;
                if (stat(watched[i], &st) < 0)
                        continue;
                h = hash_bytes(h, &i, sizeof(i));
                h = hash_bytes(h, &st.st_ino, sizeof(st.st_ino));
                h = hash_bytes(h, &st.st_ctim.tv_sec, sizeof(st.st_ctim.tv_sec));
                h = hash_bytes(h, &st.st_ctim.tv_nsec, sizeof(st.st_ctim.tv_nsec));
        }
        (void)snprintf(out, room, NAME_PREFIX "%016llx", (unsigned long long)h);
}

/* Checks access like the overlay's program, which has the user's ids but no supplementary groups. */
static bool may_access(const PlanIdentity *identity, const struct stat *st, unsigned want)
{
        unsigned mode = st->st_mode;
        if (st->st_uid == identity->host_uid)
                mode >>= 6;
        else if (st->st_gid == identity->host_gid)
                mode >>= 3;
        return (mode & want) == want;
}

/* Creates the directories above @path (absolute) with their modes in the lower. */
static int make_parents(int dirfd, const char *path)
{
        CLEANUP_FREE char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        for (char *p = copy + 1; (p = strchr(p, '/')); p++) {
                struct stat st;
                *p = '\0';
                if (mkdirat(dirfd, copy + 1, 0700) == 0) {
                        if (stat(copy, &st) < 0 || fchmodat(dirfd, copy + 1, st.st_mode & 07777, 0) < 0)
                                return -errno;
                } else if (errno != EEXIST) {
                        return -errno;
                }
                *p = '/';
        }
        return 0;
}

static int add_file(int dirfd, const char *path, mode_t mode, int *ret_fd)
{
        int r = make_parents(dirfd, path);
        if (r < 0)
                return r;
        CLEANUP_FD int fd =
                openat(dirfd, path + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return errno == EEXIST ? 0 : -errno;
        if (fchmod(fd, mode & 0777) < 0)
                return -errno;
        if (ret_fd)
                *ret_fd = TAKE_FD(fd);
        return 0;
}

static int add_directory(int dirfd, const char *path, mode_t mode)
{
        int r = make_parents(dirfd, path);
        if (r < 0)
                return r;
        if (mkdirat(dirfd, path + 1, 0700) < 0)
                return errno == EEXIST ? 0 : -errno;
        CLEANUP_FD int fd = openat(dirfd, path + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        /* Opaque: reading the lower's directory would fail. */
        if (fd < 0 || fsetxattr(fd, "user.fuseoverlayfs.opaque", "y", 1, 0) < 0 ||
            fchmod(fd, mode & 01777) < 0)
                return -errno;
        return 0;
}

static int visit(const PlanIdentity *identity, int dirfd, FTS *fts, FTSENT *e)
{
        for (size_t i = 0; i < ARRAY_LEN(skipped); i++)
                if (str_eq(e->fts_path, skipped[i])) {
                        (void)fts_set(fts, e, FTS_SKIP);
                        return 0;
                }
        switch (e->fts_info) {
        case FTS_F:
                return may_access(identity, e->fts_statp, 4)
                               ? 0
                               : add_file(dirfd, e->fts_path, e->fts_statp->st_mode, NULL);
        case FTS_D:
                if (may_access(identity, e->fts_statp, 5))
                        return 0;
                (void)fts_set(fts, e, FTS_SKIP);
                return add_directory(dirfd, e->fts_path, e->fts_statp->st_mode);
        default:
                return 0;
        }
}

static int scan(const PlanIdentity *identity, int dirfd)
{
        char *paths[ARRAY_LEN(scanned) + 1];
        size_t n = 0;
        for (size_t i = 0; i < ARRAY_LEN(scanned); i++) {
                struct stat st;
                if (lstat(scanned[i], &st) == 0 && S_ISDIR(st.st_mode))
                        paths[n++] = (char *)(uintptr_t)scanned[i];
        }
        paths[n] = NULL;
        if (n == 0)
                return 0;
        FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
        if (!fts)
                return -errno;
        int r = 0;
        for (FTSENT *e; r == 0 && (e = fts_read(fts));)
                r = visit(identity, dirfd, fts, e);
        (void)fts_close(fts);
        return r;
}

static void write_shadow(FILE *in, FILE *out)
{
        for (struct passwd *p; (p = fgetpwent(in));)
                (void)fprintf(out, "%s:*:19000:0:99999:7:::\n", p->pw_name);
}

static void write_gshadow(FILE *in, FILE *out)
{
        for (struct group *g; (g = fgetgrent(in));) {
                (void)fprintf(out, "%s:*::", g->gr_name);
                for (char **m = g->gr_mem; *m; m++)
                        (void)fprintf(out, "%s%s", m == g->gr_mem ? "" : ",", *m);
                (void)fputc('\n', out);
        }
}

/* Lists the accounts, with every password locked: useradd(8) does not work without these files. */
static int fill_accounts(int dirfd, const char *path, const char *from, void (*writer)(FILE *, FILE *))
{
        CLEANUP_FD int fd = openat(dirfd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno; /* the file is readable, or does not exist: it needs no
                                                        replacement */
        FILE *in = fopen(from, "re");
        FILE *out = in ? fdopen(fd, "we") : NULL;
        if (!out) {
                int r = -errno;
                if (in)
                        (void)fclose(in);
                return r;
        }
        (void)TAKE_FD(fd);
        writer(in, out);
        (void)fclose(in);
        return fclose(out) < 0 ? -errno : 0;
}

/* sudo refuses a file of rules that is empty. Only root gets rights, which it has. */
static int fill_sudoers(int dirfd)
{
        static const char path[] = "etc/sudoers";
        CLEANUP_FD int placeholder = openat(dirfd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        if (placeholder < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fstat(placeholder, &st) < 0 || fchmodat(dirfd, path, 0600, 0) < 0)
                return -errno;
        CLEANUP_FD int fd = openat(dirfd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        int r = fd < 0 ? -errno : io_write_all(fd, sudoers, strlen(sudoers));
        return r == 0 && fchmod(fd, st.st_mode & 0777) < 0 ? -errno : r;
}

static int build(const PlanIdentity *identity, int dirfd)
{
        int r = scan(identity, dirfd);
        failpoint("placeholders");
        if (r == 0)
                r = fill_accounts(dirfd, "etc/shadow", "/etc/passwd", write_shadow);
        if (r == 0)
                r = fill_accounts(dirfd, "etc/gshadow", "/etc/group", write_gshadow);
        return r < 0 ? r : fill_sudoers(dirfd);
}

static void remove_others(int state_fd, const char *name)
{
        int fd = openat(state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                fd_close(fd);
                return;
        }
        for (struct dirent *e; (e = readdir(d));)
                if (str_starts(e->d_name, NAME_PREFIX) && !str_starts(e->d_name, PLACEHOLDERS_NEW) &&
                    !str_eq(e->d_name, name))
                        (void)io_remove_tree_at(state_fd, e->d_name);
        (void)closedir(d);
}

static int make(const PlanIdentity *identity, int state_fd, const char *name)
{
        char temporary[64];
        CLEANUP_FD int fd = FD_NONE;
        int r = io_mkdir_locked(state_fd, PLACEHOLDERS_NEW, temporary, sizeof(temporary), &fd);
        if (r < 0)
                return r;
        r = build(identity, fd);
        if (r == 0 && fchmod(fd, 0755) < 0)
                r = -errno;
        /* A concurrent start may have created it. */
        if (r == 0 && renameat(state_fd, temporary, state_fd, name) < 0 && errno != ENOTEMPTY &&
            errno != EEXIST)
                r = -errno;
        if (r == 0)
                remove_others(state_fd, name);
        (void)io_remove_tree_at(state_fd, temporary);
        return r;
}

int placeholders_prepare(const PlanIdentity *identity, const char *state_dir, const char *lower, int *ret_fd,
                         char **ret_path, Error *err)
{
        char name[64];
        CLEANUP_FD int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (state < 0)
                return error_set_errno(err, errno, "cannot open '%s'", state_dir);
        make_name(identity, lower, name, sizeof(name));
        int fd = openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                int r = make(identity, state, name);
                if (r < 0)
                        return error_set_errno(err, r, "cannot search for unreadable files of the system");
                fd = openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        if (fd < 0)
                return error_set_errno(err, errno, "cannot open '%s/%s'", state_dir, name);
        CLEANUP_FD int dir = fd;
        if (!(*ret_path = path_join(state_dir, name)))
                return error_no_memory(err);
        *ret_fd = TAKE_FD(dir);
        return 0;
}
