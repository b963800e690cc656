/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A payload that does what comes to its mind: random operations on files, near mounts above all, with every
 * odd name, flag, attribute and descriptor that is known to have led a file system astray.
 *
 *   payload-walk SEED FROM STEPS TOKEN CANARY [PLACE...]
 *
 * The same seed does the same. From step FROM on operations are printed (0: none are). PLACE: directories to
 * be in, beside those of the mounts. CANARY is a directory on the host, which is not seen inside; links lead
 * there. TOKEN is what its files hold: it may never be read. Exit status 0: nothing was seen, 1: the token
 * was read or a mount is not where it was, and a line says so; 2: wrong usage.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MAX_PLACES = 128, MAX_FDS = 12, MAX_MOUNTS = 256, LOOK_EVERY = 256 };

static uint64_t state;
static long step, print_from;
static const char *token, *canary;

/* splitmix64 */
static uint64_t random_bits(void)
{
        uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
        return (unsigned)(random_bits() % n);
}

static bool one_in(unsigned n)
{
        return below(n) == 0;
}

#define PICK(array) ((array)[below(sizeof(array) / sizeof(*(array)))])

/* Prints a name so that a terminal survives it. */
static void print_escaped(const char *s)
{
        size_t n = 0;
        for (; *s; s++, n++) {
                if (n > 60) {
                        fputs("...", stdout);
                        return;
                }
                if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 127 || *s == '\\')
                        printf("\\x%02x", (unsigned char)*s);
                else
                        putchar(*s);
        }
}

static void violated(const char *what, const char *on)
{
        printf("violated at step %ld: %s ", step, what);
        print_escaped(on);
        putchar('\n');
        exit(1);
}

/* Whether what was read holds the token: then it came from the host. */
static void check_read(const void *data, ssize_t n, const char *how)
{
        if (n > 0 && memmem(data, (size_t)n, token, strlen(token)))
                violated("read the host's canary by", how);
}

/* Mounts */

typedef struct Mount {
        int id, parent;
        char *point;
        bool in_memory;
} Mount;

static Mount mounts[MAX_MOUNTS];
static size_t n_mounts;
static int mountinfo_fd = -1;

/* Opened once: the walk may lose /proc. */
static size_t read_mounts(Mount *into)
{
        static char text[1 << 18];
        size_t n = 0;
        ssize_t size = 0, r;
        if (lseek(mountinfo_fd, 0, SEEK_SET) < 0)
                exit(2);
        while ((r = read(mountinfo_fd, text + size, sizeof(text) - 1 - (size_t)size)) > 0)
                size += r;
        text[size] = '\0';
        for (char *line = text, *end; (end = strchr(line, '\n')) && n < MAX_MOUNTS; line = end + 1) {
                *end = '\0';
                Mount *m = &into[n];
                if (sscanf(line, "%d %d %*s %*s %ms", &m->id, &m->parent, &m->point) != 3)
                        exit(2);
                m->in_memory = strstr(line, " - tmpfs ");
                n++;
        }
        return n;
}

static const Mount *find_mount(const Mount *in, size_t n, int id)
{
        for (size_t i = 0; i < n; i++)
                if (in[i].id == id)
                        return &in[i];
        return NULL;
}

/* Each mount is where it was; what is mounted in a tmpfs may have been moved with the directory that it is
 * on. */
static void check_mounts(void)
{
        static Mount now[MAX_MOUNTS];
        size_t n = read_mounts(now);
        for (size_t i = 0; i < n_mounts; i++) {
                const Mount *m = find_mount(now, n, mounts[i].id);
                bool may_move = false;
                if (!m) {
                        /* That ends the sandbox: the supervisor gets the time to. */
                        (void)poll(NULL, 0, 5000);
                        violated("lost the mount at", mounts[i].point);
                }
                for (const Mount *p = find_mount(now, n, m->parent); p; p = find_mount(now, n, p->parent))
                        may_move = may_move || p->in_memory;
                if (strcmp(m->point, mounts[i].point) != 0 && !may_move)
                        violated("moved the mount at", mounts[i].point);
        }
        for (size_t i = 0; i < n; i++)
                free(now[i].point);
}

/* Places and names */

static const char *places[MAX_PLACES]; /* directories */
static size_t n_places;
static const char *tails[MAX_PLACES]; /* names of mounts in their directories */
static size_t n_tails;

static int fds[MAX_FDS];

/* Where most is done for a while, so that operations meet: a place, and its file system. */
static const char *here = "";
static long here_until;
/* Links wait for the next temporary names until then. */
static long planted_until;

/*
 * How many temporary names the file system's server may have used: about one for each node that is made or
 * removed. The walk guesses the next ones.
 */
typedef struct Server {
        dev_t dev;
        long counter;
} Server;

static Server servers[MAX_PLACES], *server = servers;

typedef char Path[2 * PATH_MAX];

static void append_name(char *path, size_t size)
{
        static const char *const own[] = {"a", "b", "c"};
        static const char *const odd[] = {
                ".wh..wh..opq", ".wh..opq", ".wh.",         ".wh..wh.a",       "..",   ".",   "...",
                "a\nb",         "\xff\xfe", "\xe2\x80\xae", ".fuse-overlayfs", "work", "-rf", " "};
        static char long_name[256];
        size_t n = strlen(path);
        if (!long_name[0])
                memset(long_name, 'n', 255);
        switch (below(16)) {
        case 0 ... 6:
                (void)snprintf(path + n, size - n, "%s", PICK(own));
                break;
        case 7 ... 9:
                (void)snprintf(path + n, size - n, ".wh.%s", PICK(own));
                break;
        case 10:
                (void)snprintf(path + n, size - n, "%s", PICK(odd));
                break;
        case 11:
                (void)snprintf(path + n, size - n, "%s%s", one_in(4) ? ".wh." : "",
                               n_tails ? tails[below((unsigned)n_tails)] : "a");
                break;
        case 12:
                (void)snprintf(path + n, size - n, "%s", one_in(2) ? long_name : long_name + 5);
                break;
        case 13:
                (void)snprintf(path + n, size - n, "%s", one_in(2) ? "secret" : "directory");
                break;
        default:
                (void)snprintf(path + n, size - n, "%ld", server->counter + (long)below(24) - 4);
                break;
        }
}

static const char *some_place(void)
{
        return one_in(5) ? places[below((unsigned)n_places)] : here;
}

/* A descriptor of ours, or one that was never there. */
static int some_fd(void)
{
        return fds[below(MAX_FDS)];
}

/* A path, to be looked up from the returned descriptor. */
static int some_path(Path path)
{
        path[0] = '\0';
        unsigned names = 1;
        int at = AT_FDCWD;
        switch (below(8)) {
        case 0 ... 2: /* below a descriptor */
                at = some_fd();
                if (one_in(6)) {
                        (void)snprintf(path, sizeof(Path), "/proc/self/fd/%d", at);
                        return AT_FDCWD;
                }
                if (at < 0)
                        at = AT_FDCWD;
                break;
        case 3: /* a place itself */
                if (one_in(2)) {
                        (void)snprintf(path, sizeof(Path), "%s", places[below((unsigned)n_places)]);
                        return AT_FDCWD;
                }
                /* fall through */
        default:
                (void)snprintf(path, sizeof(Path), "%s/", some_place());
                break;
        }
        while (one_in(4) && names < 3)
                names++;
        for (unsigned i = 0; i < names; i++) {
                if (i > 0)
                        strcat(path, "/");
                append_name(path, sizeof(Path));
        }
        return at;
}

/* What links lead to. */
static void some_target(Path path)
{
        static const char *const odd[] = {
                "x", ".", "/", "../../../..", "a", "/proc/self/root", "/proc/self/cwd"};
        switch (below(8)) {
        case 0 ... 3:
                (void)snprintf(path, sizeof(Path), "%s", canary);
                break;
        case 4 ... 5:
                (void)snprintf(path, sizeof(Path), "%s/secret", canary);
                break;
        case 6:
                (void)snprintf(path, sizeof(Path), "/proc/self/fd/%d", some_fd());
                break;
        default:
                (void)snprintf(path, sizeof(Path), "%s", PICK(odd));
                break;
        }
}

/* Printing what is done, with its result. */
__attribute__((format(printf, 2, 3))) static long did(long r, const char *format, ...)
{
        char text[3 * PATH_MAX];
        int e = errno;
        if (print_from == 0 || step < print_from)
                return r;
        va_list args;
        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        printf("%ld: ", step);
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p < ' ' || (unsigned char)*p >= 127)
                        printf("\\x%02x", (unsigned char)*p);
                else
                        putchar(*p);
        printf(" = %s\n", r < 0 ? strerrorname_np(e) : "done");
        return r;
}

static void keep(int fd)
{
        if (fd < 0)
                return;
        unsigned i = below(MAX_FDS);
        if (fds[i] >= 0)
                close(fds[i]);
        fds[i] = fd;
}

/* Operations */

static void op_open(void)
{
        static const int access[] = {O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_PATH, O_PATH | O_NOFOLLOW};
        static const int more[] = {0,           0,
                                   O_DIRECTORY, O_DIRECTORY,
                                   O_CREAT,     O_CREAT | O_EXCL,
                                   O_TRUNC,     O_CREAT | O_TRUNC,
                                   O_NOFOLLOW,  O_APPEND,
                                   O_TMPFILE,   O_DIRECT};
        Path path;
        char data[512];
        int at = some_path(path), flags = PICK(access) | PICK(more) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
        if ((flags & O_PATH) == 0 && (flags & O_ACCMODE) == O_RDONLY)
                flags &= ~O_TRUNC;
        int fd = openat(at, path, flags, one_in(4) ? 0 : 0644);
        server->counter += fd >= 0 && flags & O_CREAT;
        did(fd, "open %d %s %#x", at, path, (unsigned)flags);
        if (fd >= 0 && (flags & (O_PATH | O_DIRECTORY)) == 0)
                check_read(data, read(fd, data, sizeof(data)), "open");
        keep(fd);
}

static void op_hold(void)
{
        Path path;
        int at = some_path(path),
            flags = one_in(2) ? O_RDONLY | O_DIRECTORY | O_NONBLOCK : O_PATH | O_NOFOLLOW;
        int fd = openat(at, path, flags | O_CLOEXEC);
        did(fd, "hold %d %s", at, path);
        keep(fd);
}

static void op_read(void)
{
        char data[4096];
        int fd = some_fd();
        Path self;
        (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        if (one_in(2)) {
                check_read(data, pread(fd, data, sizeof(data), 0), "pread");
                void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
                struct stat st;
                if (map != MAP_FAILED && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
                    one_in(8)) {
                        /* Through a pipe: a page that is gone would be a signal. */
                        int p[2];
                        if (pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0) {
                                ssize_t n = write(p[1], map, st.st_size < 4096 ? (size_t)st.st_size : 4096);
                                if (n > 0)
                                        check_read(data, read(p[0], data, sizeof(data)), "mmap");
                                close(p[0]);
                                close(p[1]);
                        }
                }
                if (map != MAP_FAILED)
                        munmap(map, 4096);
                return;
        }
        int again = open(self, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        did(again, "open again %d", fd);
        if (again >= 0) {
                check_read(data, read(again, data, sizeof(data)), "opening again");
                close(again);
        }
}

static void op_write(void)
{
        int fd = some_fd();
        switch (below(4)) {
        case 0:
                did(write(fd, "payload\n", 8), "write %d", fd);
                break;
        case 1:
                did(ftruncate(fd, below(3) * 4096), "ftruncate %d", fd);
                break;
        case 2:
                did(fallocate(fd, (int)below(4), 0, 4096), "fallocate %d", fd);
                break;
        default: {
                int to = some_fd();
                did(copy_file_range(fd, NULL, to, NULL, 4096, 0), "copy_file_range %d %d", fd, to);
        }
        }
}

static void op_list(void)
{
        Path path;
        int at = some_path(path), fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        did(fd, "list %d %s", at, path);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        for (struct dirent *e; d && (e = readdir(d));)
                check_read(e->d_name, (ssize_t)strlen(e->d_name), "readdir");
        if (d)
                closedir(d);
}

static void op_stat(void)
{
        struct stat st;
        Path path;
        char to[PATH_MAX];
        int at = some_path(path);
        did(fstatat(at, path, &st, one_in(2) ? AT_SYMLINK_NOFOLLOW : 0), "stat %d %s", at, path);
        check_read(to, readlinkat(at, path, to, sizeof(to)), "readlink");
}

static void op_mkdir(void)
{
        Path path;
        int at = some_path(path);
        server->counter++;
        did(mkdirat(at, path, one_in(8) ? 0 : 0755), "mkdir %d %s", at, path);
}

static void op_mknod(void)
{
        static const mode_t kinds[] = {S_IFIFO | 0644, S_IFIFO | 0644, S_IFREG | 0644, S_IFSOCK | 0644,
                                       S_IFCHR};
        Path path;
        mode_t kind = PICK(kinds);
        int at = some_path(path);
        long r = mknodat(at, path, kind, 0);
        server->counter += r == 0;
        did(r, "mknod %d %s %o", at, path, kind);
}

static void op_symlink(void)
{
        Path path, target;
        int at = some_path(path);
        some_target(target);
        long r = symlinkat(target, at, path);
        server->counter += r == 0;
        did(r, "symlink %s %d %s", target, at, path);
}

/* Links with the names that fuse-overlayfs uses next, in the root of an overlay. */
static void op_plant(void)
{
        Path path, target;
        some_target(target);
        long n = 32, first = server->counter + n / 2 + (long)below(32);
        if (one_in(3))
                first += (long)below((unsigned)(server->counter / 2 + 1));
        for (long i = first; i < first + n; i++) {
                (void)snprintf(path, sizeof(path), "%s/%ld", here, i);
                if (did(symlinkat(target, AT_FDCWD, path), "plant %s %s", target, path) < 0)
                        break;
                server->counter++;
        }
        planted_until = step + 40;
        here_until += 40;
}

static void op_link(void)
{
        static const int flags[] = {0, 0, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH};
        Path from, to;
        int at = some_path(from), flag = PICK(flags), at_new = some_path(to);
        if (flag == AT_EMPTY_PATH)
                from[0] = '\0';
        did(linkat(at, from, at_new, to, flag), "link %d %s %d %s %#x", at, from, at_new, to, (unsigned)flag);
}

static void op_remove(void)
{
        Path path;
        int at = some_path(path), flags = one_in(3) ? AT_REMOVEDIR : 0;
        long r = unlinkat(at, path, flags);
        server->counter += r == 0;
        did(r, "%s %d %s", flags ? "rmdir" : "unlink", at, path);
}

static void op_rename(void)
{
        static const unsigned flags[] = {0, 0, 0, 0, 1, 2, 2, 4, 5};
        Path from, to;
        int at = some_path(from), at_new = some_path(to);
        unsigned flag = PICK(flags);
        did(renameat2(at, from, at_new, to, flag), "rename %d %s %d %s %u", at, from, at_new, to, flag);
}

/* Something of ours in the place of a directory that leads to a mount; what is below is looked up meanwhile.
 */
static void op_exchange(void)
{
        Path own, below_own;
        const char *place = places[below((unsigned)n_places)], *slash = strrchr(place, '/');
        (void)snprintf(own, sizeof(own), "%.*s/", slash ? (int)(slash - place) : 0, place);
        append_name(own, sizeof(own));
        struct stat st;
        did(renameat2(AT_FDCWD, own, AT_FDCWD, place, 2), "exchange %s %s", own, place);
        for (size_t i = 0; i < n_tails; i++) {
                if (one_in(2))
                        continue;
                (void)snprintf(below_own, sizeof(below_own), "%.4000s/%.4000s", own, tails[i]);
                did(stat(below_own, &st), "stat %s", below_own);
        }
        if (one_in(2))
                did(renameat2(AT_FDCWD, own, AT_FDCWD, place, 2), "exchange %s %s", own, place);
}

static void op_attributes(void)
{
        static const mode_t modes[] = {0, 0666, 0777, 04755, 02755, 01777};
        static const struct timespec ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
        Path path;
        int at = some_path(path), flags = one_in(3) ? AT_SYMLINK_NOFOLLOW : 0;
        switch (below(5)) {
        case 0 ... 1:
                did(fchmodat(at, path, PICK(modes), 0), "chmod %d %s", at, path);
                break;
        case 2:
                did(fchownat(at, path, below(3), below(3), flags), "chown %d %s", at, path);
                break;
        case 3:
                did(utimensat(at, path, ago, flags), "utimens %d %s", at, path);
                break;
        default:
                did(at == AT_FDCWD ? truncate(path, below(3)) : ftruncate(at, below(3)), "truncate %d %s", at,
                    path);
                break;
        }
}

static void op_xattr(void)
{
        static const char *const names[] = {
                "user.x",
                "user.secret",
                "user.overlay.opaque",
                "user.overlay.redirect",
                "user.overlay.metacopy",
                "user.overlay.origin",
                "user.overlay.whiteout",
                "user.fuseoverlayfs.opaque",
                "user.fuseoverlayfs.origin",
                "user.fuseoverlayfs.override_stat",
                "user.containers.override_stat",
                "trusted.overlay.opaque",
                "trusted.overlay.redirect",
                "security.capability",
                "system.posix_acl_access",
                "system.posix_acl_default",
        };
        /* user::rwx group::r-x other::r-x */
        static const char acl[] =
                "\2\0\0\0\1\0\7\0\xff\xff\xff\xff\4\0\5\0\xff\xff\xff\xff\x20\0\5\0\xff\xff\xff\xff";
        Path self, path, target;
        char data[1024];
        int at = some_path(path);
        if (at == AT_FDCWD)
                (void)snprintf(self, sizeof(self), "%s", path);
        else
                (void)snprintf(self, sizeof(self), "/proc/self/fd/%d/%.4000s", at, path);
        const char *name = PICK(names);
        some_target(target);
        bool is_acl = strncmp(name, "system.", 7) == 0;
        const char *value = is_acl ? acl : one_in(2) ? "y" : one_in(2) ? "0:0:777" : target;
        switch (below(6)) {
        case 0 ... 1:
                did(lsetxattr(self, name, value, is_acl ? sizeof(acl) - 1 : strlen(value), 0),
                    "setxattr %s %s", self, name);
                break;
        case 2:
                did(lremovexattr(self, name), "removexattr %s %s", self, name);
                break;
        case 3:
                check_read(data, getxattr(self, name, data, sizeof(data)), "getxattr");
                break;
        case 4:
                check_read(data, lgetxattr(self, name, data, sizeof(data)), "lgetxattr");
                break;
        default:
                check_read(data, listxattr(self, data, sizeof(data)), "listxattr");
                break;
        }
}

static void op_close(void)
{
        unsigned i = below(MAX_FDS);
        if (fds[i] >= 0)
                close(fds[i]);
        fds[i] = -1;
}

static void op_chdir(void)
{
        const char *place = places[below((unsigned)n_places)];
        did(chdir(place), "chdir %s", place);
}

/* What was held before is used after its name was taken away, whatever that was. */
static void use_held(int fd)
{
        static const char *const names[] = {"a", "secret", "directory", "a/secret", "directory/secret"};
        static const struct timespec ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
        const char *name = PICK(names);
        Path self, path, stolen;
        char data[512];
        struct stat st;
        (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", fd, name);
        (void)snprintf(stolen, sizeof(stolen), "%s/stolen-%ld", here, step);
        switch (below(16)) {
        case 0:
                server->counter += did(mkdirat(fd, name, 0755), "mkdir %d %s", fd, name) == 0;
                break;
        case 1:
                server->counter += did(unlinkat(fd, name, AT_REMOVEDIR), "rmdir %d %s", fd, name) == 0;
                break;
        case 2:
                server->counter += did(unlinkat(fd, name, 0), "unlink %d %s", fd, name) == 0;
                break;
        case 3:
                did(fstatat(fd, name, &st, 0), "stat %d %s", fd, name);
                break;
        case 4:
                did(linkat(fd, name, AT_FDCWD, stolen, 0), "link %d %s %s", fd, name, stolen);
                keep(open(stolen, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
                break;
        case 5: {
                int new = openat(fd, name, O_CREAT | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0644);
                server->counter += did(new, "create %d %s", fd, name) >= 0;
                if (new >= 0)
                        check_read(data, read(new, data, sizeof(data)), "open below a held directory");
                keep(new);
                break;
        }
        case 6:
                did(symlinkat("x", fd, name), "symlink x %d %s", fd, name);
                break;
        case 7:
                did(mknodat(fd, name, S_IFIFO | 0644, 0), "mknod %d %s", fd, name);
                break;
        case 8:
                did(fchmodat(fd, name, 0666, 0), "chmod %d %s", fd, name);
                break;
        case 9:
                did(truncate(path, 0), "truncate %s", path);
                break;
        case 10 ... 11:
                did(chmod(self, 0666), "chmod %s", self);
                break;
        case 12:
                did(utimensat(AT_FDCWD, self, ago, 0), "utimens %s", self);
                break;
        case 13:
                did(setxattr(self, "user.x", "y", 1, 0), "setxattr %s", self);
                break;
        case 14:
                check_read(data, listxattr(self, data, sizeof(data)), "listxattr of a held node");
                check_read(data, getxattr(self, "user.secret", data, sizeof(data)),
                           "getxattr of a held node");
                break;
        default:
                check_read(data, readlinkat(fd, name, data, sizeof(data)), "readlink below a held directory");
                break;
        }
}

/* Makes something, holds it, takes its name away in one of many ways, and uses it. */
static void op_take_away(void)
{
        Path path, other, odd, target;
        int fd = -1;
        (void)snprintf(path, sizeof(path), "%s/n%ld", here, step);
        (void)snprintf(other, sizeof(other), "%s/o%ld", here, step);
        (void)snprintf(odd, sizeof(odd), "%s/.wh.n%ld", here, step);
        some_target(target);
        unsigned kind = below(4);
        long r = kind == 0   ? mknodat(AT_FDCWD, path, S_IFIFO | 0644, 0)
                 : kind == 1 ? symlink(target, path)
                 : kind == 2 ? mknodat(AT_FDCWD, path, S_IFREG | 0644, 0)
                             : mkdir(path, 0755);
        if (did(r, "make %u %s", kind, path) < 0)
                return;
        server->counter++;
        fd = open(path, (kind == 3 ? O_RDONLY | O_DIRECTORY : O_PATH | O_NOFOLLOW) | O_CLOEXEC);
        did(fd, "hold %s", path);
        const char *from = path;
        for (unsigned i = 0, n = 1 + below(3); i < n; i++) {
                switch (below(5)) {
                case 0:
                        if (did(renameat2(AT_FDCWD, from, AT_FDCWD, odd, below(2)), "rename %s %s", from,
                                odd) == 0)
                                from = odd;
                        break;
                case 1:
                        server->counter +=
                                did(kind == 3 ? rmdir(from) : unlink(from), "remove %s", from) == 0;
                        break;
                case 2:
                        did(renameat2(AT_FDCWD, other, AT_FDCWD, from, 2), "exchange %s %s", other, from);
                        break;
                default:
                        if (symlink("x", other) == 0)
                                server->counter++;
                        server->counter += did(rename(other, from), "rename %s %s", other, from) == 0;
                        break;
                }
        }
        for (unsigned i = 0, n = 1 + below(6); i < n; i++)
                use_held(fd);
        keep(fd);
}

static void choose_here(void)
{
        struct stat st;
        here = places[below((unsigned)n_places)];
        here_until = step + 20 + (long)below(100);
        if (stat(*here ? here : "/", &st) < 0)
                return;
        for (server = servers; server < servers + MAX_PLACES - 1 && server->dev != 0; server++)
                if (server->dev == st.st_dev)
                        return;
        *server = (Server){.dev = st.st_dev, .counter = 8};
}

static const struct {
        unsigned weight;
        void (*run)(void);
} ops[] = {
        {10, op_open},       {12, op_hold},  {6, op_read},   {4, op_write},   {4, op_list},
        {6, op_stat},        {10, op_mkdir}, {6, op_mknod},  {8, op_symlink}, {12, op_take_away},
        {3, op_plant},       {5, op_link},   {6, op_remove}, {18, op_rename}, {4, op_exchange},
        {10, op_attributes}, {6, op_xattr},  {1, op_close},  {1, op_chdir},
};

static void do_step(void)
{
        unsigned all = 0;
        if (step < planted_until && one_in(2)) {
                op_take_away();
                return;
        }
        for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
                all += ops[i].weight;
        unsigned r = below(all);
        for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
                if (r < ops[i].weight) {
                        ops[i].run();
                        return;
                }
                r -= ops[i].weight;
        }
}

static void add_place(const char *place)
{
        for (size_t i = 0; i < n_places; i++)
                if (strcmp(places[i], place) == 0)
                        return;
        if (n_places < MAX_PLACES)
                places[n_places++] = strdup(place);
}

/* The directories on the way to each mount, and the mounts' names. */
static void add_ways(void)
{
        for (size_t i = 0; i < n_mounts; i++) {
                char *place = strdup(mounts[i].point), *slash;
                if (!place)
                        exit(2);
                bool kernels = strncmp(place, "/proc", 5) == 0 || strncmp(place, "/sys", 4) == 0 ||
                               strncmp(place, "/dev", 4) == 0;
                if (!kernels && strcmp(place, "/") != 0) {
                        if (n_tails < MAX_PLACES)
                                tails[n_tails++] = strdup(strrchr(place, '/') + 1);
                        add_place(place);
                        while ((slash = strrchr(place, '/')) && slash != place) {
                                *slash = '\0';
                                add_place(place);
                        }
                }
                free(place);
        }
}

int main(int argc, char **argv)
{
        if (argc < 6)
                return 2;
        state = strtoull(argv[1], NULL, 10);
        print_from = atol(argv[2]);
        long steps = atol(argv[3]);
        token = argv[4];
        canary = argv[5];
        setvbuf(stdout, NULL, _IOLBF, 0);
        (void)signal(SIGPIPE, SIG_IGN);
        for (size_t i = 0; i < MAX_FDS; i++)
                fds[i] = -1;
        /* Out of the way of the walk's descriptors, so that these have the same numbers every time. */
        int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        mountinfo_fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
        if (mountinfo_fd < 0)
                return 2;
        close(fd);
        n_mounts = read_mounts(mounts);
        for (int i = 6; i < argc; i++)
                add_place(argv[i]);
        add_place("");
        add_ways();
        for (step = 1; step <= steps; step++) {
                if (step >= here_until)
                        choose_here();
                do_step();
                if (step % LOOK_EVERY == 0)
                        check_mounts();
        }
        check_mounts();
        return 0;
}
