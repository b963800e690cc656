/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The survey of a source: a confined process finds the image in an archive or a directory, reads its manifest
 * and its configuration, and returns them as a record, with the place of each layer.
 */
#pragma once

#include "image/record.h"

/** The kind of a source; AUTO recognises it by its content. */
typedef enum SurveyKind { SURVEY_AUTO, SURVEY_OCI, SURVEY_DOCKER } SurveyKind;

/** A source of an image. */
typedef struct SurveySource {
        int fd; /* a regular file, or a directory: an OCI image layout */
        bool is_directory;
        const char *path; /* of a directory; NULL: not confined, in tests */
        uint64_t size;    /* of a file */
        SurveyKind kind;
        const char *tag;    /* which image of the source; NULL: the only one */
        uint64_t max_bytes; /* of data; more is an error */
} SurveySource;

typedef struct Survey {
        ImageRecord record;
        int fd;        /* the file in which the layers are: that of the source, or without its compression a
                          temporary one; FD_NONE: a directory. Owned */
        bool is_plain; /* the source is a root file system as a tar archive: its only layer */
} Survey;

#define SURVEY_NONE ((Survey){.fd = FD_NONE})

/**
 * survey_run - survey a source.
 *
 * @spool: an empty temporary file (O_TMPFILE), borrowed. @ret: survey_clear() frees it.
 *
 * Returns 0; -ENOENT (no such image in it), -EBADMSG, -ENOTSUP, -errno with @err.
 */
int survey_run(const SurveySource *source, int spool, Survey *ret, Error *err);

/** survey_open_layer - open the file that holds a layer. @ret_fd: owned by the caller. Returns 0 or -errno
 * with @err. */
int survey_open_layer(const SurveySource *source, const Survey *survey, const ImageLayer *layer, int *ret_fd,
                      Error *err);

void survey_clear(Survey *survey);

/** survey_read - the body of the confined process; for tests and fuzzers. @ret: zeroed, cleared by the
 * caller. @ret_spooled, @ret_plain: as in Survey. Returns 0 or -errno with @err. */
int survey_read(const SurveySource *source, int spool, ImageRecord *ret, bool *ret_spooled, bool *ret_plain,
                Error *err);
