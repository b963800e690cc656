/* SPDX-License-Identifier: Apache-2.0 */
/* An error value, filled at the point of failure and sent between processes unchanged. */
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

/** The step that failed, for front ends that have words of their own for it. */
typedef enum ErrorStep {
        ERROR_ELSEWHERE,
        ERROR_NAMESPACES, /* creating the namespaces */
        ERROR_JOIN,       /* joining one; index: its CLONE_NEW* flag */
        ERROR_MAPS,       /* mapping the ids */
        ERROR_LOOPBACK,
        ERROR_FILTER,          /* reading a system call filter; index: 0: it cannot be read, 1: its last
                                  instruction is incomplete, 2: it is not a program */
        ERROR_SOURCE,          /* finding the source of an operation; index: in the plan */
        ERROR_OPERATION,       /* executing an operation; index: in the plan */
        ERROR_LOCK,            /* locking a file; index: in the list */
        ERROR_USER_NAMESPACES, /* they are not disabled */
        ERROR_CWD,
        ERROR_EXEC,
} ErrorStep;

/**
 * An error: what failed, on what, why, and what to do. It has a fixed size, so that nothing must be freed, it
 * can be filled after a clone, and the channel can send it whole.
 */
typedef struct Error {
        int errnum;    /* positive errno, 0: no error */
        int exit_code; /* what kurung exits with: EXIT_* above */
        ErrorStep step;
        int index; /* of the step's item */
        char text[ERROR_TEXT_MAX];
} Error;

/**
 * error_set - fill @err with a text as printf(3) does. A text that does not fit is truncated.
 *
 * @err: may be NULL; an error that is already set is kept (the first cause counts).
 * @errnum: positive errno value; it is NOT added to the text. 0 counts as EIO.
 *
 * Returns -@errnum, so that "return error_set(...)" reads well; always negative.
 */
int error_set(Error *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** error_set_errno - like error_set(), with ": " and strerror(@errnum) appended. @errnum may also be
 * negative. */
int error_set_errno(Error *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** error_set_exit - set the exit status for an error (default EXIT_KURUNG_FAILED; 0 is ignored, because it
 * means success). Returns -errnum. */
int error_set_exit(Error *err, int exit_code);

/** error_at - note the failed step, unless one is noted already; @err may be NULL, or hold no error. Returns
 * -errnum, or 0 if there is no error. */
int error_at(Error *err, ErrorStep step, int index);

/**
 * error_ensure - complete an error before it is printed or sent, so that no failure is silent.
 *
 * Missing parts are filled in: the errno, a text ("@what failed without an error message"), and an exit
 * status other than 0. A complete error does not change.
 *
 * @r: the -errno that was returned. @err: may be NULL.
 *
 * Returns -errno; always negative.
 */
int error_ensure(Error *err, int r, const char *what);

/**
 * error_take - copy an error that another process reported, which may be incomplete or forged.
 *
 * @err: may be NULL; an error that is already set is kept. @who: the sender, like @what of error_ensure().
 *
 * Returns -errno of @from; always negative.
 */
int error_take(Error *err, const Error *from, const char *who);

/** error_no_memory - set the error for failures of malloc(3). Returns -ENOMEM. */
int error_no_memory(Error *err);
