/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the rules over arguments to a BPF program (seccomp(2), "Seccomp-specific BPF details"). */
#include "mech/seccomp_rules.h"

#include "mech/seccomp_policy.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>

#define NO_ARG UINT32_MAX

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW 0
#else
#define LOW 4
#endif

typedef struct Program {
        struct sock_filter *items;
        size_t n, room;
        int r;         /* the first error */
        uint32_t held; /* the argument whose lower half is in the accumulator; NO_ARG: none */
} Program;

static size_t add_instruction(Program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
        if (p->n == p->room && p->r == 0) {
                size_t room = p->room ? 2 * p->room : 128;
                struct sock_filter *grown = reallocarray(p->items, room, sizeof(*grown));
                if (grown) {
                        p->items = grown;
                        p->room = room;
                } else {
                        p->r = -ENOMEM;
                }
        }
        if (p->r == 0)
                p->items[p->n++] = (struct sock_filter){code, yes, no, k};
        return p->n - 1;
}

static void load(Program *p, size_t offset)
{
        (void)add_instruction(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
        p->held = NO_ARG;
}

static size_t half(unsigned arg, bool high)
{
        return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + (high ? 4 - LOW : LOW);
}

/* Adds a long jump with an unknown target; the caller keeps its index until land(). */
static size_t jump(Program *p)
{
        return add_instruction(p, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void land(Program *p, size_t from)
{
        if (p->r == 0)
                p->items[from].k = (uint32_t)(p->n - from - 1);
}

/* Marks short jumps until the end of the rule is known: it has at most 16 instructions. */
#define FAIL 0xff

static void test(Program *p, const SeccompTest *t)
{
        if (t->op == SECCOMP_NULL) {
                load(p, half(t->arg, false));
                (void)add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, FAIL, 0);
                load(p, half(t->arg, true));
                (void)add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, FAIL, 0);
                return;
        }
        if (p->held != t->arg) {
                load(p, half(t->arg, false));
                p->held = t->arg;
        }
        if (t->op == SECCOMP_ANY_BIT) {
                (void)add_instruction(p, BPF_JMP | BPF_JSET | BPF_K, 0, FAIL, t->mask);
                return;
        }
        if (t->mask != UINT32_MAX) {
                (void)add_instruction(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, t->mask);
                p->held = NO_ARG;
        }
        bool equal = t->op == SECCOMP_EQUAL;
        (void)add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, equal ? 0 : FAIL, equal ? FAIL : 0, t->value);
}

/* @passes: gets the jumps to the end of the program. */
static void compile_rule(Program *p, const SeccompRule *rule, size_t *passes, size_t *n_passes)
{
        size_t start = p->n;
        for (size_t i = 0; i < rule->n_tests; i++)
                test(p, &rule->tests[i]);
        /* The content of the accumulator at the next rule depends on the test that failed. */
        if (rule->n_tests > 1)
                p->held = NO_ARG;
        if (rule->answer == SECCOMP_PASS)
                passes[(*n_passes)++] = jump(p);
        else
                (void)add_instruction(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | rule->answer);
        for (size_t i = start; p->r == 0 && i < p->n; i++) {
                struct sock_filter *f = &p->items[i];
                uint8_t over = (uint8_t)(p->n - i - 1);
                if (BPF_CLASS(f->code) != BPF_JMP || BPF_OP(f->code) == BPF_JA)
                        continue;
                f->jt = f->jt == FAIL ? over : f->jt;
                f->jf = f->jf == FAIL ? over : f->jf;
        }
}

static unsigned conditions(const PlanPrivileges *privileges)
{
        return (privileges->seccomp == SECCOMP_STRICT ? SECCOMP_WHEN_STRICT : 0U) |
               (privileges->capabilities & (UINT64_C(1) << CAP_NET_RAW) ? SECCOMP_WHEN_RAW : 0U) |
               (privileges->host_writable ? SECCOMP_WHEN_SHARED : 0U);
}

static bool applies(const SeccompRule *rule, unsigned now)
{
        return (now & rule->when) == rule->when && (now & rule->unless) == 0;
}

/*
 * Some architectures had these calls only as subcalls of socketcall(2). libseccomp gives them its own
 * negative numbers there, although the kernel has the calls, too (since Linux 4.3).
 */
static int number_of(SeccompResolve *resolve, uint32_t arch, const char *name)
{
        static const struct {
                const char *name;
                int x86_s390, ppc;
        } late[] = {{"socket", 359, 326}, {"socketpair", 360, 333}, {"setsockopt", 366, 339}};
        int nr = resolve(arch, name);
        for (size_t i = 0; nr < 0 && i < ARRAY_LEN(late); i++) {
                if (!str_eq(late[i].name, name))
                        continue;
                switch (arch) {
                case SCMP_ARCH_X86:
                case SCMP_ARCH_S390:
                case SCMP_ARCH_S390X:
                        return late[i].x86_s390;
                case SCMP_ARCH_PPC:
                case SCMP_ARCH_PPC64:
                case SCMP_ARCH_PPC64LE:
                        return late[i].ppc;
                default:
                        return nr;
                }
        }
        return nr;
}

/* Compiles the rules of one call, from @first on; returns the index of the next call's first rule. */
static size_t compile_call(Program *p, size_t first, int nr, unsigned now, size_t *passes, size_t *n_passes)
{
        size_t next = first, n = 0;
        for (; next < seccomp_rules_n && str_eq(seccomp_rules[next].call, seccomp_rules[first].call); next++)
                n += applies(&seccomp_rules[next], now);
        if (n == 0 || nr < 0)
                return next;
        size_t begin = add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (uint32_t)nr);
        bool answered = false;
        p->held = NO_ARG;
        for (size_t i = first; i < next && !answered; i++) {
                if (!applies(&seccomp_rules[i], now))
                        continue;
                compile_rule(p, &seccomp_rules[i], passes, n_passes);
                answered = seccomp_rules[i].n_tests == 0;
        }
        if (!answered)
                passes[(*n_passes)++] = jump(p);
        size_t length = p->n - begin - 1;
        if (p->r == 0 && length > UINT8_MAX)
                p->r = -E2BIG;
        if (p->r == 0)
                p->items[begin].jf = (uint8_t)length;
        return next;
}

int seccomp_rules_compile(const PlanPrivileges *privileges, const uint32_t *archs, size_t n_archs,
                          SeccompResolve *resolve, struct sock_filter **ret, size_t *ret_n)
{
        Program p = {0};
        unsigned now = conditions(privileges);
        size_t n_passes = 0;
        /* One per rule that passes, and one per call. */
        CLEANUP_FREE size_t *passes = calloc(2 * seccomp_rules_n * n_archs, sizeof(*passes));
        if (!passes)
                return -ENOMEM;
        for (size_t i = 0; i < n_archs; i++) {
                /* The kernel distinguishes x32 by a bit of the number, which libseccomp's numbers include. */
                uint32_t arch = archs[i] == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : archs[i];
                load(&p, offsetof(struct seccomp_data, arch));
                (void)add_instruction(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, arch);
                size_t over = jump(&p);
                load(&p, offsetof(struct seccomp_data, nr));
                for (size_t j = 0; j < seccomp_rules_n;)
                        j = compile_call(&p, j, number_of(resolve, archs[i], seccomp_rules[j].call), now,
                                         passes, &n_passes);
                land(&p, over);
        }
        for (size_t i = 0; i < n_passes; i++)
                land(&p, passes[i]);
        if (p.r == 0 && p.n >= BPF_MAXINSNS)
                p.r = -E2BIG;
        if (p.r < 0) {
                free(p.items);
                return p.r;
        }
        *ret = p.items;
        *ret_n = p.n;
        return 0;
}
