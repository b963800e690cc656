/* SPDX-License-Identifier: Apache-2.0 */
/* The list of system calls of a helper, as a program. */
#include "unit.h"

#include "bpf.h"

#include "mech/confine.h"

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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_is_listed_is_made),
                cmocka_unit_test(conditions_look_at_the_lower_half_as_the_kernel_does),
                cmocka_unit_test(all_conditions_have_to_hold),
                cmocka_unit_test(another_entry_of_the_kernel_kills),
                cmocka_unit_test(a_list_that_is_too_long_is_refused),
        };
        return make_program(NULL) < 0 ? 1 : RUN_TESTS(tests);
}
