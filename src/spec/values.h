/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers for the values of profiles and options: sizes, time spans, ids, paths. They have no side effects.
 */
#pragma once

#include "base/error.h"
#include "spec/keys.h"

#include <sys/types.h>

/** value_size - parse bytes with an optional suffix K, M, G, T, P, E (base 1024), as in
 * systemd.resource-control(5), optionally with a fraction (1.5G). Returns 0 or -EINVAL. */
int value_size(const char *text, uint64_t *ret);

/** value_rate - parse bytes per second: like value_size() to the base of 1000, as in IOReadBandwidthMax= of
 * systemd.resource-control(5). Returns 0 or -EINVAL. */
int value_rate(const char *text, uint64_t *ret);

/** value_percent - parse a percentage: "200%" is 200. Returns 0 or -EINVAL. */
int value_percent(const char *text, uint64_t *ret);

/** value_count - parse a decimal number, at most @max. Returns 0 or -EINVAL. */
int value_count(const char *text, uint64_t max, uint64_t *ret);

/** value_seconds - parse "90", "30min", "1h 30s" or "infinity" (UINT64_MAX) as in systemd.time(7);
 * microseconds in @ret. */
int value_seconds(const char *text, uint64_t *ret);

/** value_ids - parse "UID:GID". Returns 0 or -EINVAL. */
int value_ids(const char *text, uid_t *ret_uid, gid_t *ret_gid);

#define VALUE_NAME_MAX 63

/** value_name - return whether @name is a valid name of a sandbox or a kept home: [a-z0-9][a-z0-9._-]{0,62}.
 */
bool value_name(const char *name);

/** value_env_name - return whether @len bytes at @name are a valid name of an environment variable. */
bool value_env_name(const char *name, size_t len);

/**
 * value_path - convert a path of the user's to an absolute, normalized one: relative paths are below
 * ctx->cwd; a leading "~" is expanded, with ctx->expand also $HOME and $XDG_*.
 *
 * @ret: owned by the caller. Returns 0 or -errno with @err, which begins with ctx->origin.
 */
int value_path(const char *text, const KeyContext *ctx, char **ret, Error *err);

/**
 * value_split - split "PATH[:REST]" at the first colon without a backslash before it; "\:" in the parts
 * becomes ":".
 *
 * @ret_first: owned by the caller. @ret_rest: likewise; NULL if there is no colon. Returns 0 or -ENOMEM.
 */
int value_split(const char *text, char **ret_first, char **ret_rest);
