/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the system call filter from its cache, has it compiled, or reads a given one. */
#include "mech/seccomp.h"

#include "base/io.h"
#include "mech/seccomp_compile.h"
#include "mech/seccomp_policy.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define CACHE_MAGIC UINT64_C(0x32504d4f43434553) /* "SECCOMP2" */

typedef struct CacheHeader {
        uint64_t magic;
        uint64_t key[2];
        uint64_t checksum;
        uint32_t lengths[SECCOMP_OWN_PROGRAMS];
} CacheHeader;

typedef struct Hash {
        uint64_t a, b;
} Hash;

/* FNV-1a twice, with different initial values: the hash is a name, not a secret; the owner of the cached file
 * protects its content. */
static void hash_add(Hash *h, const void *data, size_t len)
{
        for (const unsigned char *p = data; len > 0; len--, p++) {
                h->a = (h->a ^ *p) * UINT64_C(0x100000001b3);
                h->b = (h->b ^ (unsigned char)~*p) * UINT64_C(0x100000001b3);
        }
}

static void hash_text(Hash *h, const char *s)
{
        hash_add(h, s, strlen(s) + 1);
}

static void hash_groups(Hash *h, const SeccompGroup *groups, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                hash_add(h, &groups[i].strict, sizeof(groups[i].strict));
                for (const char *const *name = groups[i].names; *name; name++)
                        hash_text(h, *name);
        }
}

static void hash_rules(Hash *h)
{
        for (size_t i = 0; i < seccomp_rules_n; i++) {
                const SeccompRule *rule = &seccomp_rules[i];
                hash_text(h, rule->call);
                hash_add(h, &rule->answer, sizeof(rule->answer));
                hash_add(h, &rule->when, sizeof(rule->when));
                hash_add(h, &rule->unless, sizeof(rule->unless));
                hash_add(h, rule->tests, rule->n_tests * sizeof(*rule->tests));
        }
}

/* Hashes everything on which the compiled filter depends. */
static int hash_policy(const PlanPrivileges *privileges, Hash *ret, Error *err)
{
        Hash h = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x84222325cbf29ce4)};
        const int versions[] = {SECCOMP_POLICY_VERSION,
                                SCMP_VER_MAJOR,
                                SCMP_VER_MINOR,
                                SCMP_VER_MICRO,
                                (int)privileges->seccomp,
                                privileges->host_writable,
                                (int)(privileges->capabilities >> CAP_NET_RAW & 1)};
        struct utsname host;
        hash_text(&h, PACKAGE_VERSION);
        hash_add(&h, versions, sizeof(versions));
        hash_groups(&h, seccomp_refused, seccomp_refused_n);
        hash_groups(&h, seccomp_allowed, seccomp_allowed_n);
        hash_rules(&h);
        if (uname(&host) == 0)
                hash_text(&h, host.machine);
        for (size_t i = 0; i < privileges->architectures.n; i++)
                hash_text(&h, privileges->architectures.items[i]);
        if (privileges->seccomp_file) {
                CLEANUP_FREE char *text = NULL;
                size_t len;
                int r = io_read_file_at(AT_FDCWD, privileges->seccomp_file, 1 << 20, &text, &len);
                if (r < 0)
                        return error_set_errno(err, r, "Seccomp=%s: cannot read the file",
                                               privileges->seccomp_file);
                hash_add(&h, text, len);
        }
        *ret = h;
        return 0;
}

static uint64_t checksum(const SeccompFilter *f)
{
        Hash h = {UINT64_C(0xcbf29ce484222325), 0};
        for (size_t i = 0; i < f->n; i++)
                hash_add(&h, f->programs[i].items, f->programs[i].n * sizeof(*f->programs[i].items));
        return h.a;
}

static int open_cache_dir(const char *state_dir)
{
        CLEANUP_FREE char *path = NULL;
        if (!state_dir || asprintf(&path, "%s/seccomp", state_dir) < 0)
                return FD_NONE;
        int r = io_mkdir_p(path, 0700);
        return r < 0 ? FD_NONE : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The cache must be a regular file of the user that nobody else may write; any other file is ignored. */
static bool is_trusted(const struct stat *st)
{
        return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 0022) == 0 &&
               st->st_nlink == 1;
}

static int read_programs(int fd, const CacheHeader *h, SeccompFilter *f)
{
        for (size_t i = 0; i < SECCOMP_OWN_PROGRAMS; i++) {
                size_t size = h->lengths[i] * sizeof(struct sock_filter);
                struct sock_filter *items = malloc(size);
                if (!items)
                        return -ENOMEM;
                ssize_t n = read(fd, items, size);
                int r = seccomp_filter_add(f, items, h->lengths[i]);
                if (r < 0 || n != (ssize_t)size)
                        return r < 0 ? r : -EBADMSG;
        }
        return checksum(f) == h->checksum ? 0 : -EBADMSG;
}

static int cache_read(int dirfd, const char *name, const Hash *key, SeccompFilter *ret)
{
        CLEANUP_FD int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        CLEANUP(seccomp_filter_clear) SeccompFilter f = {0};
        CacheHeader h;
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!is_trusted(&st))
                return -EPERM;
        if (read(fd, &h, sizeof(h)) != sizeof(h) || h.magic != CACHE_MAGIC || h.key[0] != key->a ||
            h.key[1] != key->b)
                return -EBADMSG;
        uint64_t size = sizeof(h);
        for (size_t i = 0; i < SECCOMP_OWN_PROGRAMS; i++) {
                if (h.lengths[i] == 0 || h.lengths[i] > BPF_MAXINSNS)
                        return -EBADMSG;
                size += h.lengths[i] * sizeof(struct sock_filter);
        }
        int r = (uint64_t)st.st_size == size ? read_programs(fd, &h, &f) : -EBADMSG;
        if (r < 0)
                return r;
        *ret = f;
        f = (SeccompFilter){0};
        return 0;
}

/* Writes a temporary file and renames it, so that a reader sees the old file or the new one. After a failure,
 * the next start compiles again. */
static void cache_write(int dirfd, const char *name, const Hash *key, const SeccompFilter *f)
{
        char temporary[64];
        uint64_t id;
        CacheHeader h = {
                .magic = CACHE_MAGIC,
                .key = {key->a, key->b},
                .checksum = checksum(f),
        };
        for (size_t i = 0; i < SECCOMP_OWN_PROGRAMS; i++)
                h.lengths[i] = (uint32_t)f->programs[i].n;
        if (getrandom(&id, sizeof(id), 0) != sizeof(id))
                return;
        (void)snprintf(temporary, sizeof(temporary), "new-%016llx", (unsigned long long)id);
        CLEANUP_FD int fd =
                openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return;
        int r = io_write_all(fd, &h, sizeof(h));
        for (size_t i = 0; r == 0 && i < f->n; i++)
                r = io_write_all(fd, f->programs[i].items, f->programs[i].n * sizeof(*f->programs[i].items));
        if (r < 0 || renameat(dirfd, temporary, dirfd, name) < 0)
                (void)unlinkat(dirfd, temporary, 0);
}

/* Where reading a given filter can fail: the index of ERROR_FILTER. */
enum { FILTER_UNREADABLE, FILTER_BROKEN, FILTER_NOT_A_PROGRAM };

static int not_a_program(int fd, int index, Error *err)
{
        (void)error_set(err, EINVAL,
                        "descriptor %d holds no system call filter: it must be 1 to %d instructions of %zu "
                        "bytes (struct sock_filter, seccomp(2))",
                        fd, BPF_MAXINSNS, sizeof(struct sock_filter));
        return error_at(err, ERROR_FILTER, index);
}

/* @ret_empty: set if there is nothing to read. */
static int read_given(int fd, SeccompFilter *f, bool *ret_empty, Error *err)
{
        CLEANUP_FREE char *bytes = NULL;
        size_t size = 0, each = sizeof(struct sock_filter);
        int r = io_read_to_end(fd, BPF_MAXINSNS * each, -1, &bytes, &size);
        if (r == -EFBIG)
                return not_a_program(fd, FILTER_NOT_A_PROGRAM, err);
        if (r < 0) {
                (void)error_set_errno(err, r, "cannot read the system call filter in descriptor %d", fd);
                return error_at(err, ERROR_FILTER, FILTER_UNREADABLE);
        }
        *ret_empty = size == 0;
        if (size == 0 || size % each != 0)
                return size == 0 ? 0 : not_a_program(fd, FILTER_BROKEN, err);
        struct sock_filter *items = malloc(size);
        if (!items)
                return error_no_memory(err);
        memcpy(items, bytes, size);
        return seccomp_filter_add(f, items, size / each) < 0 ? error_no_memory(err) : 0;
}

static int prepare_given(const PlanPrivileges *privileges, SeccompFilter *ret, Error *err)
{
        CLEANUP(seccomp_filter_clear) SeccompFilter f = {.given = true};
        int first_empty = FD_NONE;
        for (size_t i = 0; i < privileges->n_filter_fds; i++) {
                bool empty = false;
                int r = read_given(privileges->filter_fds[i], &f, &empty, err);
                if (r < 0)
                        return r;
                if (empty && first_empty < 0)
                        first_empty = privileges->filter_fds[i];
        }
        if (first_empty >= 0)
                return not_a_program(first_empty, FILTER_NOT_A_PROGRAM, err);
        *ret = f;
        f = (SeccompFilter){0};
        return 0;
}

static int prepare_own(const PlanPrivileges *privileges, const char *state_dir, SeccompFilter *ret,
                       Error *err)
{
        Hash key = {0};
        char name[64];
        int r = hash_policy(privileges, &key, err);
        if (r < 0)
                return r;
        (void)snprintf(name, sizeof(name), "%016llx%016llx.bpf", (unsigned long long)key.a,
                       (unsigned long long)key.b);
        CLEANUP_FD int dirfd = open_cache_dir(state_dir);
        if (dirfd < 0 || cache_read(dirfd, name, &key, ret) < 0) {
                r = seccomp_compile(privileges, ret, err);
                if (r == 0 && dirfd >= 0)
                        cache_write(dirfd, name, &key, ret);
        }
        if (r == 0)
                memcpy(ret->key, name, sizeof(ret->key) - 1);
        return r;
}

int seccomp_prepare(const PlanPrivileges *privileges, const char *state_dir, SeccompFilter *ret, Error *err)
{
        return privileges->filters_given ? prepare_given(privileges, ret, err)
                                         : prepare_own(privileges, state_dir, ret, err);
}

int seccomp_apply(const SeccompFilter *filter, Error *err)
{
        for (size_t i = 0; i < filter->n; i++) {
                const struct sock_fprog program = {.len = (unsigned short)filter->programs[i].n,
                                                   .filter = filter->programs[i].items};
                /* An earlier filter may refuse seccomp(2), and those of other programs know prctl(2), which
                 * is older; kurung's own filter may refuse prctl(2). */
                long r = filter->given ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)
                                       : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
                if (r == 0)
                        continue;
                if (errno == EACCES)
                        return error_set(err, EACCES,
                                         "cannot load the system call filter: it takes no_new_privs, or "
                                         "CAP_SYS_ADMIN in the sandbox's user namespace (seccomp(2))");
                return error_set_errno(err, errno, "cannot load the system call filter");
        }
        return 0;
}

int seccomp_filter_add(SeccompFilter *filter, struct sock_filter *items, size_t n)
{
        SeccompProgram *longer = reallocarray(filter->programs, filter->n + 1, sizeof(*longer));
        if (!longer) {
                free(items);
                return -ENOMEM;
        }
        longer[filter->n++] = (SeccompProgram){.items = items, .n = n};
        filter->programs = longer;
        return 0;
}

void seccomp_filter_clear(SeccompFilter *filter)
{
        for (size_t i = 0; i < filter->n; i++)
                free(filter->programs[i].items);
        free(filter->programs);
        *filter = (SeccompFilter){0};
}
