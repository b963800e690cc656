/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack 27: all system calls against a table. The programs are run here as the kernel would (seccomp(2),
 * "The Berkeley packet filter"), so that every number can be asked without making the call.
 * KURUNG_UPDATE_GOLDEN=1 writes the table anew; its difference is to be reviewed.
 */
#include "unit.h"

#include "mech/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/stat.h>

#define NUMBERS 1024
/* From here on a libseccomp may not know a call yet, which is then answered ENOSYS, whatever the table says.
 */
#define MAY_BE_UNKNOWN 449
#define X32_BIT 0x40000000

/* What classic BPF with seccomp's restrictions says about a call. */
static uint32_t ask(const struct sock_filter *program, size_t n, const struct seccomp_data *data)
{
        uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};
        for (size_t pc = 0; pc < n; pc++) {
                const struct sock_filter *i = &program[pc];
                bool yes = false;
                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        assert_true(i->k <= sizeof(*data) - 4);
                        memcpy(&a, (const char *)data + i->k, 4);
                        continue;
                case BPF_LD | BPF_MEM:
                        a = memory[i->k];
                        continue;
                case BPF_ST:
                        memory[i->k] = a;
                        continue;
                case BPF_MISC | BPF_TAX:
                        x = a;
                        continue;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        continue;
                case BPF_RET | BPF_K:
                        return i->k;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        continue;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        yes = a == i->k;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        yes = a > i->k;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        yes = a >= i->k;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        yes = a & i->k;
                        break;
                default:
                        fail_msg("instruction %#x is not known here (x %u)", i->code, x);
                }
                pc += yes ? i->jt : i->jf;
        }
        fail_msg("the program has no end");
        return 0;
}

/* The lower the action as a signed number, the stricter; of two answers the kernel takes the stricter. */
static uint32_t answer(const SeccompFilter *f, uint32_t arch, uint32_t nr)
{
        const struct seccomp_data data = {.nr = (int)nr, .arch = arch};
        uint32_t first = ask(f->items, f->n_refusals, &data);
        uint32_t second = ask(f->items + f->n_refusals, f->n_allowlist, &data);
        return (int32_t)(first & SECCOMP_RET_ACTION_FULL) <= (int32_t)(second & SECCOMP_RET_ACTION_FULL)
                       ? first
                       : second;
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

static void prepare(SeccompKind kind, SeccompFilter *ret)
{
        const Plan plan = {.seccomp = kind};
        Error err = {0};
        if (seccomp_prepare(&plan, ret, &err) < 0)
                fail_msg("%s", err.text);
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
#else
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
        const SeccompFilter f = {.items = all, .n_refusals = 1, .n_allowlist = 1};
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
                cmocka_unit_test(a_filter_that_allows_all_is_seen),
        };
        return RUN_TESTS(tests);
}
