/* SPDX-License-Identifier: Apache-2.0 */
/* The list of system calls of a helper, as a program. */
#include "unit.h"

#include "bpf.h"

#include "confine/confine.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <sys/socket.h>

static const ConfineCall calls[] = {
        CONFINE_CALL(read),
        {.nr = -1}, /* of another architecture */
        CONFINE_CALL_IF(fcntl, 1, UINT32_MAX, 3),
        {.nr = SCMP_SYS(socket), .n = 2, .when = {{0, UINT32_MAX, AF_INET}, {1, 0xf, SOCK_STREAM}}},
        {.nr = SCMP_SYS(socket),
         .answer = SECCOMP_RET_ERRNO | 1,
         .n = 2,
         .when = {{0, UINT32_MAX, AF_INET}, {1, 0xf, SOCK_RAW}}},
        CONFINE_CALL(write),
};

static struct sock_filter program[CONFINE_FILTER_MAX];
static int length;

static int make_program(void **state)
{
        const Confinement c = {
                .calls = calls, .n_calls = ARRAY_LEN(calls), .other_calls = SECCOMP_RET_ERRNO | 38};
        (void)state;
        length = confine_filter_make(&c, program);
        return length > 0 ? 0 : -1;
}

/* By the architecture that the tests run on: the program kills for any other. */
static uint32_t ask(int nr, uint64_t a, uint64_t b)
{
        struct seccomp_data data = {.nr = nr, .arch = program[1].k, .args = {a, b}};
        return bpf_ask(program, (size_t)length, &data);
}

static void only_what_is_listed_is_made(void **state)
{
        (void)state;
        assert_int_equal(ask(SCMP_SYS(read), 0, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(SCMP_SYS(write), 0, 0), SECCOMP_RET_ALLOW);
        for (int nr = 0; nr < 600; nr++)
                if (nr != SCMP_SYS(read) && nr != SCMP_SYS(write))
                        assert_int_equal(ask(nr, UINT64_MAX, UINT64_MAX), SECCOMP_RET_ERRNO | 38);
}

static void conditions_look_at_the_lower_half_as_the_kernel_does(void **state)
{
        const uint64_t above = UINT64_C(1) << 32;
        (void)state;
        assert_int_equal(ask(SCMP_SYS(fcntl), 5, 3), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(SCMP_SYS(fcntl), 5, 3 | above), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(SCMP_SYS(fcntl), 5, 4), SECCOMP_RET_ERRNO | 38);
        assert_int_equal(ask(SCMP_SYS(fcntl), 5, 4 | above), SECCOMP_RET_ERRNO | 38);
}

static void all_conditions_have_to_hold(void **state)
{
        (void)state;
        assert_int_equal(ask(SCMP_SYS(socket), AF_INET, SOCK_STREAM), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(SCMP_SYS(socket), AF_INET, SOCK_STREAM | SOCK_CLOEXEC), SECCOMP_RET_ALLOW);
        assert_int_equal(ask(SCMP_SYS(socket), AF_INET, SOCK_RAW), SECCOMP_RET_ERRNO | 1);
        assert_int_equal(ask(SCMP_SYS(socket), AF_INET, SOCK_DGRAM), SECCOMP_RET_ERRNO | 38);
        assert_int_equal(ask(SCMP_SYS(socket), AF_UNIX, SOCK_STREAM), SECCOMP_RET_ERRNO | 38);
        assert_int_equal(ask(SCMP_SYS(socket), AF_UNIX, SOCK_RAW), SECCOMP_RET_ERRNO | 38);
}

static void another_entry_of_the_kernel_kills(void **state)
{
        struct seccomp_data data = {.nr = SCMP_SYS(read), .arch = AUDIT_ARCH_MIPS};
        (void)state;
        assert_int_equal(bpf_ask(program, (size_t)length, &data), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(ask(SCMP_SYS(read) | 0x40000000, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

static void a_list_that_is_too_long_is_refused(void **state)
{
        static ConfineCall many[CONFINE_FILTER_MAX];
        const Confinement c = {.calls = many, .n_calls = ARRAY_LEN(many)};
        (void)state;
        assert_int_equal(confine_filter_make(&c, program), -E2BIG);
        assert_int_equal(make_program(NULL), 0);
}

/* What a list says, line by line: the first one that holds. */
static uint32_t read_list(const ConfineCall *list, size_t n, const struct seccomp_data *data, uint32_t other)
{
        for (size_t i = 0; i < n; i++) {
                bool holds = list[i].nr == data->nr;
                for (unsigned j = 0; holds && j < list[i].n; j++)
                        holds = ((uint32_t)data->args[list[i].when[j].arg] & list[i].when[j].mask) ==
                                list[i].when[j].value;
                if (holds)
                        return list[i].answer ? list[i].answer : SECCOMP_RET_ALLOW;
        }
        return other;
}

static void a_long_list_is_answered_as_it_is_read(void **state)
{
        static ConfineCall list[200];
        (void)state;
        for (unsigned seed = 1; seed <= 40; seed++) {
                srand(seed);
                for (size_t i = 0; i < ARRAY_LEN(list); i++)
                        list[i] = (ConfineCall){
                                .nr = rand() % (seed % 2 ? 500 : 60),
                                .answer = rand() % 3 ? 0 : SECCOMP_RET_ERRNO | (uint32_t)(rand() % 4),
                                .n = (unsigned)(rand() % 3 ? 0 : 1 + rand() % 2),
                                .when = {{0, 3, (uint32_t)(rand() % 4)}, {1, 1, (uint32_t)(rand() % 2)}}};
                const Confinement c = {.calls = list, .n_calls = seed == 1 ? 1 : ARRAY_LEN(list) - seed};
                length = confine_filter_make(&c, program);
                assert_true(length > 0);
                for (int nr = 0; nr < 520; nr++)
                        for (uint64_t args = 0; args < 8; args++) {
                                const struct seccomp_data data = {
                                        .nr = nr, .arch = program[1].k, .args = {args & 3, args >> 2}};
                                assert_int_equal(bpf_ask(program, (size_t)length, &data),
                                                 read_list(list, c.n_calls, &data, 0));
                        }
        }
        assert_int_equal(make_program(NULL), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_is_listed_is_made),
                cmocka_unit_test(conditions_look_at_the_lower_half_as_the_kernel_does),
                cmocka_unit_test(all_conditions_have_to_hold),
                cmocka_unit_test(another_entry_of_the_kernel_kills),
                cmocka_unit_test(a_list_that_is_too_long_is_refused),
                cmocka_unit_test(a_long_list_is_answered_as_it_is_read),
        };
        return make_program(NULL) < 0 ? 1 : RUN_TESTS(tests);
}
