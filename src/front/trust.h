/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiles of projects that the user trusts: STATE/trusted (0600), with the path of each, the hash of its
 * content, and the hosts that the project's own configuration named at that time. The list is kurung's own
 * state and never visible inside a sandbox.
 */
#pragma once

#include "base/error.h"
#include "base/sha256.h"
#include "base/strlist.h"
#include "base/project.h"

typedef enum TrustState {
        TRUST_NONE,
        TRUST_CHANGED, /* trusted with other content */
        TRUST_GIVEN,
} TrustState;

typedef struct TrustEntry {
        char *hash;
        char *path;    /* of the profile, without links */
        StrList hosts; /* "npm registry.example:443/tcp" */
} TrustEntry;

typedef struct TrustList {
        TrustEntry *items;
        size_t n;
} TrustList;

/**
 * trust_read - read the list in the directory @state; a missing list is empty.
 *
 * @state: NULL: no directory. @project: a list inside it is refused; NULL: not checked.
 * @ret: trust_clear() frees it.
 *
 * Returns 0, or -errno with @err: the list cannot be read, is malformed, belongs to another user or is
 * writable by others, or is in the project.
 */
int trust_read(const char *state, const Project *project, TrustList *ret, Error *err);
void trust_clear(TrustList *list);

/** trust_find - find the entry of a path, or NULL. */
const TrustEntry *trust_find(const TrustList *list, const char *path);

/**
 * trust_check - check whether @text, the content of the file @path, is trusted.
 *
 * @ret_hosts: gets the hosts of the entry; may be NULL. Returns 0 with *@ret, or -errno with @err. Without an
 * entry for the path, nothing is hashed.
 */
int trust_check(const TrustList *list, const char *path, const char *text, size_t len, TrustState *ret,
                StrList *ret_hosts, Error *err);

/**
 * trust_set - add an entry to the list, replacing an older one with the same path.
 *
 * @hash: 64 digits; NULL removes the entry. @hosts: may be NULL. Returns 0 or -errno with @err (ENOENT: there
 * is no entry to remove).
 */
int trust_set(TrustList *list, const char *path, const char *hash, const StrList *hosts, Error *err);

/** trust_write - write the list to the directory @state_fd, atomically by rename(2). Returns 0 or -errno
 * with @err. */
int trust_write(int state_fd, const TrustList *list, Error *err);
