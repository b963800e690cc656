/* SPDX-License-Identifier: Apache-2.0 */
/* Restricts every helper before its first request: its root, its privileges, its system calls. */
#include "confine/confine.h"

#include "base/caps.h"
#include "base/defence.h"
#include "base/mount.h"
#include "base/process.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

const uint64_t confine_namespaces =
        CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

int confine_private_mounts(const char *who, Error *err)
{
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
                       ? error_set_errno(err, errno, "%s: cannot make mounts private", who)
                       : 0;
}

int confine_root_begin(const char *who, int *ret_root, Error *err)
{
        const MountOption options[] = {{"size", "64k"}, {"mode", "0555"}};
        CLEANUP_FD int root = FD_NONE, target = FD_NONE;
        int r = mount_new("tmpfs", options, ARRAY_LEN(options),
                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &root, err);
        if (r < 0)
                return r;
        /* On top of the old root, which stays "/" for this process until the pivot. */
        target = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = target < 0 ? -errno : mount_attach(root, target);
        if (r < 0)
                return error_set_errno(err, r, "%s: cannot attach its root", who);
        *ret_root = TAKE_FD(root);
        return 0;
}

int confine_root_add(const char *who, int root, const char *path, int mount_fd, Error *err)
{
        CLEANUP_FD int target = FD_NONE;
        struct stat st;
        int r = fstat(mount_fd, &st) < 0 ? -errno : 0;
        if (r == 0)
                r = root_make(root, path, S_ISDIR(st.st_mode), 0755, true, &target);
        if (r == 0)
                r = mount_attach(mount_fd, target);
        return r < 0 ? error_set_errno(err, r, "%s: cannot mount '%s' in its root", who, path) : 0;
}

int confine_root_enter(const char *who, int root, Error *err)
{
        int r = mount_set(root, MOUNT_ATTR_RDONLY, false);
        if (r < 0)
                return error_set_errno(err, r, "%s: cannot make its root read-only", who);
        /* pivot_root(2), NOTES: the old root is stacked on the new one, and then detached. */
        if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
            chdir("/") < 0)
                return error_set_errno(err, errno, "%s: cannot enter its root", who);
        return 0;
}

/* RLIMIT_CORE is not 0, because that would start a handler. */
static int set_limits(const Confinement *c)
{
        const struct rlimit file = {c->max_file, c->max_file}, memory = {c->max_data, c->max_data};
        int r = defence_is_on(DEFENCE_CORE) ? process_forbid_core_dumps(false) : 0;
        if (r < 0)
                return r;
        if ((!c->writable && setrlimit(RLIMIT_FSIZE, &file) < 0) ||
            (c->max_data > 0 && setrlimit(RLIMIT_DATA, &memory) < 0))
                return -errno;
        return 0;
}

int confine_privileges(const Confinement *c, Error *err)
{
        int r = caps_pass_on(c->capabilities, err);
        if (r < 0)
                return r;
        r = set_limits(c);
        if (r < 0)
                return error_set_errno(err, r, "%s: cannot set its limits", c->who);
        if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set_errno(err, errno, "%s: cannot set no_new_privs", c->who);
        return 0;
}

/* include/uapi/linux/landlock.h of ABI 6, for older headers. */
typedef struct RulesetAttr {
        uint64_t handled_access_fs;
        uint64_t handled_access_net;
        uint64_t scoped;
} RulesetAttr;

typedef struct __attribute__((packed)) BeneathAttr {
        uint64_t allowed_access;
        int32_t parent_fd;
} BeneathAttr;

#define ACCESS_READ (UINT64_C(0xd)) /* EXECUTE, READ_FILE, READ_DIR */
#define ABI_REFER 2
#define ABI_SCOPE 6

/* The access rights of files that each ABI handles (landlock(7)). */
static const uint64_t access_known[] = {
        0,
        (UINT64_C(1) << 13) - 1,
        (UINT64_C(1) << 14) - 1, /* REFER */
        (UINT64_C(1) << 15) - 1, /* TRUNCATE */
        (UINT64_C(1) << 15) - 1,
        (UINT64_C(1) << 16) - 1, /* IOCTL_DEV */
};

static int allow_beneath(int ruleset, const char *path, uint64_t access)
{
        CLEANUP_FD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        const BeneathAttr attr = {.allowed_access = access, .parent_fd = dir};
        if (dir < 0 || syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr, 0) < 0)
                return -errno;
        return 0;
}

/* Adds a second barrier behind the root: only the listed directories can be opened, even if other parts of
 * the file system are reachable. The list of system calls handles sockets. */
static int restrict_files(const Confinement *c, Error *err)
{
        long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        /* Before ABI 2, Landlock refuses every rename and link between two directories. */
        if (abi <= 0 || (c->writable && abi < ABI_REFER))
                return 0;
        size_t version = (size_t)abi < ARRAY_LEN(access_known) ? (size_t)abi : ARRAY_LEN(access_known) - 1;
        const uint64_t known = access_known[version];
        const RulesetAttr attr = {.handled_access_fs = known, .scoped = abi >= ABI_SCOPE ? 3 : 0};
        /* Members that an older kernel does not know are accepted if they are 0 (extensible system calls). */
        CLEANUP_FD int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
        int r = ruleset < 0 ? -errno : 0;
        if (r == 0 && c->reads_root)
                r = allow_beneath(ruleset, "/", ACCESS_READ);
        if (r == 0 && c->writable)
                r = allow_beneath(ruleset, c->writable, known);
        if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
                r = -errno;
        return r < 0 ? error_set_errno(err, r, "%s: cannot restrict it with Landlock", c->who) : 0;
}

int confine_seal(const Confinement *c, Error *err)
{
        struct sock_filter items[CONFINE_FILTER_MAX];
        int n = confine_filter_make(c, items);
        if (n < 0)
                return error_set_errno(err, n, "%s: cannot load its system call filter", c->who);
        int r = restrict_files(c, err);
        if (r < 0)
                return r;
        const struct sock_fprog program = {.len = (unsigned short)n, .filter = items};
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                return error_set_errno(err, errno, "%s: cannot load its system call filter", c->who);
        return 0;
}
