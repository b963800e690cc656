/* SPDX-License-Identifier: Apache-2.0 */
/* Executes the single steps of an apply, and records them in the journal. */
#include "changes/apply_steps.h"

#include "base/defence.h"
#include "base/failpoint.h"
#include "changes/apply_levels.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

int apply_begin_journal(Apply *a)
{
        return a->journal->fd >= 0 ? 0 : journal_begin(a->journal, a->sandbox_fd, a->command);
}

int apply_write_entry(Apply *a, JournalKind kind, uint32_t number, FileIdentity fresh, FileIdentity old,
                      bool keep_old, uint32_t mode)
{
        int r = apply_begin_journal(a);
        const JournalEntry e = {
                .kind = kind,
                .layer = (uint32_t)a->layer,
                .number = number,
                .mode = mode,
                .keep_old = keep_old,
                .fresh = fresh,
                .old = old,
                .path = a->path.text + strspn(a->path.text, "/"),
        };
        return r < 0 ? r : journal_write(a->journal, &e);
}

int apply_next_temporary(Apply *a, uint32_t *ret)
{
        const FileIdentity none = {0};
        uint32_t number = a->journal->number + 1;
        int r = apply_write_entry(a, JOURNAL_TEMPORARY, number, none, none, false, 0);
        if (r == 0)
                *ret = a->journal->number = number;
        failpoint("announced");
        return r;
}

int apply_rename(int dirfd, const char *from, const char *to, unsigned flags)
{
        return (int)syscall(SYS_renameat2, dirfd, from, dirfd, to, flags) < 0 ? -errno : 0;
}

FileIdentity apply_identity(const struct stat *st)
{
        return (FileIdentity){.dev = st->st_dev, .ino = st->st_ino};
}

int apply_note_directory(Apply *a, size_t i)
{
        ApplyLevel *l = &a->levels[i];
        const FileIdentity none = {0};
        if (l->state != LEVEL_HERE || !l->clean || l->noted)
                return 0;
        l->noted = true;
        char saved = a->path.text[l->path_len];
        a->path.text[l->path_len] = '\0';
        int r = apply_write_entry(a, JOURNAL_DIRECTORY, 0, none, l->identity, false, 0);
        a->path.text[l->path_len] = saved;
        return r;
}

int apply_note_old(Apply *a, const struct stat *old, bool keep_old)
{
        /* A file in conflict stays one. */
        int r = old->st_ino != 0 && !keep_old ? applied_add(&a->applied, a->sandbox_fd, old) : 0;
        return r < 0 ? r : applied_flush(&a->applied);
}

/*
 * Renames the temporary file to its destination. The file that comes out of the exchange must be the same
 * one; otherwise another process was faster (attack 63), and the exchange is reverted.
 */
int apply_place(Apply *a, int dirfd, const char *name, uint32_t number, const struct stat *fresh,
                const struct stat *old, bool keep_old)
{
        JournalName temporary;
        struct stat st;
        (void)journal_name(a->journal, number, temporary);
        /* Of a placed file or tree, the journal removes later only what the list has. */
        int r = apply_note_old(a, old, keep_old);
        if (r == 0)
                r = apply_write_entry(a, JOURNAL_PLACE, number, apply_identity(fresh), apply_identity(old),
                                      keep_old, 0);
        failpoint("place");
        if (r < 0)
                return r;
        if (old->st_ino == 0)
                return apply_rename(dirfd, temporary, name, RENAME_NOREPLACE);
        r = apply_rename(dirfd, temporary, name, RENAME_EXCHANGE);
        failpoint("placed");
        if (r < 0 || !defence_is_on(DEFENCE_IDENTITY))
                return r;
        if (fstatat(dirfd, temporary, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == old->st_ino &&
            st.st_dev == old->st_dev)
                return 0;
        r = apply_rename(dirfd, temporary, name, RENAME_EXCHANGE);
        return r < 0 ? r : -EBUSY;
}
