/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack 27: all system calls against a table. The programs are run here as the kernel would (seccomp(2),
 * "The Berkeley packet filter"), so that every number can be asked without making the call.
 * KURUNG_UPDATE_GOLDEN=1 writes the table anew; its difference is to be reviewed.
 */
#include "unit.h"

#include "bpf.h"

#include "mech/seccomp.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define NUMBERS 1024
/* From here on a libseccomp may not know a call yet, which is then answered ENOSYS, whatever the table says.
 */
#define MAY_BE_UNKNOWN 449
#define X32_BIT 0x40000000

/* The lower the action as a signed number, the stricter; of two answers the kernel takes the stricter. */
static uint32_t answer_to(const SeccompFilter *f, const struct seccomp_data *data)
{
        uint32_t strictest = SECCOMP_RET_ALLOW;
        for (size_t i = 0; i < f->n; i++) {
                uint32_t next = bpf_ask(f->programs[i].items, f->programs[i].n, data);
                /* The last one loaded is asked first, and of equal ones the first counts. */
                if ((int32_t)(next & SECCOMP_RET_ACTION_FULL) <=
                    (int32_t)(strictest & SECCOMP_RET_ACTION_FULL))
                        strictest = next;
        }
        return strictest;
}

static uint32_t answer(const SeccompFilter *f, uint32_t arch, uint32_t nr)
{
        const struct seccomp_data data = {.nr = (int)nr, .arch = arch};
        return answer_to(f, &data);
}

static const char *name_of(uint32_t action)
{
        static char text[32];
        if (action == SECCOMP_RET_ALLOW)
                return "allow";
        if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
                return strerrorname_np((int)(action & SECCOMP_RET_DATA));
        (void)snprintf(text, sizeof(text), "%#x", action);
        return text;
}

static void prepare_filter(const PlanPrivileges *privileges, SeccompFilter *ret)
{
        Error err = {0};
        if (seccomp_prepare(privileges, NULL, ret, &err) < 0)
                fail_msg("%s", err.text);
}

static void prepare(SeccompKind kind, SeccompFilter *ret)
{
        const PlanPrivileges privileges = {.seccomp = kind};
        prepare_filter(&privileges, ret);
}

#ifdef __x86_64__
typedef struct Row {
        char name[40], by_default[32], strict[32];
} Row;

static const char *table_path(void)
{
        static char path[4096];
        const char *dir = getenv("SRCDIR");
        (void)snprintf(path, sizeof(path), "%s/tests/unit/syscalls-x86_64.table", dir ? dir : ".");
        return path;
}

static char *read_table(Row rows[NUMBERS])
{
        char line[200], *head = NULL;
        size_t room = 0;
        FILE *f = fopen(table_path(), "re"), *comment = open_memstream(&head, &room);
        assert_non_null(f);
        assert_non_null(comment);
        while (fgets(line, sizeof(line), f)) {
                Row row;
                unsigned nr;
                if (line[0] == '#')
                        (void)fputs(line, comment);
                else if (sscanf(line, "%u %39s %31s %31s", &nr, row.name, row.by_default, row.strict) == 4 &&
                         nr < NUMBERS)
                        rows[nr] = row;
                else
                        fail_msg("the table's line '%s'", line);
        }
        (void)fclose(f);
        (void)fclose(comment);
        return head;
}

static void every_call_of_the_machine(void **state)
{
        CLEANUP(seccomp_filter_clear) SeccompFilter by_default = {0};
        CLEANUP(seccomp_filter_clear) SeccompFilter strict = {0};
        static Row rows[NUMBERS];
        CLEANUP_FREE char *head = read_table(rows);
        bool update = getenv("KURUNG_UPDATE_GOLDEN") != NULL;
        FILE *out = update ? fopen(table_path(), "we") : NULL;
        unsigned wrong = 0;
        (void)state;
        prepare(SECCOMP_DEFAULT, &by_default);
        prepare(SECCOMP_STRICT, &strict);
        if (out)
                (void)fputs(head, out);
        for (uint32_t nr = 0; nr < NUMBERS; nr++) {
                const Row *row = &rows[nr];
                char got[2][32];
                (void)snprintf(got[0], sizeof(got[0]), "%s",
                               name_of(answer(&by_default, AUDIT_ARCH_X86_64, nr)));
                (void)snprintf(got[1], sizeof(got[1]), "%s", name_of(answer(&strict, AUDIT_ARCH_X86_64, nr)));
                if (out && row->name[0]) {
                        bool unknown = nr >= MAY_BE_UNKNOWN && strcmp(got[0], "ENOSYS") == 0;
                        (void)fprintf(out, "%u %s %s %s\n", nr, row->name, unknown ? row->by_default : got[0],
                                      unknown ? row->strict : got[1]);
                }
                if (update)
                        continue;
                const char *expected[] = {row->name[0] ? row->by_default : "ENOSYS",
                                          row->name[0] ? row->strict : "ENOSYS"};
                for (size_t i = 0; i < 2; i++)
                        if (strcmp(got[i], expected[i]) != 0 &&
                            (nr < MAY_BE_UNKNOWN || strcmp(got[i], "ENOSYS") != 0)) {
                                print_error("%u %s (%s): %s, expected %s\n", nr, row->name,
                                            i ? "strict" : "default", got[i], expected[i]);
                                wrong++;
                        }
        }
        if (out)
                (void)fclose(out);
        assert_int_equal(wrong, 0);
}

static void no_call_of_another_abi(void **state)
{
        CLEANUP(seccomp_filter_clear) SeccompFilter f = {0};
        static const uint32_t others[] = {AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, 0};
        (void)state;
        prepare(SECCOMP_DEFAULT, &f);
        for (uint32_t nr = 0; nr < NUMBERS; nr++) {
                for (size_t i = 0; i < ARRAY_LEN(others); i++)
                        assert_int_not_equal(answer(&f, others[i], nr), SECCOMP_RET_ALLOW);
                assert_int_not_equal(answer(&f, AUDIT_ARCH_X86_64, nr | X32_BIT), SECCOMP_RET_ALLOW);
        }
}

/* What is answered to a call with these arguments, as a name. */
static const char *answer_with(const SeccompFilter *f, uint32_t arch, int nr, uint64_t a, uint64_t b,
                               uint64_t c, uint64_t d)
{
        const struct seccomp_data data = {.nr = nr, .arch = arch, .args = {a, b, c, d}};
        return name_of(answer_to(f, &data));
}

/* The sockets that there are, told another way than the filter does. */
static bool may_be_made(uint32_t family, uint32_t type, uint32_t protocol, bool raw)
{
        bool ipv4 = family == AF_INET, ipv6 = family == AF_INET6;
        type &= ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (family == AF_UNIX)
                return true;
        if (family == AF_NETLINK)
                return protocol == NETLINK_ROUTE;
        if (!ipv4 && !ipv6)
                return false;
        switch (type) {
        case SOCK_STREAM:
                return protocol == 0 || protocol == IPPROTO_TCP;
        case SOCK_DGRAM:
                return protocol == 0 || protocol == IPPROTO_UDP || (ipv4 && protocol == IPPROTO_ICMP) ||
                       (ipv6 && protocol == IPPROTO_ICMPV6);
        case SOCK_RAW:
                return raw && protocol >= 1 && protocol <= 255;
        default:
                return false;
        }
}

static void ask_for_sockets(const SeccompFilter *f, uint32_t arch, int nr, bool raw)
{
        static const uint32_t flags[] = {0, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK};
        static const uint64_t upper[] = {0, UINT64_C(1) << 32, UINT64_C(0xffffffff00000000)};
        for (uint32_t family = 0; family < 64; family++)
                for (uint32_t type = 0; type < 16; type++)
                        for (uint32_t protocol = 0; protocol < 300; protocol++) {
                                uint64_t up = upper[(family + type + protocol) % ARRAY_LEN(upper)];
                                uint32_t with = type | flags[protocol % ARRAY_LEN(flags)];
                                const char *got =
                                        answer_with(f, arch, nr, family | up, with | up, protocol | up, 0);
                                if ((strcmp(got, "allow") == 0) != may_be_made(family, with, protocol, raw))
                                        fail_msg("socket(%u, %#x, %u): %s", family, with, protocol, got);
                        }
}

/* Attack 90. */
static void sockets_are_of_a_short_list(void **state)
{
        static const PlanPrivileges with_raw = {.capabilities = UINT64_C(1) << CAP_NET_RAW};
        CLEANUP(seccomp_filter_clear) SeccompFilter f = {0};
        CLEANUP(seccomp_filter_clear) SeccompFilter raw = {0};
        (void)state;
        prepare(SECCOMP_DEFAULT, &f);
        prepare_filter(&with_raw, &raw);
        ask_for_sockets(&f, AUDIT_ARCH_X86_64, SYS_socket, false);
        ask_for_sockets(&raw, AUDIT_ARCH_X86_64, SYS_socket, true);
        for (uint64_t family = 0; family < 64; family++)
                assert_string_equal(
                        answer_with(&f, AUDIT_ARCH_X86_64, SYS_socketpair, family, SOCK_STREAM, 0, 0),
                        family == AF_UNIX ? "allow" : "EAFNOSUPPORT");
}

/* Attack 90: with i386's calls there are the same sockets, and no way around by socketcall(2). */
static void calls_of_i386_are_held_as_well(void **state)
{
        enum {
                I386_SOCKET = 359,
                I386_SOCKETCALL = 102,
                I386_SETSOCKOPT = 366,
                I386_IOCTL = 54,
                I386_CHMOD = 15
        };
        CLEANUP(seccomp_filter_clear) SeccompFilter f = {0};
        PlanPrivileges privileges = {.host_writable = true};
        (void)state;
        assert_int_equal(strlist_add(&privileges.architectures, "x86"), 0);
        prepare_filter(&privileges, &f);
        ask_for_sockets(&f, AUDIT_ARCH_I386, I386_SOCKET, false);
        ask_for_sockets(&f, AUDIT_ARCH_X86_64, SYS_socket, false);
        for (uint64_t sub = 0; sub <= 20; sub++)
                assert_string_equal(answer_with(&f, AUDIT_ARCH_I386, I386_SOCKETCALL, sub, 0, 0, 0),
                                    sub == 1 || sub == 8 || sub == 14 ? "ENOSYS" : "allow");
        assert_string_equal(answer_with(&f, AUDIT_ARCH_I386, I386_SETSOCKOPT, 0, 6, 31, 0), "ENOPROTOOPT");
        assert_string_equal(answer_with(&f, AUDIT_ARCH_I386, I386_IOCTL, 0, TIOCSTI, 0, 0), "EPERM");
        assert_string_equal(answer_with(&f, AUDIT_ARCH_I386, I386_CHMOD, 0, 04755, 0, 0), "EPERM");
        strlist_clear(&privileges.architectures);
}

/* Attack 90: commands that load a module, and their neighbours. */
static void ioctls_that_load_modules_are_refused(void **state)
{
        static const uint32_t refused[] = {0x5412, 0x541c, 0x5423, 0x8940, 0x8941, 0x8980, 0x8981,
                                           0x8982, 0x8983, 0x89a0, 0x89a1, 0x89a2, 0x89a3};
        static const uint32_t files[] = {0x800c6613, 0xc0506617, 0x40806685}; /* fscrypt, fsverity */
        CLEANUP(seccomp_filter_clear) SeccompFilter f = {0};
        (void)state;
        prepare(SECCOMP_DEFAULT, &f);
        for (size_t i = 0; i < ARRAY_LEN(files); i++)
                assert_string_equal(answer_with(&f, AUDIT_ARCH_X86_64, SYS_ioctl, 0, files[i], 0, 0),
                                    "EPERM");
        for (uint32_t command = 0x5400; command < 0x8a00; command++) {
                bool is_refused = false;
                for (size_t i = 0; i < ARRAY_LEN(refused); i++)
                        is_refused |= refused[i] == command;
                for (int up = 0; up < 2; up++)
                        assert_string_equal(answer_with(&f, AUDIT_ARCH_X86_64, SYS_ioctl, 0,
                                                        command | (uint64_t)up << 32, 0, 0),
                                            is_refused ? "EPERM" : "allow");
        }
}

/* Attack 86: where other users may look, every call that sets a mode. */
static void set_id_bits_are_refused_in_shared_trees(void **state)
{
        static const struct {
                int nr, mode, flags;
        } calls[] = {{SYS_chmod, 1, -1}, {SYS_fchmod, 1, -1},  {SYS_fchmodat, 2, -1}, {SYS_creat, 1, -1},
                     {SYS_mknod, 1, -1}, {SYS_mknodat, 2, -1}, {SYS_open, 2, 1},      {SYS_openat, 3, 2}};
        static const uint64_t makes[] = {O_CREAT, O_CREAT | O_EXCL | O_WRONLY, O_TMPFILE | O_RDWR};
        CLEANUP(seccomp_filter_clear) SeccompFilter shared = {0};
        CLEANUP(seccomp_filter_clear) SeccompFilter alone = {0};
        const PlanPrivileges privileges = {.host_writable = true};
        (void)state;
        prepare_filter(&privileges, &shared);
        prepare(SECCOMP_DEFAULT, &alone);
        for (size_t i = 0; i < ARRAY_LEN(calls); i++)
                for (uint64_t mode = 0; mode < 010000; mode++) {
                        struct seccomp_data data = {.nr = calls[i].nr, .arch = AUDIT_ARCH_X86_64};
                        data.args[calls[i].mode] = mode | (mode & 1 ? UINT64_C(5) << 32 : 0);
                        if (calls[i].flags >= 0)
                                data.args[calls[i].flags] = makes[mode % ARRAY_LEN(makes)];
                        assert_string_equal(name_of(answer_to(&shared, &data)),
                                            mode & 06000 ? "EPERM" : "allow");
                        assert_int_equal(answer_to(&alone, &data), SECCOMP_RET_ALLOW);
                        /* Without O_CREAT the mode is whatever the register holds. */
                        if (calls[i].flags >= 0) {
                                data.args[calls[i].flags] = O_RDWR | O_DIRECTORY;
                                assert_int_equal(answer_to(&shared, &data), SECCOMP_RET_ALLOW);
                        }
                }
        assert_int_equal(answer(&shared, AUDIT_ARCH_X86_64, SYS_openat2), SECCOMP_RET_ERRNO | ENOSYS);
        assert_int_equal(answer(&alone, AUDIT_ARCH_X86_64, SYS_openat2), SECCOMP_RET_ALLOW);
        /* Of a libseccomp that does not know it, it is not there at all. */
        assert_int_not_equal(answer_to(&shared, &(struct seccomp_data){.nr = 452,
                                                                       .arch = AUDIT_ARCH_X86_64,
                                                                       .args = {0, 0, 04755}}),
                             SECCOMP_RET_ALLOW);
}
/* "strict" refuses devices of every mode, and neither FIFOs nor files. */
static void strict_refuses_only_devices(void **state)
{
        static const uint32_t types[] = {0, S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK};
        CLEANUP(seccomp_filter_clear) SeccompFilter f = {0};
        (void)state;
        prepare(SECCOMP_STRICT, &f);
        for (size_t i = 0; i < ARRAY_LEN(types); i++)
                for (uint64_t mode = 0; mode < 010000; mode++) {
                        uint64_t up = mode & 1 ? UINT64_C(5) << 32 : 0;
                        const char *expected = i < 4 ? "allow" : "EPERM";
                        assert_string_equal(answer_with(&f, AUDIT_ARCH_X86_64, SYS_mknod, 0,
                                                        types[i] | mode | up, 0x103, 0),
                                            expected);
                        assert_string_equal(answer_with(&f, AUDIT_ARCH_X86_64, SYS_mknodat, 0, 0,
                                                        types[i] | mode | up, 0x103),
                                            expected);
                }
}
#else
#define strict_refuses_only_devices every_call_of_the_machine
#define sockets_are_of_a_short_list every_call_of_the_machine
#define calls_of_i386_are_held_as_well every_call_of_the_machine
#define ioctls_that_load_modules_are_refused every_call_of_the_machine
#define set_id_bits_are_refused_in_shared_trees every_call_of_the_machine
static void every_call_of_the_machine(void **state)
{
        (void)state;
        print_message("the table is of x86-64\n");
        skip();
}

static void no_call_of_another_abi(void **state)
{
        (void)state;
        print_message("written for x86-64\n");
        skip();
}
#endif

/* That the interpreter can tell: a program that lets all through is seen to. */
static void a_filter_that_allows_all_is_seen(void **state)
{
        static struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
        SeccompProgram programs[] = {{&all[0], 1}, {&all[1], 1}};
        const SeccompFilter f = {.programs = programs, .n = ARRAY_LEN(programs)};
        (void)state;
        assert_int_equal(answer(&f, 0, 1000), SECCOMP_RET_ALLOW);
        all[1].k = SECCOMP_RET_ERRNO | EPERM;
        assert_string_equal(name_of(answer(&f, 0, 1000)), "EPERM");
        all[1].k = SECCOMP_RET_KILL_PROCESS;
        assert_int_equal(answer(&f, 0, 1000), SECCOMP_RET_KILL_PROCESS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_call_of_the_machine),
                cmocka_unit_test(no_call_of_another_abi),
                cmocka_unit_test(sockets_are_of_a_short_list),
                cmocka_unit_test(calls_of_i386_are_held_as_well),
                cmocka_unit_test(ioctls_that_load_modules_are_refused),
                cmocka_unit_test(strict_refuses_only_devices),
                cmocka_unit_test(set_id_bits_are_refused_in_shared_trees),
                cmocka_unit_test(a_filter_that_allows_all_is_seen),
        };
        return RUN_TESTS(tests);
}
