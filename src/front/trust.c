/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the list of trusted project profiles. */
#include "front/trust.h"

#include "base/defence.h"
#include "base/fields.h"
#include "base/io.h"

#include <fcntl.h>
#include <sys/stat.h>

#define TRUST_FILE "trusted"
#define TRUST_SIZE_MAX (16 << 20)
#define HASH_LEN (SHA256_HEX_ROOM - 1)

static bool is_hash(const char *text)
{
        return strlen(text) == HASH_LEN && strspn(text, "0123456789abcdef") == HASH_LEN;
}

static const Field entry_items[] = {
        TEXT_FIELD(TrustEntry, hash, "hash", .check = is_hash),
        TEXT_FIELD(TrustEntry, path, "path", .check = fields_check_path),
        LIST_FIELD(TrustEntry, hosts, "host", .optional = true, .max = UINT32_MAX),
};

static const FieldTable entry_fields = {
        .size = sizeof(TrustEntry), .items = entry_items, .n = ARRAY_LEN(entry_items)};

static const Field list_items[] = {
        ROWS_FIELD(TrustList, items, n, "profile", .optional = true, .rows = &entry_fields,
                   .max = UINT32_MAX),
};

static const FieldTable list_fields = {.kind = "trusted",
                                       .version = 2,
                                       .oldest = 2,
                                       .ended = 2,
                                       .size = sizeof(TrustList),
                                       .items = list_items,
                                       .n = ARRAY_LEN(list_items)};

void trust_clear(TrustList *list)
{
        fields_clear(&list_fields, list);
}

static TrustEntry *find(const TrustList *list, const char *path)
{
        for (size_t i = 0; i < list->n; i++)
                if (str_eq(list->items[i].path, path))
                        return &list->items[i];
        return NULL;
}

const TrustEntry *trust_find(const TrustList *list, const char *path)
{
        return find(list, path);
}

static int add_entry(TrustList *list, const char *hash, const char *path)
{
        TrustEntry *bigger = reallocarray(list->items, list->n + 1, sizeof(*bigger));
        if (!bigger)
                return -ENOMEM;
        list->items = bigger;
        TrustEntry *e = &bigger[list->n++];
        *e = (TrustEntry){.hash = strdup(hash), .path = strdup(path)};
        return e->hash && e->path ? 0 : -ENOMEM;
}

/* Parses "HASH PATH", or below it "+TOOL RULE" for each host. */
static int take_old_line(TrustList *list, char *line)
{
        if (line[0] == '+')
                return list->n > 0 ? strlist_add(&list->items[list->n - 1].hosts, line + 1) : -EBADMSG;
        char *space = strchr(line, ' ');
        if (!space)
                return -EBADMSG;
        *space = '\0';
        return is_hash(line) && fields_check_path(space + 1) ? add_entry(list, line, space + 1) : -EBADMSG;
}

static int parse_old(char *text, size_t len, TrustList *list)
{
        int r = 0;
        if (strlen(text) != len || (len > 0 && text[len - 1] != '\n'))
                return -EBADMSG;
        for (char *line = text, *end; r == 0 && (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                r = take_old_line(list, line);
        }
        return r;
}

/* Reads the file only if nobody else could have written it. @ret: NULL if there is no list. */
static int read_list(int dir, char **ret, size_t *ret_len)
{
        struct stat above;
        if (fstat(dir, &above) < 0)
                return -errno;
        if (above.st_uid != geteuid() || (above.st_mode & 022))
                return -EPERM;
        int r = io_read_own_at(dir, TRUST_FILE, 022, TRUST_SIZE_MAX, ret, ret_len);
        return r == -ENOENT ? 0 : r;
}

int trust_read(const char *state, const Project *project, TrustList *ret, Error *err)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_FREE char *text = NULL;
        size_t len = 0;
        CLEANUP_FD int dir = state ? open(state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : FD_NONE;
        if (!state || (dir < 0 && errno == ENOENT))
                return 0;
        if (dir < 0)
                return error_set_errno(err, errno, "cannot open '%s'", state);
        if (project && project_has(project, dir))
                return error_set(err, EPERM,
                                 "'%s', which holds the list of trusted profiles, is inside the project: set "
                                 "XDG_STATE_HOME to another directory",
                                 state);
        int r = read_list(dir, &text, &len);
        if (r == -EPERM)
                return error_set(err, EPERM,
                                 "%s/" TRUST_FILE " or its directory belongs to another user or is writable "
                                 "by others: check it, and remove it",
                                 state);
        if (r == 0 && text)
                r = str_starts(text, "kurung-") ? fields_parse(&list_fields, text, len, &list)
                                                : parse_old(text, len, &list);
        if (r == -EBADMSG)
                return error_set(err, EINVAL, "%s/" TRUST_FILE " is malformed: remove it", state);
        if (r == -ENOTSUP)
                return error_set(err, ENOTSUP, "%s/" TRUST_FILE " was made by a later kurung", state);
        if (r < 0)
                return error_set_errno(err, r, "cannot read %s/" TRUST_FILE, state);
        *ret = list;
        list = (TrustList){0};
        return 0;
}

int trust_check(const TrustList *list, const char *path, const char *text, size_t len, TrustState *ret,
                StrList *ret_hosts, Error *err)
{
        char hash[SHA256_HEX_ROOM];
        const TrustEntry *e = trust_find(list, path);
        *ret = TRUST_NONE;
        if (!e)
                return 0;
        int r = sha256_hex(text, len, hash, err);
        if (r < 0)
                return r;
        *ret = str_eq(hash, e->hash) || !defence_is_on(DEFENCE_TRUST) ? TRUST_GIVEN : TRUST_CHANGED;
        for (size_t i = 0; *ret == TRUST_GIVEN && ret_hosts && i < e->hosts.n; i++)
                if (strlist_add(ret_hosts, e->hosts.items[i]) < 0)
                        return error_no_memory(err);
        return 0;
}

int trust_set(TrustList *list, const char *path, const char *hash, const StrList *hosts, Error *err)
{
        TrustEntry *old = find(list, path);
        if (!hash && !old)
                return error_set(err, ENOENT,
                                 "'%s' is not trusted; \"kurung profile trust\" lists the trusted profiles",
                                 path);
        if (old) {
                fields_clear(&entry_fields, old);
                *old = list->items[--list->n];
        }
        if (!hash)
                return 0;
        if (add_entry(list, hash, path) < 0)
                return error_no_memory(err);
        if (hosts && strlist_copy(hosts, &list->items[list->n - 1].hosts) < 0)
                return error_no_memory(err);
        return 0;
}

int trust_write(int state_fd, const TrustList *list, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        if (fields_print(&list_fields, list, &text, &len) < 0)
                return error_no_memory(err);
        int r = io_replace_at(state_fd, TRUST_FILE, text, len, true);
        return r < 0 ? error_set_errno(err, r, "cannot write the list of trusted profiles") : 0;
}
