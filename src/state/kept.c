/* SPDX-License-Identifier: Apache-2.0 */
/* Creates, opens, resumes and ends kept sandboxes. */
#include "state/kept.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/path.h"
#include "changes/hostdirs_record.h"
#include "changes/journal.h"
#include "state/discard.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>

#define RECORD_FILE "record"
#define OLD_RECORD_FILE "record.json" /* of kurung 0.1 */
#define RECORD_SIZE_MAX (64 << 20)

static const char *const adjectives[] = {
        "amber", "bold",  "brave", "brisk", "calm",  "clear", "deft",  "eager", "early", "fair",  "fine",
        "fond",  "fresh", "glad",  "grand", "green", "keen",  "kind",  "light", "lucky", "merry", "mild",
        "neat",  "noble", "plain", "proud", "quick", "quiet", "sharp", "still", "swift", "warm"};
static const char *const nouns[] = {"acorn",  "anchor", "badger", "beacon", "birch",  "brook",   "cedar",
                                    "cliff",  "comet",  "coral",  "crane",  "delta",  "ember",   "falcon",
                                    "fern",   "harbor", "heron",  "island", "lagoon", "lantern", "maple",
                                    "meadow", "otter",  "pebble", "pine",   "raven",  "reef",    "river",
                                    "robin",  "spruce", "tern",   "willow"};

static int write_record(const RunDir *dir, const KeptRecord *record, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len;
        int r = kept_record_print(record, &text, &len, err);
        if (r < 0)
                return r;
        r = io_replace_at(dir->fd, RECORD_FILE, text, len, true);
        if (r < 0)
                return error_set_errno(err, r, "cannot write the record of '%s'", dir->name);
        /* The new record replaces this one. */
        (void)unlinkat(dir->fd, OLD_RECORD_FILE, 0);
        return 0;
}

static void make_up_name(char *out, size_t room, unsigned attempt)
{
        uint32_t id[3] = {0};
        if (getrandom(id, sizeof(id), 0) != sizeof(id))
                id[0] = (uint32_t)getpid();
        int n = snprintf(out, room, "%s-%s", adjectives[id[0] % ARRAY_LEN(adjectives)],
                         nouns[id[1] % ARRAY_LEN(nouns)]);
        /* Many names of two words are in use: append a number. */
        if (attempt > 3)
                (void)snprintf(out + n, room - (size_t)n, "-%u", id[2] % 10000);
}

static int make_dir(const char *wanted, RunDir *dir, Error *err)
{
        char name[sizeof(dir->name)];
        for (unsigned attempt = 0; attempt < 100; attempt++) {
                if (wanted)
                        (void)snprintf(name, sizeof(name), "%s", wanted);
                else
                        make_up_name(name, sizeof(name), attempt);
                if (mkdirat(dir->state_fd, name, defence_is_on(DEFENCE_STATE) ? 0700 : 0755) == 0) {
                        memcpy(dir->name, name, sizeof(name));
                        dir->fd =
                                openat(dir->state_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                        if (dir->fd < 0 || flock(dir->fd, LOCK_EX | LOCK_NB) < 0)
                                return error_set_errno(err, errno, "cannot lock the sandbox '%s'", name);
                        return 0;
                }
                if (errno != EEXIST)
                        return error_set_errno(err, errno, "cannot create a directory for the sandbox");
                if (wanted)
                        return error_set(
                                err, EEXIST,
                                "a kept sandbox named '%s' already exists (\"kurung discard %s\" removes it)",
                                wanted, wanted);
        }
        return error_set(err, EEXIST,
                         "cannot generate an unused name for the sandbox; give one with --keep=NAME");
}

int kept_create(const Plan *plan, const char *name, const StrList *spec, const char *work_dir, RunDir *ret,
                Error *err)
{
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        struct stat st;
        int r = name ? run_check_name("sandbox", name, err) : 0;
        if (r == 0)
                r = run_dir_open_state(plan->storage.runs_dir, "XDG_STATE_HOME", &dir.state_fd, err);
        if (r == 0)
                r = kept_record_make(plan, spec, work_dir, &record, err);
        if (r == 0)
                r = make_dir(name, &dir, err);
        if (r < 0)
                return r;
        /* Changes on the host from now on are not visible in the sandbox. */
        if (fstat(dir.fd, &st) < 0)
                r = error_set_errno(err, errno, "cannot examine the sandbox's directory");
        record.started = st.st_ctim;
        if (r == 0)
                r = write_record(&dir, &record, err);
        if (r < 0) {
                (void)run_dir_remove(&dir, FD_NONE, NULL);
                return r;
        }
        *ret = dir;
        dir = RUN_DIR_NONE;
        return 0;
}

/* Removes the directories that only a running sandbox needs. */
static void remove_work(const RunDir *dir, const KeptRecord *record, int userns_fd)
{
        for (size_t i = 0; i < record->n_layers; i++) {
                char work[PLAN_LAYER_PATH_MAX];
                bool fuse = record->layers[i].engine == CHANGES_FUSE;
                (void)run_dir_remove_entry(dir, plan_layer_path(fuse, record->layers[i].name, "work", work),
                                           userns_fd);
        }
}

int kept_from_run(const Plan *plan, const StrList *spec, const char *work_dir, int exit_code, int userns_fd,
                  RunDir *run, char **ret_path, Error *err)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        CLEANUP_FREE char *path = NULL;
        CLEANUP_FD int kept = FD_NONE;
        struct stat st;
        int r = kept_record_make(plan, spec, work_dir, &record, err);
        if (r == 0)
                r = run_state_path(KEPT_DIR, &path, err);
        if (r == 0)
                r = run_dir_open_state(path, "XDG_STATE_HOME", &kept, err);
        /* The layers were created with the sandbox; read before writing the record changes this time. */
        if (r == 0 && fstat(run->fd, &st) < 0)
                r = error_set_errno(err, errno, "cannot examine the run directory");
        if (r < 0)
                return r;
        record.started = st.st_mtim;
        record.ended = true;
        record.exit_code = exit_code;
        r = write_record(run, &record, err);
        if (r < 0)
                return r;
        remove_work(run, &record, userns_fd);
        char name[sizeof(run->name)];
        for (unsigned attempt = 0; attempt < 100; attempt++) {
                make_up_name(name, sizeof(name), attempt);
                if (renameat2(run->state_fd, run->name, kept, name, RENAME_NOREPLACE) == 0) {
                        memcpy(run->name, name, sizeof(name));
                        fd_close(run->state_fd);
                        run->state_fd = TAKE_FD(kept);
                        *ret_path = path_join(path, name);
                        return *ret_path ? 0 : error_no_memory(err);
                }
                if (errno != EEXIST)
                        break;
        }
        return error_set_errno(err, errno, "cannot move it to '%s'", path);
}

static int read_record(const RunDir *dir, KeptRecord *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        size_t len = 0;
        Error why = {0};
        int r = io_read_own_at(dir->fd, RECORD_FILE, 0, RECORD_SIZE_MAX, &text, &len);
        if (r == -ENOENT)
                r = io_read_own_at(dir->fd, OLD_RECORD_FILE, 0, RECORD_SIZE_MAX, &text, &len);
        if (r == -EPERM || r == -ELOOP)
                return error_set(err, EPERM, "the record of '%s' is not a file of yours", dir->name);
        if (r < 0)
                return error_set_errno(err, r, "cannot read the record of '%s'", dir->name);
        r = kept_record_parse(text, len, ret, &why);
        return r < 0 ? error_set(err, -r, "sandbox '%s': %s", dir->name, why.text) : 0;
}

int kept_end(const RunDir *dir, int exit_code, int userns_fd, Error *err)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        int r = read_record(dir, &record, err);
        if (r < 0)
                return r;
        record.ended = true;
        record.exit_code = exit_code;
        r = write_record(dir, &record, err);
        if (r == 0)
                remove_work(dir, &record, userns_fd);
        return r;
}

int kept_record_host(const RunDir *dir, bool resumed, Error *err)
{
        CLEANUP(kept_record_clear) KeptRecord record = {0};
        struct stat st;
        int r = read_record(dir, &record, err);
        if (r == 0 && fstatat(dir->fd, RECORD_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
                r = error_set_errno(err, errno, "cannot examine the record of '%s'", dir->name);
        if (r < 0)
                return r;
        /* kept_resume() wrote the record at the start. */
        return hostdirs_record(dir->fd, record.layers, record.n_layers,
                               resumed ? &st.st_mtim : &record.started, err);
}

int kept_for_plan(const Kept *kept, PlanKept *ret, Error *err)
{
        static const FsOpKind kinds[] = {
                [CHANGES_KERNEL] = OP_OVERLAY, [CHANGES_FUSE] = OP_FUSE, [CHANGES_SCRATCH] = OP_SCRATCH};
        const KeptRecord *record = &kept->record;
        PlanLayer *layers = calloc(record->n_layers + 1, sizeof(*layers));
        if (!layers)
                return error_no_memory(err);
        for (size_t i = 0; i < record->n_layers; i++) {
                const ChangesLayer *layer = &record->layers[i];
                layers[i] = (PlanLayer){.kind = kinds[layer->engine],
                                        .name = layer->name,
                                        .dest = layer->dest,
                                        .lower = layer->lower,
                                        .image = &layer->image};
        }
        *ret = (PlanKept){.name = kept->dir.name,
                          .identity = &record->identity,
                          .layers = layers,
                          .n_layers = record->n_layers};
        return 0;
}

void kept_for_plan_clear(PlanKept *kept)
{
        free((void *)(uintptr_t)kept->layers);
        *kept = (PlanKept){0};
}

int kept_resume(Kept *kept, const Plan *plan, Error *err)
{
        KeptRecord *record = &kept->record;
        struct stat st;
        int r = 0;
        for (size_t i = 0; r == 0 && i < record->n_layers; i++) {
                char work[PLAN_LAYER_PATH_MAX];
                (void)plan_layer_path(record->layers[i].engine == CHANGES_FUSE, record->layers[i].name,
                                      "work", work);
                /* It exists only after a killed run; the mark of a volatile overlay prevents mounting it. */
                if (fstatat(kept->dir.fd, work, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                        continue;
                r = kept_remove_entry(kept->dir.fd, work, &record->identity, NULL, err);
        }
        strlist_clear(&record->argv);
        if (r == 0 && strlist_copy(&plan->payload.argv, &record->argv) < 0)
                r = error_no_memory(err);
        record->ended = false;
        record->exit_code = 0;
        return r < 0 ? r : write_record(&kept->dir, record, err);
}

static int open_dir(const char *name, RunDir *ret, Error *err)
{
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        struct stat st;
        int r = run_state_open(KEPT_DIR, "sandbox", name, &dir, err);
        if (r < 0)
                return r;
        if (fstat(dir.fd, &st) < 0)
                return error_set_errno(err, errno, "cannot open the sandbox '%s'", name);
        if (st.st_uid != geteuid() || (st.st_mode & 0077))
                return error_set(err, EPERM, "the directory of the sandbox '%s' is accessible to other users",
                                 name);
        *ret = dir;
        dir = RUN_DIR_NONE;
        return 0;
}

int kept_open_dir(const char *name, RunDir *ret, Error *err)
{
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        int r = open_dir(name, &dir, err);
        if (r < 0)
                return r;
        if (flock(dir.fd, LOCK_EX | LOCK_NB) < 0)
                return error_set(err, EBUSY, "the sandbox '%s' is running, or another kurung works on it",
                                 name);
        *ret = dir;
        dir = RUN_DIR_NONE;
        return 0;
}

int kept_peek(const char *name, KeptRecord *ret, Error *err)
{
        CLEANUP(run_dir_clear) RunDir dir = RUN_DIR_NONE;
        int r = open_dir(name, &dir, err);
        return r < 0 ? r : read_record(&dir, ret, err);
}

int kept_list(StrList *ret, Error *err)
{
        return run_state_list(KEPT_DIR, ret, err);
}

/* @open: which directories count. */
static int read_kept(int (*open_it)(const char *, RunDir *, Error *), const char *name, Kept *ret, Error *err)
{
        CLEANUP(kept_clear) Kept kept = KEPT_NONE;
        int r = open_it(name, &kept.dir, err);
        if (r == 0)
                r = read_record(&kept.dir, &kept.record, err);
        if (r < 0)
                return r;
        *ret = kept;
        kept = KEPT_NONE;
        return 0;
}

int kept_open(const char *name, Kept *ret, Error *err)
{
        return read_kept(kept_open_dir, name, ret, err);
}

int kept_open_running(const char *name, Kept *ret, Error *err)
{
        return read_kept(open_dir, name, ret, err);
}

int kept_refuse_interrupted(const Kept *kept, Error *err)
{
        const char *name = kept->dir.name;
        return journal_exists(kept->dir.fd) ? error_set(err, EBUSY,
                                                        "an apply of '%s' was interrupted: \"kurung apply "
                                                        "--resume %s\" continues it, "
                                                        "\"kurung apply --rollback %s\" undoes it",
                                                        name, name, name)
                                            : 0;
}

void kept_clear(Kept *kept)
{
        run_dir_clear(&kept->dir);
        kept_record_clear(&kept->record);
}
