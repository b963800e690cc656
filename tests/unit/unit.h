/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka with what it needs before it, and TAP as its output. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#define RUN_TESTS(tests)                                                                                     \
        (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests((tests), NULL, NULL))

/* The modes of files that tests make do not depend on the caller's. */
__attribute__((constructor)) static void take_usual_umask(void)
{
        (void)umask(022);
}
