/* SPDX-License-Identifier: Apache-2.0 */
/* Prints details of a sandbox in words. */
#include "cmd/inspect_text.h"

#include "base/colour.h"
#include "base/format.h"
#include "base/log.h"
#include "cmd/planning.h"
#include "plan/plan_words.h"

#include <stdarg.h>
#include <stdio.h>

/* Prints a line like those of plan_print_words(), escaped. */
static void print_labelled(const char *label, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void print_labelled(const char *label, const char *fmt, ...)
{
        CLEANUP_FREE char *text = NULL, *shown = NULL;
        bool bold = colour_wanted(STDOUT_FILENO, COLOUR_AUTO);
        va_list ap;
        va_start(ap, fmt);
        if (vasprintf(&text, fmt, ap) < 0)
                text = NULL;
        va_end(ap);
        size_t room = text ? 4 * strlen(text) + 5 : 0;
        shown = text ? malloc(room) : NULL;
        if (shown)
                printf("%s%-12s%s%s\n", bold ? COLOUR_BOLD : "", label, bold ? COLOUR_RESET : "",
                       text_escape(text, shown, room));
}

static void print_size(const char *label, const TreeSize *size)
{
        char bytes[32];
        if (size)
                print_labelled(label, "%s%llu entr%s, %s", size->complete ? "" : "more than ",
                               (unsigned long long)size->entries, size->entries == 1 ? "y" : "ies",
                               format_bytes(size->bytes, bytes, sizeof(bytes)));
}

static void print_start(time_t started)
{
        char when[64] = "?", age[32];
        struct tm tm;
        time_t now = time(NULL);
        uint64_t seconds = now > started ? (uint64_t)(now - started) : 1;
        if (localtime_r(&started, &tm))
                (void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
        print_labelled("Started", "%s, %s ago", when, format_us(seconds * 1000000, age, sizeof(age)));
}

static void print_profiles(const StrList *profiles)
{
        for (size_t i = 0; i < profiles->n; i++)
                print_labelled(i == 0 ? "Profiles" : "", "%s", profiles->items[i]);
}

static bool count_pid(pid_t pid, void *userdata)
{
        (void)pid;
        ++*(unsigned *)userdata;
        return true;
}

static void print_use(const LiveRecord *record)
{
        Cgroup cg = CGROUP_NOTHING;
        CgroupUse use;
        char memory[32], cpu[32];
        unsigned n = 0;
        if (!record->cgroup || cgroup_open_payload(&cg, record->cgroup) < 0) {
                print_labelled("Processes", "supervisor %d, init %d", (int)record->supervisor,
                               (int)record->init);
                return;
        }
        cgroup_read_use(&cg, &use);
        cgroup_each_process(&cg, count_pid, &n);
        cgroup_clear(&cg);
        print_labelled("Processes", "%u; supervisor %d, init %d", n, (int)record->supervisor,
                       (int)record->init);
        if (use.memory_peak != UINT64_MAX)
                print_labelled("Used", "memory %s at most%s%s",
                               format_bytes(use.memory_peak, memory, sizeof(memory)),
                               use.cpu_us == UINT64_MAX ? "" : ", processor ",
                               use.cpu_us == UINT64_MAX ? "" : format_us(use.cpu_us, cpu, sizeof(cpu)));
}

/* Prints a line that was escaped when the sandbox started: its backslashes stay single. */
static void print_again(const char *line)
{
        for (size_t left = strlen(line); left > 0;) {
                char piece[TEXT_ESCAPED_MAX] = "";
                TextChar c = text_next(line, left);
                (void)fwrite(piece, 1, text_escape_char(line, c, piece), stdout);
                line += c.len;
                left -= c.len;
        }
        (void)putchar('\n');
}

void inspect_print_live(const Live *live, const TreeSize *upper)
{
        const LiveRecord *record = &live->record;
        print_labelled("Name", "%s", live->name);
        print_labelled("State", "running%s", record->kept ? ", kept" : "");
        print_start(record->started.tv_sec);
        print_profiles(&record->profiles);
        print_use(record);
        print_size("Changes", upper);
        for (size_t i = 0; i < record->words.n; i++)
                print_again(record->words.items[i]);
}

/* Describes the sandbox as "run --in" would resume it. */
static int describe_kept(const Kept *kept, Error *err)
{
        CLEANUP(host_clear) Host host = {0};
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP(plan_clear) Plan plan = {0};
        int r = host_probe_user(&host, err);
        if (r == 0 && spec_init(&spec) < 0)
                r = error_no_memory(err);
        if (r == 0)
                r = planning_restore(kept, &host, &spec, err);
        spec.keep = true;
        if (r == 0 && strlist_copy(&kept->record.argv, &spec.argv) < 0)
                r = error_no_memory(err);
        if (r == 0)
                r = planning_make(&spec, &host, kept, &plan, err);
        if (r == 0)
                plan_print_words(&plan, colour_wanted(STDOUT_FILENO, COLOUR_AUTO), stdout);
        return r;
}

void inspect_print_kept(const Kept *kept, const TreeSize *upper)
{
        const KeptRecord *record = &kept->record;
        Error why = {0};
        print_labelled("Name", "%s", kept->dir.name);
        if (record->ended)
                print_labelled("State", "kept, exit status %d", record->exit_code);
        else
                print_labelled("State", "killed");
        print_start(record->started.tv_sec);
        print_profiles(&record->profiles);
        print_size("Changes", upper);
        if (describe_kept(kept, &why) < 0)
                print_labelled("Notes", "it cannot be resumed: %s", why.text);
}

void inspect_print_home(const char *name, const char *path, bool in_use, const TreeSize *size)
{
        print_labelled("Name", "%s", name);
        print_labelled("State", "%s", in_use ? "in use" : "kept");
        print_labelled("Path", "%s", path);
        print_size("Content", size);
}
