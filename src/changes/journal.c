/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the journal of an apply, and reads it. */
#include "changes/journal.h"

#include "base/io.h"
#include "changes/journal_internal.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/syscall.h>

#define MAGIC "kurung journal 1\n"
#define PATH_MAX_BYTES ((uint32_t)64 << 20)

typedef struct FileHeader {
        char magic[sizeof(MAGIC)];
        char id[17];
        uint32_t command_len; /* length of the following words, each with its NUL */
} FileHeader;

typedef struct EntryHeader {
        uint32_t kind, layer, number, mode, keep_old, path_len; /* with its NUL */
        FileIdentity fresh, old;
} EntryHeader;

bool journal_exists(int sandbox_fd)
{
        struct stat st;
        return fstatat(sandbox_fd, JOURNAL_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int journal_open_target(const ChangesLayer *layer, int *ret)
{
        const struct open_how how = {
                .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int fd = (int)syscall(SYS_openat2, AT_FDCWD, changes_layer_target(layer), &how, sizeof(how));
        if (fd < 0)
                return -errno;
        *ret = fd;
        return 0;
}

int journal_begin(Journal *j, int sandbox_fd, const StrList *command)
{
        FileHeader h;
        uint64_t id;
        memset(&h, 0, sizeof(h));
        if (getrandom(&id, sizeof(id), 0) != sizeof(id))
                return -errno;
        memcpy(h.magic, MAGIC, sizeof(MAGIC));
        (void)snprintf(h.id, sizeof(h.id), "%016llx", (unsigned long long)id);
        size_t command_len = 0;
        for (size_t i = 0; i < command->n; i++)
                command_len += strlen(command->items[i]) + 1;
        if (command_len > PATH_MAX_BYTES)
                return -E2BIG;
        h.command_len = (uint32_t)command_len;
        CLEANUP_FD int fd = openat(sandbox_fd, JOURNAL_FILE ".new",
                                   O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        int r = io_write_all(fd, &h, sizeof(h));
        for (size_t i = 0; r == 0 && i < command->n; i++)
                r = io_write_all(fd, command->items[i], strlen(command->items[i]) + 1);
        if (r == 0 && renameat(sandbox_fd, JOURNAL_FILE ".new", sandbox_fd, JOURNAL_FILE) < 0)
                r = -errno;
        if (r < 0)
                return r;
        *j = (Journal){.fd = TAKE_FD(fd), .sandbox_fd = sandbox_fd};
        memcpy(j->id, h.id, sizeof(j->id));
        return 0;
}

static int read_exactly(FILE *f, void *data, size_t len)
{
        return fread(data, 1, len, f) == len ? 0 : -ENODATA;
}

static int read_header(FILE *f, FileHeader *h, StrList *ret_command)
{
        if (read_exactly(f, h, sizeof(*h)) < 0 || memcmp(h->magic, MAGIC, sizeof(MAGIC)) != 0 || h->id[16] ||
            strspn(h->id, "0123456789abcdef") != 16 || h->command_len > PATH_MAX_BYTES)
                return -EBADMSG;
        CLEANUP_FREE char *words = malloc((size_t)h->command_len + 1);
        if (!words)
                return -ENOMEM;
        if (read_exactly(f, words, h->command_len) < 0 || (h->command_len > 0 && words[h->command_len - 1]))
                return -EBADMSG;
        for (char *w = words; ret_command && w < words + h->command_len; w += strlen(w) + 1)
                if (strlist_add(ret_command, w) < 0)
                        return -ENOMEM;
        return 0;
}

/* openat2(2) also refuses paths that leave the tree; this check is for the last component. The top directory
 * has no name, and only its mode and its entries are changed. */
static bool path_is_sound(JournalKind kind, const char *path)
{
        const char *name = strrchr(path, '/');
        name = name ? name + 1 : path;
        bool may_be_top = kind == JOURNAL_MODE || kind == JOURNAL_DIRECTORY;
        if (kind == JOURNAL_COMMIT || (may_be_top && !path[0]))
                return true;
        return name[0] && !str_eq(name, ".") && !str_eq(name, "..");
}

int journal_stream_next(FILE *f, JournalEntry *ret, char **path, size_t n_layers)
{
        EntryHeader h;
        if (read_exactly(f, &h, sizeof(h)) < 0)
                return 0;
        if (h.kind < JOURNAL_TEMPORARY || h.kind > JOURNAL_DIRECTORY || h.path_len == 0 ||
            h.path_len > PATH_MAX_BYTES || h.layer >= n_layers)
                return -EBADMSG;
        char *bigger = realloc(*path, h.path_len);
        if (!bigger)
                return -ENOMEM;
        *path = bigger;
        if (read_exactly(f, *path, h.path_len) < 0)
                return 0;
        if (strnlen(*path, h.path_len) != h.path_len - 1 || !path_is_sound((JournalKind)h.kind, *path))
                return -EBADMSG;
        *ret = (JournalEntry){
                .kind = (JournalKind)h.kind,
                .layer = h.layer,
                .number = h.number,
                .mode = h.mode,
                .keep_old = h.keep_old,
                .fresh = h.fresh,
                .old = h.old,
                .path = *path,
        };
        return 1;
}

static int open_stream(const Journal *j, FILE **ret, FileHeader *h, StrList *ret_command)
{
        int fd = openat(j->sandbox_fd, JOURNAL_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
        if (!f) {
                int r = -errno;
                fd_close(fd);
                return r;
        }
        int r = read_header(f, h, ret_command);
        if (r < 0) {
                (void)fclose(f);
                return r;
        }
        *ret = f;
        return 0;
}

int journal_stream_open(const Journal *j, FILE **ret)
{
        FileHeader h;
        return open_stream(j, ret, &h, NULL);
}

void journal_stream_close(FILE **f)
{
        if (*f)
                (void)fclose(*f);
}

int journal_open(Journal *j, int sandbox_fd, StrList *ret_command)
{
        CLEANUP(journal_stream_close) FILE *f = NULL;
        CLEANUP_FREE char *path = NULL;
        FileHeader h;
        JournalEntry e;
        Journal opened = {.fd = FD_NONE, .sandbox_fd = sandbox_fd};
        int r = open_stream(&opened, &f, &h, ret_command);
        if (r < 0)
                return r;
        memcpy(opened.id, h.id, sizeof(opened.id));
        long end = ftell(f);
        while ((r = journal_stream_next(f, &e, &path, UINT32_MAX)) > 0) {
                opened.number = e.number > opened.number ? e.number : opened.number;
                end = ftell(f);
        }
        if (r < 0)
                return r;
        opened.fd = openat(sandbox_fd, JOURNAL_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (opened.fd < 0 || ftruncate(opened.fd, end) < 0 || lseek(opened.fd, end, SEEK_SET) < 0) {
                r = -errno;
                fd_close(opened.fd);
                return r;
        }
        *j = opened;
        return 0;
}

int journal_write(Journal *j, const JournalEntry *e)
{
        size_t path_len = strlen(e->path) + 1;
        EntryHeader h;
        if (path_len > PATH_MAX_BYTES)
                return -ENAMETOOLONG;
        /* An entry that cannot be read would make all of them useless. */
        if (e->kind < JOURNAL_TEMPORARY || e->kind > JOURNAL_DIRECTORY || !path_is_sound(e->kind, e->path))
                return -EINVAL;
        memset(&h, 0, sizeof(h));
        h.kind = e->kind;
        h.layer = e->layer;
        h.number = e->number;
        h.mode = e->mode;
        h.keep_old = e->keep_old;
        h.path_len = (uint32_t)path_len;
        h.fresh = e->fresh;
        h.old = e->old;
        char small[4096];
        if (sizeof(h) + path_len <= sizeof(small)) {
                memcpy(small, &h, sizeof(h));
                memcpy(small + sizeof(h), e->path, path_len);
                return io_write_all(j->fd, small, sizeof(h) + path_len);
        }
        int r = io_write_all(j->fd, &h, sizeof(h));
        return r < 0 ? r : io_write_all(j->fd, e->path, path_len);
}

const char *journal_name(const Journal *j, uint32_t number, JournalName out)
{
        (void)snprintf(out, sizeof(JournalName), ".kurung-%s-%u", j->id, number);
        return out;
}

bool journal_is_temporary(const Journal *j, const char *name)
{
        JournalName prefix;
        (void)snprintf(prefix, sizeof(prefix), ".kurung-%s-", j->id);
        return j->fd >= 0 && str_starts(name, prefix);
}

int journal_is_committed(Journal *j, bool *ret)
{
        CLEANUP(journal_stream_close) FILE *f = NULL;
        CLEANUP_FREE char *path = NULL;
        JournalEntry e = {0};
        int r = journal_stream_open(j, &f);
        *ret = false;
        if (r < 0)
                return r;
        while ((r = journal_stream_next(f, &e, &path, UINT32_MAX)) > 0)
                *ret = e.kind == JOURNAL_COMMIT;
        return r;
}

void journal_clear(Journal *j)
{
        j->fd = fd_close(j->fd);
}
