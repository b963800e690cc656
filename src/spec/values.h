/* SPDX-License-Identifier: Apache-2.0 */
/* Values as profiles and options spell them: sizes, spans of time, ids, paths. Pure functions over text. */
#pragma once

#include "base/error.h"
#include "spec/keys.h"

#include <sys/types.h>

/** value_size - bytes with an optional suffix K, M, G, T, P, E (base 1024), as systemd.resource-control(5);
 * also with a fraction, as 1.5G. 0 or -EINVAL. */
int value_size(const char *text, uint64_t *ret);

/** value_rate - bytes per second: the same to the base of 1000, as IOReadBandwidthMax= of
 * systemd.resource-control(5) has it. 0 or -EINVAL. */
int value_rate(const char *text, uint64_t *ret);

/** value_percent - "200%": 200. 0 or -EINVAL. */
int value_percent(const char *text, uint64_t *ret);

/** value_count - a decimal number, at most @max. 0 or -EINVAL. */
int value_count(const char *text, uint64_t max, uint64_t *ret);

/** value_seconds - "90", "30min", "1h 30s", "infinity" (UINT64_MAX) as systemd.time(7); microseconds in @ret.
 */
int value_seconds(const char *text, uint64_t *ret);

/** value_ids - "UID:GID". 0 or -EINVAL. */
int value_ids(const char *text, uid_t *ret_uid, gid_t *ret_gid);

#define VALUE_NAME_MAX 63

/** value_name - whether it may name a sandbox or a home that is kept: [a-z0-9][a-z0-9._-]{0,62}. */
bool value_name(const char *name);

/** value_env_name - whether @len bytes at @name may be the name of an environment variable. */
bool value_env_name(const char *name, size_t len);

/**
 * value_path - an absolute, normalized path from what the user wrote: relative ones lie below ctx->cwd. "~"
 * at the beginning is replaced, with ctx->expand also $HOME and $XDG_*.
 *
 * @ret: owned by the caller. Returns 0 or -errno with @err, which begins with ctx->origin.
 */
int value_path(const char *text, const KeyContext *ctx, char **ret, Error *err);

/**
 * value_split - split "PATH[:REST]" at the first colon that no backslash stands before; "\:" in the parts
 * becomes ":".
 *
 * @ret_first: owned. @ret_rest: owned, NULL when there is no colon. Returns 0 or -ENOMEM.
 */
int value_split(const char *text, char **ret_first, char **ret_rest);
