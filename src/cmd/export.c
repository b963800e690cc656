/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung export". */
#include "changes/export.h"

#include "base/fds.h"
#include "base/log.h"
#include "cmd/changes.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Maximum number of omitted files that are named. */
#define NAMED_MAX 20

typedef struct Exporting {
        ChangesCursor cursor;
        Selection *selection;
        Export export;
        Progress progress;
} Exporting;

static int pack_change(Exporting *x, const Change *c)
{
        int r = export_add(&x->export, x->cursor.path.text, c);
        if (r < 0 || !x->export.why || x->export.refused > NAMED_MAX)
                return r;
        progress_pause(&x->progress);
        log_notice("left out: %s%s: %s", changes_relative(x->cursor.path.text),
                   S_ISDIR(c->now.mode) ? "/" : "", x->export.why);
        return 0;
}

static int take_change(void *userdata, ChangeEvent event, const Change *c)
{
        Exporting *x = userdata;
        CLEANUP_FD UNUSED int fd = c->fd;
        if (event == CHANGE_EVENT_TOTAL) {
                x->progress.files_total = c->now.ino;
                x->progress.bytes_total = c->now.size;
        }
        int r = changes_cursor_take(&x->cursor, event, c);
        bool is_change =
                (event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY) && c->kind != CHANGE_NONE;
        if (r == 0 && is_change)
                r = selection_mark_found(x->selection, x->cursor.path.text);
        if (r == 0 && is_change)
                r = pack_change(x, c);
        progress_update(&x->progress, x->export.entries, x->export.bytes);
        return r;
}

static int open_beside(const char *name, char **ret_temporary, Error *err)
{
        CLEANUP_FREE char *temporary = NULL;
        if (asprintf(&temporary, "%s.XXXXXX", name) < 0) {
                temporary = NULL;
                return error_no_memory(err);
        }
        int fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot write '%s'", name);
        *ret_temporary = TAKE_PTR(temporary);
        return fd;
}

/*
 * Opens standard output, or a file without a name, which gets its name when it is complete: so an interrupted
 * command leaves nothing. If the file system does not support this (open(2), O_TMPFILE), opens a temporary
 * file beside it.
 */
static int open_output(const char *name, char **ret_temporary, int *ret, Error *err)
{
        if (str_eq(name, "-")) {
                if (isatty(STDOUT_FILENO))
                        return error_set(err, EINVAL,
                                         "export: refusing to write an archive to a terminal; use -o FILE");
                *ret = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
                return *ret < 0 ? error_set_errno(err, errno, "cannot write to standard output") : 0;
        }
        const char *slash = strrchr(name, '/');
        CLEANUP_FREE char *parent = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
        if (!parent)
                return error_no_memory(err);
        int fd = open(parent, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0)
                fd = open_beside(name, ret_temporary, err);
        if (fd < 0)
                return fd;
        *ret = fd;
        return 0;
}

/* Gives the unnamed file a temporary name beside @name. */
static int name_file(int fd, const char *name, char **ret_temporary)
{
        for (unsigned i = 0; i < 1000; i++) {
                CLEANUP_FREE char *temporary = NULL;
                if (asprintf(&temporary, "%s.%d-%u", name, (int)getpid(), i) < 0) {
                        temporary = NULL;
                        return -ENOMEM;
                }
                if (linkat(AT_FDCWD, fd_path(fd).text, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0) {
                        *ret_temporary = TAKE_PTR(temporary);
                        return 0;
                }
                if (errno != EEXIST)
                        return -errno;
        }
        return -EEXIST;
}

static int close_output(const char *name, char **temporary, int fd, int r, Error *err)
{
        mode_t mask = umask(0);
        (void)umask(mask);
        if (str_eq(name, "-"))
                return r;
        if (r == 0 && fchmod(fd, 0666 & ~mask) < 0)
                r = error_set_errno(err, errno, "cannot write '%s'", name);
        if (r == 0 && !*temporary && (r = name_file(fd, name, temporary)) < 0)
                r = error_set_errno(err, r, "cannot write '%s'", name);
        if (r == 0 && rename(*temporary, name) < 0)
                r = error_set_errno(err, errno, "cannot write '%s'", name);
        if (r < 0 && *temporary)
                (void)unlink(*temporary);
        return r;
}

static void summarize(const Export *e)
{
        if (e->deleted > 0 && e->format == EXPORT_TAR)
                log_notice("left out: %llu deletions, which a tar archive cannot hold; --format=oci-layer "
                           "includes them",
                           (unsigned long long)e->deleted);
        if (e->stripped > 0)
                log_notice("%llu files were packed without set-user-ID or set-group-ID bits or capabilities",
                           (unsigned long long)e->stripped);
        if (e->too_long > 0)
                log_notice("left out: %llu entries whose paths are longer than %d bytes",
                           (unsigned long long)e->too_long, EXPORT_PATH_MAX);
        if (e->refused > NAMED_MAX)
                log_notice("... and %llu more were left out", (unsigned long long)(e->refused - NAMED_MAX));
}

static int export_changes(const char *output, ExportFormat format, const StrList *words, StrList *excludes,
                          Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        CLEANUP_FREE char *temporary = NULL;
        CLEANUP_FD int fd = FD_NONE;
        Exporting x = {0};
        ReaderOptions reader = {.want_content = true, .selection.excludes = *excludes};
        *excludes = (StrList){0};
        const char *compression = export_compression(output);
        if (str_eq(output, "-"))
                compression = "";
        int r = compression ? 0
                            : error_set(err, EINVAL,
                                        "export: cannot tell the format of '%s': use the suffix .tar, "
                                        ".tar.gz, .tar.zst, .tar.xz or .tar.bz2",
                                        output);
        if (r == 0)
                r = changes_open("export", words, &kept, &reader.selection, err);
        if (r == 0)
                r = open_output(output, &temporary, &fd, err);
        if (r == 0) {
                x.cursor.kept = &kept;
                x.selection = &reader.selection;
                progress_begin(&x.progress, "packing");
                reader.want_total = x.progress.shown;
                r = export_begin(&x.export, format, compression, fd, err);
                if (r == 0)
                        r = reader_run(&kept, &reader, take_change, &x, err);
                if (r == 0)
                        r = export_end(&x.export);
                if (r < 0)
                        (void)error_set_errno(err, r, "cannot export the changes");
                progress_pause(&x.progress);
                r = close_output(output, &temporary, fd, r, err);
                if (r == 0)
                        summarize(&x.export);
                if (r == 0)
                        (void)changes_tell_not_found(&reader.selection, "no changes at");
                export_clear(&x.export);
        }
        changes_cursor_clear(&x.cursor);
        selection_clear(&reader.selection);
        return r;
}

int cmd_export(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0}, excludes = {0};
        Error err = {0};
        const char *output = NULL, *format = "tar";
        const CmdOption options[] = {
                {"output", 'o', "FILE", "output file (.tar[.gz|.zst|.xz|.bz2]), or - for stdout",
                 .value = &output},
                {"format", 0, "tar|oci-layer", "format of the archive (default: tar)", .value = &format},
                {"exclude", 'x', "PATTERN", "leave out matching paths; may be repeated", .list = &excludes},
        };
        const CmdUsage usage = {
                "export [OPTIONS] -o FILE NAME [PATH...]",
                "Pack the changes of the kept sandbox NAME as an archive: all of them, or those at and below "
                "PATH.",
                "A tar archive holds added and modified files, without set-user-ID bits, capabilities and\n"
                "devices. An OCI image layer also holds deletions and set-user-ID bits.",
                options, ARRAY_LEN(options)};
        int r = cmd_options_parse(&usage, argc, argv, &words, &err);
        if (r == 1)
                return 0;
        bool oci = str_eq(format, "oci-layer");
        if (r == 0 && !oci && !str_eq(format, "tar"))
                r = error_set(&err, EINVAL, "export: --format must be tar or oci-layer, not '%.60s'", format);
        if (r == 0 && !output)
                r = error_set(&err, EINVAL, "export: no output file given; use -o FILE");
        if (r == 0 && output)
                r = export_changes(output, oci ? EXPORT_OCI : EXPORT_TAR, &words, &excludes, &err);
        return r < 0 ? command_failed(&err, r) : 0;
}
