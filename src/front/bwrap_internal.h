/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the files of the front end bwrap. */
#pragma once

#include "front/bwrap.h"

/** The maximum number of words, those of --args included. */
#define BWRAP_WORDS_MAX 9000

typedef struct BwrapOption BwrapOption;

/** An option. */
struct BwrapOption {
        const char *name;
        unsigned n; /* number of values */
        /* Reads the values. Returns 0 or -errno with @err. */
        int (*take)(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
        unsigned parameter, flags;    /* of the function */
        size_t offset;                /* of a switch in Bwrap */
        bool takes_perms, takes_size; /* uses an earlier --perms or --size */
        bool modifies;                /* applies to the option that follows */
        bool one;                     /* the message about a missing value says "one argument" */
};

/** bwrap_find_option - NULL: there is none. */
const BwrapOption *bwrap_find_option(const char *name);

/** bwrap_warn - add a line for the user. Returns 0 or -ENOMEM with @err. */
int bwrap_warn(Bwrap *b, Error *err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** bwrap_fd - read a descriptor that an option names. It is not passed to the command. Returns 0 or -errno
 * with @err. */
int bwrap_fd(Bwrap *b, const char *text, int *ret, Error *err);

/* Readers of options: operations on the file system (bwrap_ops.c). */
int bwrap_take_bind(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_bind_fd(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_data(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_place(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_proc(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_dev(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_mqueue(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_symlink(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_chmod(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_overlay_src(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
int bwrap_take_overlay(Bwrap *b, const BwrapOption *option, char *const *values, Error *err);
/** bwrap_octal - read permissions. Returns 0 or -EINVAL with @err. */
int bwrap_octal(const BwrapOption *option, const char *text, unsigned *ret, Error *err);
