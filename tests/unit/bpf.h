/* SPDX-License-Identifier: Apache-2.0 */
/* Filters are run here as the kernel would (seccomp(2), "The Berkeley packet filter"), without making a call.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

/* What classic BPF with seccomp's restrictions says about a call. */
static uint32_t bpf_ask(const struct sock_filter *program, size_t n, const struct seccomp_data *data)
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
