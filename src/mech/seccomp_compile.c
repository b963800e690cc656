/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the filter with libseccomp. */
#include "mech/seccomp_compile.h"

#include "base/io.h"
#include "base/library.h"
#include "mech/seccomp_policy.h"
#include "mech/seccomp_rules.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <sys/mman.h>

#define FILE_MAX (64 * 1024)

/* clang-format off */
#define SECCOMP_FUNCTIONS(X)                                                                                 \
        X(init, seccomp_init) X(release, seccomp_release) X(attr_set, seccomp_attr_set)                      \
        X(arch_add, seccomp_arch_add) X(arch_native, seccomp_arch_native)                                    \
        X(arch_resolve_name, seccomp_arch_resolve_name)                                                      \
        X(syscall_resolve_name, seccomp_syscall_resolve_name)                                                \
        X(syscall_resolve_name_arch, seccomp_syscall_resolve_name_arch)                                      \
        X(rule_add_array, seccomp_rule_add_array) X(export_bpf, seccomp_export_bpf)
/* clang-format on */
LIBRARY(libseccomp, SECCOMP_FUNCTIONS, "libseccomp", "libseccomp2", "required", "The system call filter",
        "libseccomp.so.2");

/* Compares an argument, with both values: libseccomp's own macros omit the second one. */
static struct scmp_arg_cmp compare(unsigned arg, enum scmp_compare op, uint64_t a, uint64_t b)
{
        return (struct scmp_arg_cmp){.arg = arg, .op = op, .datum_a = a, .datum_b = b};
}

/* A filter under construction; the first failure is recorded, so that the code of the rules is a plain
 * list. */
typedef struct Builder {
        scmp_filter_ctx ctx;
        int r;
        const char *failed;
} Builder;

static void rule(Builder *b, uint32_t action, const char *name, unsigned n, const struct scmp_arg_cmp *args)
{
        if (b->r < 0)
                return;
        int nr = libseccomp.syscall_resolve_name(name);
        if (nr == __NR_SCMP_ERROR)
                return;
        int r = libseccomp.rule_add_array(b->ctx, action, nr, n, args);
        /* -EDOM: the call does not exist in one of the architectures. */
        if (r < 0 && r != -EDOM && r != -EEXIST) {
                b->r = r;
                b->failed = name;
        }
}

static void rule_masked(Builder *b, uint32_t action, const char *name, unsigned arg, uint64_t mask,
                        uint64_t value)
{
        const struct scmp_arg_cmp cmp = compare(arg, SCMP_CMP_MASKED_EQ, mask, value);
        rule(b, action, name, 1, &cmp);
}

static void rules(Builder *b, uint32_t action, const char *const *names)
{
        for (; *names; names++)
                rule(b, action, *names, 0, NULL);
}

static void fill_refusals(Builder *b, bool strict)
{
        for (size_t i = 0; i < seccomp_refused_n; i++)
                if (strict || !seccomp_refused[i].strict)
                        rules(b, SCMP_ACT_ERRNO(EPERM), seccomp_refused[i].names);
        rule(b, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
}

static void fill_allowlist(Builder *b, bool strict)
{
        for (size_t i = 0; i < seccomp_allowed_n; i++)
                if (!strict || seccomp_allowed[i].strict)
                        rules(b, SCMP_ACT_ALLOW, seccomp_allowed[i].names);
        for (const uint64_t *p = seccomp_personalities; *p != UINT64_MAX; p++)
                rule_masked(b, SCMP_ACT_ALLOW, "personality", 0, 0xffffffff, *p);
        /* The refusals answer these calls, with EPERM; of two errors, the kernel uses that of the first
         * program that it runs. */
        for (size_t i = 0; i < seccomp_refused_n; i++)
                for (const char *const *n = seccomp_refused[i].names; *n; n++)
                        if (!str_eq(*n, "personality"))
                                rule(b, SCMP_ACT_ALLOW, *n, 0, NULL);
}

/* Parses a file of names, one per line; '#' begins a comment. */
static int fill_from_file(Builder *b, const char *path, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        int r = io_read_file_at(AT_FDCWD, path, FILE_MAX, &text, NULL);
        if (r < 0)
                return error_set_errno(err, r, "Seccomp=%s: cannot read the file", path);
        rules(b, SCMP_ACT_ALLOW, seccomp_essential);
        unsigned number = 0;
        for (char *line = text, *next; line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                number++;
                line[strcspn(line, "#\r")] = '\0';
                char *save = NULL, *name = strtok_r(line, " \t", &save);
                if (!name)
                        continue;
                if (strtok_r(NULL, " \t", &save))
                        return error_set(err, EINVAL, "%s:%u: write one system call per line", path, number);
                if (libseccomp.syscall_resolve_name(name) == __NR_SCMP_ERROR)
                        return error_set(err, EINVAL, "%s:%u: unknown system call '%s'", path, number, name);
                rule(b, SCMP_ACT_ALLOW, name, 0, NULL);
        }
        return 0;
}

/* Appends the compiled filter to a program. */
static int export(Builder *b, SeccompProgram *to)
{
        CLEANUP_FD int fd = memfd_create("kurung-filter", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = libseccomp.export_bpf(b->ctx, fd);
        if (r < 0)
                return r;
        off_t size = lseek(fd, 0, SEEK_END);
        size_t n = (size_t)size / sizeof(struct sock_filter);
        if (size <= 0 || n > BPF_MAXINSNS)
                return -E2BIG;
        struct sock_filter *grown = reallocarray(to->items, to->n + n, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        to->items = grown;
        if (pread(fd, grown + to->n, (size_t)size, 0) != size)
                return -EIO;
        to->n += n;
        return 0;
}

/* Returns libseccomp's number of an architecture; 0 with @err. */
static uint32_t resolve_arch(const char *name, Error *err)
{
        uint32_t arch = libseccomp.arch_resolve_name(name);
        if (arch == 0)
                (void)error_set(err, EINVAL, "Architectures=%s: unknown architecture", name);
        return arch;
}

/* Adds the rules over arguments before the refusals: calls that they do not answer continue there. */
static int add_rules(const PlanPrivileges *privileges, SeccompProgram *to, Error *err)
{
        CLEANUP_FREE uint32_t *archs = calloc(privileges->architectures.n + 1, sizeof(*archs));
        size_t n = 0;
        if (!archs)
                return error_no_memory(err);
        archs[n++] = libseccomp.arch_native();
        for (size_t i = 0; i < privileges->architectures.n; i++) {
                uint32_t arch = resolve_arch(privileges->architectures.items[i], err);
                if (arch == 0)
                        return -EINVAL;
                if (arch != SCMP_ARCH_NATIVE && arch != archs[0])
                        archs[n++] = arch;
        }
        int r = seccomp_rules_compile(privileges, archs, n, libseccomp.syscall_resolve_name_arch, &to->items,
                                      &to->n);
        return r < 0 ? error_set_errno(err, r, "cannot generate the rules for arguments") : 0;
}

static int begin_filter(Builder *b, const PlanPrivileges *privileges, uint32_t action, Error *err)
{
        b->ctx = libseccomp.init(action);
        if (!b->ctx)
                return error_no_memory(err);
        /* Calls of other architectures, including x32, do not exist. */
        int r = libseccomp.attr_set(b->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
        if (r == 0)
                r = libseccomp.attr_set(b->ctx, SCMP_FLTATR_CTL_NNP, 0);
        /* A binary tree: few steps per call, and the kernel caches results that do not depend on
         * arguments. */
        if (r == 0)
                (void)libseccomp.attr_set(b->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        for (size_t i = 0; r == 0 && i < privileges->architectures.n; i++) {
                uint32_t arch = resolve_arch(privileges->architectures.items[i], err);
                if (arch == 0)
                        return -EINVAL;
                r = libseccomp.arch_add(b->ctx, arch);
                if (r == -EEXIST)
                        r = 0;
        }
        return r < 0 ? error_set_errno(err, r, "cannot create the filter with libseccomp") : 0;
}

static int finish(Builder *b, SeccompProgram *to, Error *err)
{
        int r = b->r;
        if (r < 0)
                (void)error_set_errno(err, r, "cannot add the rule for '%s' to the filter", b->failed);
        if (r == 0)
                r = export(b, to);
        libseccomp.release(b->ctx);
        b->ctx = NULL;
        return r < 0 ? error_set_errno(err, r, "cannot create the filter with libseccomp") : 0;
}

static int compile_refusals(const PlanPrivileges *privileges, SeccompProgram *ret, Error *err)
{
        Builder refusals = {0};
        int r = add_rules(privileges, ret, err);
        if (r == 0)
                r = begin_filter(&refusals, privileges, SCMP_ACT_ALLOW, err);
        if (r == 0)
                fill_refusals(&refusals, privileges->seccomp == SECCOMP_STRICT);
        int finished = refusals.ctx ? finish(&refusals, ret, err) : 0;
        return r < 0 ? r : finished;
}

static int compile_allowlist(const PlanPrivileges *privileges, SeccompProgram *ret, Error *err)
{
        Builder allowlist = {0};
        int r = begin_filter(&allowlist, privileges, SCMP_ACT_ERRNO(ENOSYS), err);
        if (r == 0 && privileges->seccomp == SECCOMP_FILE)
                r = fill_from_file(&allowlist, privileges->seccomp_file, err);
        else if (r == 0)
                fill_allowlist(&allowlist, privileges->seccomp == SECCOMP_STRICT);
        int finished = allowlist.ctx ? finish(&allowlist, ret, err) : 0;
        return r < 0 ? r : finished;
}

int seccomp_check(Error *err)
{
        return library_load(&libseccomp_library, err);
}

int seccomp_compile(const PlanPrivileges *privileges, SeccompFilter *ret, Error *err)
{
        int (*const compile[SECCOMP_OWN_PROGRAMS])(const PlanPrivileges *, SeccompProgram *, Error *) = {
                [SECCOMP_ALLOWLIST] = compile_allowlist, [SECCOMP_REFUSALS] = compile_refusals};
        CLEANUP(seccomp_filter_clear) SeccompFilter filter = {0};
        int r = library_load(&libseccomp_library, err);
        for (size_t i = 0; r == 0 && i < SECCOMP_OWN_PROGRAMS; i++) {
                SeccompProgram program = {0};
                r = compile[i](privileges, &program, err);
                if (seccomp_filter_add(&filter, program.items, program.n) < 0 && r == 0)
                        r = error_no_memory(err);
        }
        if (r < 0)
                return r;
        *ret = filter;
        filter = (SeccompFilter){0};
        return 0;
}
