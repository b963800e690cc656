/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung image commit". */
#include "base/log.h"
#include "changes/export.h"
#include "cmd/changes.h"
#include "cmd/image.h"
#include "cmd/options.h"
#include "run/reader.h"

#include <fcntl.h>
#include <stdio.h>

typedef struct Packing {
        ChangesCursor cursor;
        Export export;
} Packing;

/* Only changes of the image's own files belong to the image. */
static int pack_image_change(void *userdata, ChangeEvent event, const Change *c)
{
        Packing *p = userdata;
        CLEANUP_FD UNUSED int fd = c->fd;
        int r = changes_cursor_take(&p->cursor, event, c);
        bool is_change =
                (event == CHANGE_EVENT_ENTER || event == CHANGE_EVENT_ENTRY) && c->kind != CHANGE_NONE;
        if (r < 0 || !is_change || p->cursor.layer->image.n == 0)
                return r;
        r = export_add(&p->export, p->cursor.path.text, c);
        if (r == 0 && p->export.why)
                log_notice("left out: %s: %s", p->cursor.path.text, p->export.why);
        return r;
}

static int pack(const Kept *kept, int fd, Error *err)
{
        const ReaderOptions options = {.want_content = true};
        Packing p = {.cursor.kept = kept};
        int r = export_begin(&p.export, EXPORT_OCI, "", fd, err);
        if (r == 0)
                r = reader_run(kept, &options, pack_image_change, &p, err);
        if (r == 0)
                r = export_end(&p.export);
        if (r < 0)
                (void)error_set_errno(err, r, "cannot pack the changes");
        export_clear(&p.export);
        changes_cursor_clear(&p.cursor);
        return r;
}

/* Finds the image of a kept sandbox, which names it by a digest. */
static int find_base(const Kept *kept, ImageRef *ret, Error *err)
{
        static const char root[] = "Filesystem.Root=image:";
        const StrList *spec = &kept->record.spec;
        for (size_t i = 0; i < spec->n; i++) {
                if (!str_starts(spec->items[i], root))
                        continue;
                int r = image_ref_parse(IMAGE_STORED, spec->items[i] + strlen(root), ret);
                return r == 0 && ret->digest ? 0
                                             : error_set(err, EBADMSG, "the sandbox's record names no image");
        }
        return error_set(err, EINVAL, "the root of the sandbox '%s' is not an image", kept->dir.name);
}

static int commit(const char *sandbox, const char *name, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        CLEANUP(store_close) ImageStore store = IMAGE_STORE_NONE;
        CLEANUP(image_ref_clear) ImageRef base = {0};
        const ImportOptions options = {
                .name = name, .max_bytes = IMPORT_BYTES_MAX, .max_entries = IMPORT_ENTRIES_MAX};
        ImportResult result;
        char size[32];
        int r = kept_open(sandbox, &kept, err);
        if (r == 0)
                r = find_base(&kept, &base, err);
        if (r == 0)
                r = store_open(true, &store, err);
        if (r < 0)
                return r;
        CLEANUP_FD int fd = openat(store.fd, "tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot create a temporary file in '%s'", store.path);
        r = pack(&kept, fd, err);
        if (r == 0)
                r = image_extend(&store, base.digest, fd, &options, &result, err);
        if (r < 0)
                return r;
        image_tell_left_out(&result);
        printf("%s: %zu layers, a new one of %llu files, %s\n", name, result.layers,
               (unsigned long long)result.entries, changes_show_size(result.bytes, size, sizeof(size)));
        return 0;
}

int image_run_commit(int argc, char **argv, Error *err)
{
        CLEANUP_STRLIST StrList words = {0};
        CLEANUP(image_ref_clear) ImageRef ref = {0};
        const CmdUsage usage = {
                "image commit SANDBOX NAME[:TAG]",
                "Make an image of the image of the kept sandbox SANDBOX and its changes to the image's "
                "files.\nThe configuration stays. Changes of the working directory and of the home are "
                "not included.",
                NULL, NULL, 0};
        int r = cmd_options_parse(&usage, argc, argv, &words, err);
        if (r != 0)
                return r;
        if (words.n != 2)
                return error_set(
                        err, EINVAL,
                        "image commit: give a sandbox and a name; see \"kurung image commit --help\"");
        r = image_parse_name("commit", words.items[1], &ref, err);
        if (r == 0 && (ref.digest || !ref.name))
                r = error_set(err, EINVAL, "image commit: a new image gets a name, not a digest");
        CLEANUP_FREE char *name = r == 0 ? image_ref_name(&ref) : NULL;
        if (r == 0 && !name)
                r = error_no_memory(err);
        return r < 0 ? r : commit(words.items[0], name, err);
}
