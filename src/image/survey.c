/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the survey of a source in a confined process. */
#include "image/survey.h"

#include "base/fds.h"
#include "base/io.h"
#include "base/json.h"
#include "base/sha256.h"
#include "image/archive.h"
#include "image/child.h"
#include "image/manifest.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define RECORD_MAX (16 << 20)

typedef struct Job {
        const SurveySource *source;
        int spool, result;
        _Atomic unsigned char *shared; /* two flags, in memory that both processes see */
} Job;

/* Runs in the confined process. */
static int survey_body(void *userdata, Error *err)
{
        Job *job = userdata;
        CLEANUP(image_record_clear) ImageRecord record = {0};
        CLEANUP_FREE char *text = NULL;
        bool spooled, plain;
        size_t len;
        int r = survey_read(job->source, job->spool, &record, &spooled, &plain, err);
        if (r == 0 && fields_print(&image_record_fields, &record, &text, &len) < 0)
                r = error_no_memory(err);
        if (r == 0 && (r = io_write_all(job->result, text, len)) < 0)
                (void)error_set_errno(err, r, "cannot return the survey of the image");
        job->shared[0] = spooled;
        job->shared[1] = plain;
        return r;
}

/* Loads what the process cannot load once it is confined. */
static int load_libraries(Error *err)
{
        const ArchiveFunctions *f;
        (void)manifest_architecture();
        int r = archive_load(&f, err);
        if (r == 0)
                r = json_load(err);
        return r < 0 ? r : sha256_load(err);
}

static int take_result(const Job *job, Survey *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        if (lseek(job->result, 0, SEEK_SET) < 0)
                return error_set_errno(err, errno, "cannot read the survey of the image");
        int r = io_read_to_end(job->result, RECORD_MAX, -1, &text, &len);
        if (r < 0)
                return error_set_errno(err, r, "cannot read the survey of the image");
        r = image_record_parse(text, len, &ret->record, err);
        ret->is_plain = job->shared[1];
        if (r == 0 && !job->source->is_directory) {
                ret->fd = fcntl(job->shared[0] ? job->spool : job->source->fd, F_DUPFD_CLOEXEC, 3);
                if (ret->fd < 0)
                        r = error_set_errno(err, errno, "cannot keep the archive open");
        }
        return r;
}

int survey_run(const SurveySource *source, int spool, Survey *ret, Error *err)
{
        CLEANUP(survey_clear) Survey survey = SURVEY_NONE;
        CLEANUP(image_child_kill) ImageChild child = IMAGE_CHILD_NONE;
        CLEANUP_FD int result = memfd_create("kurung-survey", MFD_CLOEXEC);
        int r = load_libraries(err);
        if (r < 0)
                return r;
        void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (result < 0 || shared == MAP_FAILED)
                return error_set_errno(err, errno, "cannot prepare the survey of the image");
        Job job = {.source = source, .spool = spool, .result = result, .shared = shared};
        const PlanIdentity identity = {.host_uid = geteuid(),
                                       .host_gid = getegid(),
                                       .uid_map = {{{0, geteuid(), 1}}, 1},
                                       .gid_map = {{{0, getegid(), 1}}, 1}};
        const int fds[] = {source->is_directory ? FD_NONE : source->fd, spool, result};
        const ImageChildOptions options = {.who = "image reader",
                                           .identity = &identity,
                                           .in = source->is_directory ? source->fd : FD_NONE,
                                           .in_path = source->path,
                                           .out = FD_NONE,
                                           .max_file = source->max_bytes,
                                           .fds = fds,
                                           .n_fds = ARRAY_LEN(fds),
                                           .body = survey_body,
                                           .userdata = &job};
        r = image_child_start(&options, &child, err);
        if (r == 0)
                r = image_child_finish(&child, err);
        if (r == 0)
                r = take_result(&job, &survey, err);
        (void)munmap(shared, 4096);
        if (r < 0)
                return r;
        *ret = survey;
        survey = SURVEY_NONE;
        return 0;
}

int survey_open_layer(const SurveySource *source, const Survey *survey, const ImageLayer *layer, int *ret_fd,
                      Error *err)
{
        char name[SHA256_HEX_ROOM + 16];
        const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                     .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
        struct stat st;
        CLEANUP_FD int fd = FD_NONE;
        if (!source->is_directory) {
                fd = fcntl(survey->fd, F_DUPFD_CLOEXEC, 3);
        } else {
                (void)snprintf(name, sizeof(name), "blobs/sha256/%s", layer->blob ? layer->blob : "");
                fd = (int)syscall(SYS_openat2, source->fd, name, &how, sizeof(how));
        }
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot open a layer of the image");
        if (!S_ISREG(st.st_mode) || layer->offset > (uint64_t)st.st_size ||
            layer->size > (uint64_t)st.st_size - layer->offset)
                return error_set(err, EBADMSG, "a layer of the image is not where the archive says");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

void survey_clear(Survey *survey)
{
        image_record_clear(&survey->record);
        *survey = (Survey){.fd = fd_close(survey->fd)};
}
