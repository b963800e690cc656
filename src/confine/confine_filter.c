/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles a helper's list of system calls to a program of classic BPF (seccomp(2)). */
#include "confine/confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* The kernel's number of the architecture of this program: calls through another entry (i386, x32) are not on
 * the list. */
#if defined(__x86_64__) && defined(__ILP32__)
#define OWN_ARCH 0
#elif defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OWN_ARCH AUDIT_ARCH_RISCV64
#elif defined(__i386__)
#define OWN_ARCH AUDIT_ARCH_I386
#elif defined(__arm__) && defined(__ARMEL__)
#define OWN_ARCH AUDIT_ARCH_ARM
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define OWN_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define OWN_ARCH AUDIT_ARCH_S390X
#elif defined(__loongarch64)
#define OWN_ARCH AUDIT_ARCH_LOONGARCH64
#else
#define OWN_ARCH 0
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOWER_HALF 0
#else
#define LOWER_HALF 4
#endif

/* Maximum number of calls that are compared one after the other. */
#define LEAF_CALLS 4

/* On x86_64, numbers with this bit are calls of x32. */
#define X32_BIT 0x40000000U

typedef struct Program {
        struct sock_filter *items;
        size_t n;
} Program;

static void add_instruction(Program *p, uint16_t code, uint32_t k, size_t jt, size_t jf)
{
        if (p->n < CONFINE_FILTER_MAX)
                p->items[p->n] = (struct sock_filter){code, (uint8_t)jt, (uint8_t)jf, k};
        p->n++;
}

static void load(Program *p, size_t offset)
{
        add_instruction(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Adds the comparison with one call. The number of the call must be loaded before, and is loaded again
 * afterwards. */
static void add_call(Program *p, const ConfineCall *call)
{
        /* Three instructions per condition, the answer, and loading the number again. */
        add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call->nr, 0,
                        call->n > 0 ? 3 * call->n + 2 : 1);
        for (unsigned i = 0; i < call->n; i++) {
                load(p, offsetof(struct seccomp_data, args) + 8 * call->when[i].arg + LOWER_HALF);
                add_instruction(p, BPF_ALU | BPF_AND | BPF_K, call->when[i].mask, 0, 0);
                add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, call->when[i].value, 0,
                                3 * (call->n - 1 - i) + 1);
        }
        add_instruction(p, BPF_RET | BPF_K, call->answer ? call->answer : SECCOMP_RET_ALLOW, 0, 0);
        if (call->n > 0)
                load(p, offsetof(struct seccomp_data, nr));
}

/* Entries with the same number keep their order. */
static int compare_numbers(const void *a, const void *b)
{
        const ConfineCall *x = *(const ConfineCall *const *)a, *y = *(const ConfineCall *const *)b;
        return x->nr != y->nr ? (x->nr > y->nr) - (x->nr < y->nr) : (x > y) - (x < y);
}

/* Finds an index near the middle at which a new number begins; 0: all numbers are equal. */
static size_t find_middle(const ConfineCall *const *sorted, size_t n)
{
        size_t down = n / 2;
        while (down > 0 && sorted[down - 1]->nr == sorted[n / 2]->nr)
                down--;
        if (down > 0)
                return down;
        size_t up = n / 2;
        while (up < n && sorted[up]->nr == sorted[n / 2]->nr)
                up++;
        return up < n ? up : 0;
}

/*
 * A search tree, because its depth matters: the kernel runs a new filter once for each number
 * (seccomp_cache_prepare() in kernel/seccomp.c), and the start waits for the helper. The offset of the upper
 * half may exceed the 8 bits of a conditional jump.
 */
static void add_calls(Program *p, const ConfineCall *const *sorted, size_t n, uint32_t other)
{
        size_t half = n > LEAF_CALLS ? find_middle(sorted, n) : 0;
        if (half == 0) {
                for (size_t i = 0; i < n; i++)
                        add_call(p, sorted[i]);
                add_instruction(p, BPF_RET | BPF_K, other, 0, 0);
                return;
        }
        add_instruction(p, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)sorted[half]->nr, 0, 1);
        size_t jump = p->n;
        add_instruction(p, BPF_JMP | BPF_JA, 0, 0, 0);
        add_calls(p, sorted, half, other);
        if (jump < CONFINE_FILTER_MAX)
                p->items[jump].k = (uint32_t)(p->n - jump - 1);
        add_calls(p, sorted + half, n - half, other);
}

int confine_filter_make(const Confinement *c, struct sock_filter *ret)
{
        Program p = {.items = ret};
        const ConfineCall *sorted[CONFINE_FILTER_MAX];
        size_t n = 0;
        if (OWN_ARCH == 0)
                return -ENOTSUP;
        load(&p, offsetof(struct seccomp_data, arch));
        add_instruction(&p, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
        add_instruction(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
        load(&p, offsetof(struct seccomp_data, nr));
        add_instruction(&p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
        add_instruction(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
        if (c->n_calls > ARRAY_LEN(sorted))
                return -E2BIG;
        for (size_t i = 0; i < c->n_calls; i++)
                if (c->calls[i].nr >= 0)
                        sorted[n++] = &c->calls[i];
        qsort(sorted, n, sizeof(const ConfineCall *), compare_numbers);
        add_calls(&p, sorted, n, c->other_calls);
        return p.n > CONFINE_FILTER_MAX ? -E2BIG : (int)p.n;
}
