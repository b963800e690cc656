/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about files to a process in the host's user namespace. The server of a view is in the sandbox's,
 * where stat(2) shows every owner that is not mapped as nobody; but it may not be in the host's, because it
 * could not be confined to a root of its own there. So it asks: with a directory and the names in it. The
 * process that answers can open nothing, and looks up only one name in a directory that it received.
 */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

/** Maximum number of names in one question. */
#define OWNERS_NAMES_MAX 192
/** Maximum length of all of them, each with its terminating 0. */
#define OWNERS_TEXT_MAX 16384

typedef struct OwnersAnswer {
        int32_t error; /* 0, or an errno: then the rest is zero */
        uint32_t mode, nlink, uid, gid;
        uint32_t dev_major, dev_minor, rdev_major, rdev_minor, block_size;
        uint64_t ino, size, blocks;
        struct statx_timestamp atime, mtime, ctime;
} OwnersAnswer;

/**
 * owners_ask - get the attributes of names in a directory, of links themselves.
 *
 * @channel: a SOCK_SEQPACKET socket to the process in owners_serve(). @dir: a directory, O_PATH suffices.
 * @names: @n names, each with its terminating 0, one after the other; an empty one is the directory itself.
 * @len: of all of them. @ret: room for @n answers.
 *
 * Returns 0, or -errno if there is no answer.
 */
int owners_ask(int channel, int dir, const char *names, size_t len, size_t n, OwnersAnswer *ret);

/** owners_answer - answer one question. Returns 1; 0: the other side closed its end; -errno: it sent
 * something other than a question. */
int owners_answer(int channel);
