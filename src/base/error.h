/* SPDX-License-Identifier: Apache-2.0 */
/* One error value that is filled where something fails and crosses processes as it is. */
#pragma once

#include "base/util.h"

/** Exit statuses of kurung itself (the payload's own pass through). As env(1), podman-run(1). */
enum {
        EXIT_KURUNG_FAILED = 125,
        EXIT_NOT_EXECUTABLE = 126,
        EXIT_NOT_FOUND = 127,
        EXIT_SIGNAL_BASE = 128,
};

#define ERROR_TEXT_MAX 1024

/**
 * What failed, on what, why and what to do about it: a fixed-size value, so nothing is to be freed, it is
 * safe to fill after a clone, and it is sent whole over the channel.
 */
typedef struct Error {
        int errnum;    /* positive errno, 0: no error */
        int exit_code; /* what kurung exits with: EXIT_* above */
        char text[ERROR_TEXT_MAX];
} Error;

/**
 * error_set - fill @err with a text as printf(3) does. A text that does not fit is cut.
 *
 * @err: may be NULL; an error that is already set is kept (the first cause counts).
 * @errnum: positive errno value; it is NOT added to the text. 0, as errno may be, counts as EIO.
 *
 * Returns -@errnum, so that "return error_set(...)" reads well; always negative.
 */
int error_set(Error *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** error_set_errno - the same, with ": " and strerror(@errnum) added. @errnum may also be negative. */
int error_set_errno(Error *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** error_set_exit - change the exit status an error leads to (default EXIT_KURUNG_FAILED; 0 is refused, as
 * nothing failed with it); returns -errnum. */
int error_set_exit(Error *err, int exit_code);

/**
 * error_ensure - make sure that a failure says something: called where one is about to be told or sent.
 *
 * Whatever was forgotten on the way is filled: the errno, a text ("@what failed and did not say why"), and an
 * exit status that is not 0. An error that has all of it stays as it is.
 *
 * @r: the -errno that was returned. @err: may be NULL.
 *
 * Returns -errno; always negative.
 */
int error_ensure(Error *err, int r, const char *what);

/**
 * error_take - take over an error that another process reported, which may be incomplete or forged.
 *
 * @err: may be NULL; an error that is already set is kept. @who: what sent it, as error_ensure() has it.
 *
 * Returns -errno of @from; always negative.
 */
int error_take(Error *err, const Error *from, const char *who);

/** error_no_memory - the one error for malloc(3) failures. Returns -ENOMEM. */
int error_no_memory(Error *err);
