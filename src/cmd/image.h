/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of "kurung image" share. */
#pragma once

#include "image/import.h"

typedef struct ImageVerb {
        const char *name;
        int (*run)(int argc, char **argv, Error *err); /* returns 0, 1 after --help, or -errno */
        const char *arguments;                         /* "NAME[:TAG]" */
        const char *help;
        const char *words; /* like Command.words */
} ImageVerb;

extern const ImageVerb image_verbs[];
extern const size_t image_verbs_n;

/** image_parse_name - parse the name of a stored image, for the command @command. @ret: image_ref_clear()
 * frees it. Returns 0 or -EINVAL, -ENOMEM with @err. */
int image_parse_name(const char *command, const char *text, ImageRef *ret, Error *err);

/** image_tell_left_out - tell what of an image was not stored, each once. */
void image_tell_left_out(const ImportResult *result);

/** image_run_commit - "kurung image commit". Returns 0, 1 after --help, or -errno with @err. */
int image_run_commit(int argc, char **argv, Error *err);
