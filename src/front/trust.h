/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which profiles of projects the user trusts: STATE/trusted (0600), for each its path, the hash of its
 * content, and the hosts that the project's own configuration named when it was trusted. It is kurung's own
 * state and never seen inside a sandbox.
 */
#pragma once

#include "base/error.h"
#include "base/sha256.h"
#include "base/strlist.h"
#include "front/inside.h"

typedef enum TrustState {
        TRUST_NONE,
        TRUST_CHANGED, /* it was trusted with other content */
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
 * trust_read - the list in the directory @state. There being none is an empty one.
 *
 * @state: NULL: there is no place for it. @project: a list that lies in it is nobody's word; NULL: not looked
 * at.
 * @ret: trust_clear() frees it.
 *
 * Returns 0, or -errno with @err: the list can't be read, is malformed, belongs to somebody else or can be
 * written by others, or lies in the project.
 */
int trust_read(const char *state, const Project *project, TrustList *ret, Error *err);
void trust_clear(TrustList *list);

/** trust_find - the entry of a path, or NULL. */
const TrustEntry *trust_find(const TrustList *list, const char *path);

/**
 * trust_check - whether @text, the content of the file @path, is trusted.
 *
 * @ret_hosts: the entry's are added; may be NULL. Returns 0 with *@ret, or -errno with @err. Nothing is
 * hashed when the list does not have the path.
 */
int trust_check(const TrustList *list, const char *path, const char *text, size_t len, TrustState *ret,
                StrList *ret_hosts, Error *err);

/**
 * trust_set - put an entry into the list, in the place of an older one of the same path.
 *
 * @hash: 64 digits; NULL takes the entry out. @hosts: may be NULL. Returns 0 or -errno with @err (ENOENT:
 * there is none to take out).
 */
int trust_set(TrustList *list, const char *path, const char *hash, const StrList *hosts, Error *err);

/** trust_write - write the list into the directory @state_fd, at once by rename(2). 0 or -errno with @err. */
int trust_write(int state_fd, const TrustList *list, Error *err);
