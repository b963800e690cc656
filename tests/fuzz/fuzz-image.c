/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the first byte says what the others are: an index, a manifest, a configuration, a record
 * of an image, a layer, or an archive. Layers are unpacked in a user namespace, below FUZZ_PLACE, and nothing
 * but that directory changes.
 */
#include "base/io.h"
#include "base/json.h"
#include "image/archive.h"
#include "image/manifest.h"
#include "image/resolve.h"
#include "image/survey.h"
#include "image/unpack.h"
#include "text.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int place = FD_NONE;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        const ArchiveFunctions *f;
        Error err = {0};
        char line[64];
        const char *path = getenv("FUZZ_PLACE");
        (void)argc;
        (void)argv;
        (void)snprintf(line, sizeof(line), "0 %u 1\n", geteuid());
        place = open(path ? path : "/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (place < 0 || json_load(&err) < 0 || archive_load(&f, &err) < 0 || sha256_load(&err) < 0 ||
            unshare(CLONE_NEWUSER) < 0 || io_write_file_at(AT_FDCWD, "/proc/self/uid_map", line) < 0)
                abort();
        return 0;
}

static int as_file(const uint8_t *data, size_t size)
{
        int fd = memfd_create("fuzz", MFD_CLOEXEC);
        if (fd < 0 || io_write_all(fd, data, size) < 0)
                abort();
        return fd;
}

static void try_json(uint8_t kind, const char *text, size_t size)
{
        CLEANUP(image_record_clear) ImageRecord record = {0};
        CLEANUP(manifest_docker_clear) ManifestDocker docker = {0};
        CLEANUP_FREE char *printed = NULL;
        ManifestChoice choice = {0};
        Error err = {0};
        size_t len;
        int r = -1;
        if (kind == 0 && manifest_choose(text, size, NULL, "amd64", &choice, &err) == 0 &&
            strlen(choice.digest) != 64)
                abort();
        if (kind == 1)
                (void)manifest_read_docker(text, size, NULL, &docker, &err);
        if (kind == 2)
                r = manifest_read_config(text, size, &record, &err);
        if (kind == 3)
                r = manifest_read(text, size, &record, &err);
        if (kind == 4)
                r = image_record_parse(text, size, &record, &err);
        if (r < 0 || fields_print(&image_record_fields, &record, &printed, &len) < 0)
                return;
        if (record.working_dir && record.working_dir[0] != '/')
                abort();
}

/* What is unpacked stays below the directory; a file beside it does not change. */
static void try_layer(const uint8_t *data, size_t size)
{
        static UnpackCount count;
        UnpackResult result;
        Error err = {0};
        char name[64];
        struct stat st;
        CLEANUP_FD int root = FD_NONE, file = as_file(data, size), dir = FD_NONE;
        if (io_mkdir_locked(place, "unpack-", name, sizeof(name), &dir) < 0 || mkdirat(dir, "fs", 0700) < 0 ||
            (root = openat(dir, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
                abort();
        const UnpackOptions options = {.file = file,
                                       .size = size,
                                       .root = root,
                                       .single_id = true,
                                       .max_entries = 1000,
                                       .max_bytes = 1 << 20,
                                       .count = &count};
        (void)unpack_layer(&options, &result, &err);
        if (fstat(dir, &st) < 0 || st.st_nlink != 3 || result.bytes > options.max_bytes)
                abort();
        if (io_remove_tree_at(place, name) < 0)
                abort();
}

static void try_archive(const uint8_t *data, size_t size)
{
        CLEANUP(image_record_clear) ImageRecord record = {0};
        CLEANUP_FD int file = as_file(data, size), spool = as_file(data, 0);
        const SurveySource source = {.fd = file, .size = size, .max_bytes = 1 << 20};
        Error err = {0};
        bool spooled, plain;
        if (survey_read(&source, spool, &record, &spooled, &plain, &err) < 0)
                return;
        for (size_t i = 0; i < record.n_layers; i++)
                if (record.layers[i].offset > (UINT64_C(1) << 62))
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size == 0)
                return 0;
        CLEANUP_FREE char *text = fuzz_text(data + 1, size - 1);
        uint8_t kind = data[0] % 7;
        if (kind < 5)
                try_json(kind, text, size - 1);
        else if (kind == 5)
                try_layer(data + 1, size - 1);
        else
                try_archive(data + 1, size - 1);
        return 0;
}
