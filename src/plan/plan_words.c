/* SPDX-License-Identifier: Apache-2.0 */
/* Describes a plan in words. */
#include "plan/plan_words.h"

#include "base/colour.h"
#include "base/format.h"
#include "base/log.h"
#include "base/path.h"
#include "plan/plan_internal.h"
#include "plan/plan_text.h"

#include <limits.h>
#include <sched.h>
#include <stdarg.h>

#define LABEL_WIDTH 12
#define LINE_WIDTH 100

/* A printer of lines "LABEL  item, item". */
typedef struct Words {
        const Plan *plan;
        FILE *out;
        bool colour;
        const char *label; /* of the next line; "": it continues a list of lines */
        size_t column;     /* 0: no line has begun */
} Words;

static void begin_line(Words *w)
{
        (void)fprintf(w->out, "%s%-*s%s", w->colour && w->label[0] ? COLOUR_BOLD : "", LABEL_WIDTH, w->label,
                      w->colour && w->label[0] ? COLOUR_RESET : "");
        w->label = "";
        w->column = LABEL_WIDTH;
}

static void end_line(Words *w)
{
        if (w->column > 0)
                (void)fputc('\n', w->out);
        w->column = 0;
}

static void section(Words *w, const char *label)
{
        end_line(w);
        w->label = label;
}

/* Prints one line, escaped. */
static void vsay(Words *w, const char *colour, const char *fmt, va_list ap)
        __attribute__((format(printf, 3, 0)));
static void vsay(Words *w, const char *colour, const char *fmt, va_list ap)
{
        CLEANUP_FREE char *text = NULL;
        if (vasprintf(&text, fmt, ap) < 0) {
                text = NULL;
                return;
        }
        size_t room = 4 * strlen(text) + 5;
        CLEANUP_FREE char *shown = malloc(room);
        if (!shown)
                return;
        end_line(w);
        begin_line(w);
        (void)fprintf(w->out, "%s%s%s", w->colour ? colour : "", text_escape(text, shown, room),
                      w->colour && colour[0] ? COLOUR_RESET : "");
        end_line(w);
}

static void say(Words *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(Words *w, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        vsay(w, "", fmt, ap);
        va_end(ap);
}

/* Says what reaches beyond the sandbox. */
static void say_beyond(Words *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say_beyond(Words *w, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        vsay(w, COLOUR_YELLOW, fmt, ap);
        va_end(ap);
}

/* Writes @text to @out, in quotes if it could be taken for more than one name; a text that does not fit is
 * cut. */
static const char *quote(const char *text, char *out, size_t room)
{
        bool plain = text[0] != '\0' && strpbrk(text, " ,:;()'") == NULL;
        (void)snprintf(out, room, "%s%s%s", plain ? "" : "'", text, plain ? "" : "'");
        return out;
}

/* Adds an item to a list, which is broken into lines. @before: what stands before the first item. */
static void item(Words *w, const char *before, const char *text)
{
        char shown[4 * PATH_MAX];
        size_t len = strlen(text_escape(text, shown, sizeof(shown)));
        if (w->column == 0) {
                begin_line(w);
                (void)fputs(before, w->out);
                w->column += strlen(before);
        } else if (w->column + len + 2 > LINE_WIDTH) {
                (void)fputs(",", w->out);
                end_line(w);
                begin_line(w);
        } else {
                (void)fputs(", ", w->out);
                w->column += 2;
        }
        (void)fputs(shown, w->out);
        w->column += len;
}

/* Adds a name from elsewhere. */
static void name_item(Words *w, const char *before, const char *name)
{
        char quoted[PATH_MAX + 3];
        item(w, before, quote(name, quoted, sizeof(quoted)));
}

static const char *home_of(const Plan *plan)
{
        for (size_t i = 0; i < plan->payload.env.n; i++)
                if (str_starts(plan->payload.env.items[i], "HOME="))
                        return plan->payload.env.items[i] + strlen("HOME=");
        return "";
}

/* Whether a step of kurung's own shows the system or a top-level directory of it. A front end that gives all
 * operations itself has no system. */
static bool is_system(const Plan *plan, const PlanOp *op)
{
        const char *source = fs_op_path(op, 0);
        return !op->origin && !plan->storage.stateless && source && fs_op_is(op, OP_SHOWS_HOST) &&
               !fs_op_writes_host(op) && !(op->flags & (OP_WORK_DIR | OP_KEPT_HOME)) &&
               (plan->root.foreign || str_eq(source, op->dest)) && strchr(op->dest + 1, '/') == NULL &&
               !plan_is_emptied(op->dest) && !str_eq(op->dest, home_of(plan));
}

/* Returns the path of the host that a step shows; "": it has no path. */
static const char *source_of(const PlanOp *op, char *buffer, size_t room)
{
        const char *path = fs_op_path(op, 0);
        if (path)
                return path;
        (void)snprintf(buffer, room, "descriptor %d", op->source_fd);
        return op->source_kind == FS_SOURCE_DESCRIPTOR ? buffer : "";
}

/* Prints a share with its place inside, if that is another one. */
static void say_share(Words *w, const PlanOp *op, const char *more, bool beyond)
{
        char buffer[32], from[PATH_MAX + 3], to[PATH_MAX + 3];
        const char *source = source_of(op, buffer, sizeof(buffer));
        bool moved = !str_eq(source, op->dest);
        (void)quote(source, from, sizeof(from));
        (void)quote(op->dest, to, sizeof(to));
        if (beyond)
                say_beyond(w, "%s%s%s%s", from, moved ? " at " : "", moved ? to : "", more);
        else
                say(w, "%s%s%s%s", from, moved ? " at " : "", moved ? to : "", more);
}

static void say_command(Words *w)
{
        const StrList *argv = &w->plan->payload.argv;
        CLEANUP_FREE char *text = NULL;
        size_t len;
        if (argv->n == 0)
                return;
        FILE *out = open_memstream(&text, &len);
        for (size_t i = 0; out && i < argv->n; i++)
                (void)fprintf(out, "%s%s", i > 0 ? " " : "", argv->items[i]);
        if (out && fclose(out) == 0) {
                section(w, "Command");
                say(w, "%s", text);
        }
}

static void say_user(Words *w)
{
        const PlanIdentity *id = &w->plan->identity;
        const char *others = id->uid_map.n == 0     ? ""
                             : id->map_by_newuidmap ? "; other ids are subordinate ids of yours"
                                                    : "; no other id exists";
        section(w, "User");
        if (id->uid == 0)
                say(w, "root inside, user %u on this machine%s", id->host_uid, others);
        else if (id->uid == id->host_uid && id->gid == id->host_gid)
                say(w, "yourself (%u:%u)%s", id->uid, id->gid, others);
        else
                say(w, "%u:%u, user %u on this machine%s", id->uid, id->gid, id->host_uid, others);
}

static void say_reads(Words *w)
{
        const Plan *plan = w->plan;
        bool system = false;
        section(w, "Reads");
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                if (!is_system(plan, op))
                        continue;
                if (!system && plan->root.foreign && str_eq(op->dest, "/"))
                        say_share(w, op, ", the system of the sandbox", false);
                else if (!system)
                        say(w, "the system of this machine, without its users' data");
                system = true;
        }
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                if (is_system(plan, op) || (op->flags & OP_KEPT_HOME) || plan_is_guard(op))
                        continue;
                if (fs_op_is(op, OP_SHOWS_HOST) && op->n_lowers == 0)
                        say_share(w, op, "", false);
                for (size_t k = 0; k < op->n_lowers; k++)
                        say(w, "%s at %s", op->lowers[k].path, op->dest);
                if (op->kind == OP_FILESYSTEM)
                        say(w, "a file system of the type %s at %s", op->source, op->dest);
        }
}

/* The writes that remain in the sandbox. @kept: those that outlive the run. */
static void say_caught(Words *w, bool kept)
{
        const Plan *plan = w->plan;
        const char *before = kept ? "kept with the sandbox: " : "dropped at the end: ";
        bool system = false;
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                bool memory = op->kind == OP_TMPFS && !(op->flags & OP_RDONLY) &&
                              (op->origin || (op->mode & S_IWOTH) || str_eq(op->dest, home_of(plan)));
                if (!memory && (!fs_op_is_writable(op) || fs_op_writes_host(op)))
                        continue;
                if (kept != (plan->storage.keep && fs_op_is_kept(op)))
                        continue;
                if (is_system(plan, op) && !system)
                        item(w, before, "the system");
                else if (!is_system(plan, op))
                        name_item(w, before, op->dest);
                system = system || is_system(plan, op);
        }
        end_line(w);
}

static void say_writes(Words *w)
{
        const Plan *plan = w->plan;
        section(w, "Writes");
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                if (op->flags & OP_KEPT_HOME)
                        say_beyond(w, "%s, the kept home '%s', which outlives the sandbox", op->dest,
                                   plan->storage.home_name ? plan->storage.home_name : "");
                else if (op->upper.path)
                        say_beyond(w, "%s at %s: changes the files themselves, at once", op->upper.path,
                                   op->dest);
                else if (fs_op_writes_host(op))
                        say_share(w, op, ": changes the files themselves, at once", true);
        }
        say_caught(w, true);
        say_caught(w, false);
        if (w->label[0])
                say(w, "nothing");
        for (size_t i = 0; i < plan->root.n_ops; i++)
                if (plan_is_guard(&plan->root.ops[i]))
                        name_item(w, "must not create: ", plan->root.ops[i].dest);
        end_line(w);
}

/* Whether a later step shows something at the directory, or makes it another one. */
static bool is_filled(const Plan *plan, size_t at)
{
        for (size_t i = at + 1; i < plan->root.n_ops; i++)
                if (fs_op_is(&plan->root.ops[i], OP_COVERS) &&
                    str_eq(plan->root.ops[i].dest, plan->root.ops[at].dest))
                        return true;
        return false;
}

static void say_hidden(Words *w)
{
        const Plan *plan = w->plan;
        section(w, "Hidden");
        for (size_t i = 0; i < plan->root.n_ops; i++)
                if (plan->root.ops[i].kind == OP_MASK && plan->root.ops[i].origin)
                        name_item(w, "", plan->root.ops[i].dest);
        end_line(w);
        section(w, w->label[0] ? "Hidden" : "");
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                bool empty = op->kind == OP_SCRATCH || op->kind == OP_TMPFS || op->kind == OP_DIR;
                if (!empty || op->origin || is_filled(plan, i) ||
                    !(plan_is_emptied(op->dest) || str_eq(op->dest, home_of(plan))))
                        continue;
                name_item(w, "empty: ", op->dest);
        }
        end_line(w);
}

/* A rule, with the configuration that it comes from. */
static void say_allowed(Words *w, const char *rule)
{
        const StrList *from = &w->plan->network.allow_from;
        for (size_t i = 0; i < from->n; i++) {
                const char *tool_end = strchr(from->items[i], ' ');
                const char *at = tool_end ? tool_end + 1 : "";
                size_t len = strlen(rule);
                if (strncmp(at, rule, len) == 0 && at[len] == ' ') {
                        say(w, "%s (by %.*s: %s)", rule, (int)(tool_end - from->items[i]), from->items[i],
                            at + len + 1);
                        return;
                }
        }
        say(w, "%s", rule);
}

static void say_slirp(Words *w, const NetAccess *net)
{
        char text[NET_PUBLISH_TEXT_MAX], rate[32];
        if (!net->has_list)
                say_beyond(w, "the whole internet");
        else if (net->allow.n == 0)
                say(w, "no destination");
        for (size_t i = 0; i < net->allow.n; i++)
                say_allowed(w, net->allow.items[i]);
        for (size_t i = 0; i < net->deny.n; i++)
                say(w, "not %s", net->deny.items[i]);
        if (net->allow_private)
                say_beyond(w, "private networks, such as that of your home or office, as far as allowed");
        for (size_t i = 0; i < net->n_loopback_ports; i++)
                say_beyond(w, "port %u of this machine's loopback, at 10.0.2.2", net->loopback_ports[i]);
        for (size_t i = 0; i < net->n_publish; i++)
                say_beyond(w, "published on this machine: %s",
                           net_publish_print(&net->publish[i], text, sizeof(text)));
        if (net->rate_up)
                say(w, "at most %s a second up", format_bytes(net->rate_up, rate, sizeof(rate)));
        if (net->rate_down)
                say(w, "at most %s a second down", format_bytes(net->rate_down, rate, sizeof(rate)));
}

static void say_network(Words *w)
{
        static const struct {
                uint64_t flag;
                const char *name;
        } shared[] = {{CLONE_NEWUSER, "user and group ids"},
                      {CLONE_NEWPID, "processes"},
                      {CLONE_NEWIPC, "System V IPC and message queues"},
                      {CLONE_NEWUTS, "host name"}};
        const Plan *plan = w->plan;
        section(w, "Network");
        if (plan->network.mode == NETWORK_HOST)
                say_beyond(w, "that of this machine, with its loopback interface");
        else if (plan->network.mode == NETWORK_SLIRP)
                say_slirp(w, &plan->network.access);
        else
                say(w, "none");
        section(w, "Shared");
        for (size_t i = 0; i < ARRAY_LEN(shared); i++)
                if (!(plan->namespaces.created & shared[i].flag))
                        say_beyond(w, "the %s of the caller, or of a namespace that it joins",
                                   shared[i].name);
        for (size_t i = 0; i < plan->payload.n_kept_fds; i++)
                say_beyond(w, "the caller's descriptor %d", plan->payload.kept_fds[i]);
}

static void add_limit(Words *w, const PlanLimit *limit)
{
        char text[96], bytes[32];
        unsigned long long n = limit->number;
        (void)format_bytes(limit->number, bytes, sizeof(bytes));
        switch (limit->key) {
        case KEY_MEMORY_MAX:
                (void)snprintf(text, sizeof(text), "memory %s", bytes);
                break;
        case KEY_MEMORY_HIGH:
                (void)snprintf(text, sizeof(text), "memory above %s is slow", bytes);
                break;
        case KEY_MEMORY_SWAP_MAX:
                (void)snprintf(text, sizeof(text), n > 0 ? "swap %s" : "no swap", bytes);
                break;
        case KEY_CPU_QUOTA:
                (void)snprintf(text, sizeof(text), "%llu%% of a processor", n / 1000);
                break;
        case KEY_CPU_WEIGHT:
                (void)snprintf(text, sizeof(text), "processor weight %llu (others have 100)", n);
                break;
        case KEY_IO_WEIGHT:
                (void)snprintf(text, sizeof(text), "disk weight %llu (others have 100)", n);
                break;
        case KEY_TASKS_MAX:
                (void)snprintf(text, sizeof(text), "%llu processes and threads", n);
                break;
        default:
                (void)snprintf(text, sizeof(text), "disk %s %s a second (%.*s)",
                               limit->key == KEY_IO_READ_BANDWIDTH_MAX ? "reads" : "writes", bytes,
                               (int)strcspn(limit->value, " "), limit->value);
        }
        item(w, "", text);
}

static void add_amount(Words *w, const char *fmt, uint64_t number, bool in_bytes)
{
        char text[96], bytes[32];
        if (number == 0)
                return;
        if (in_bytes)
                (void)format_bytes(number, bytes, sizeof(bytes));
        else
                (void)snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)number);
        (void)snprintf(text, sizeof(text), "%s%s", bytes, fmt);
        item(w, "", text);
}

static void say_limits(Words *w)
{
        const PlanResources *r = &w->plan->resources;
        char text[96], span[32];
        section(w, "Limits");
        for (size_t i = 0; i < r->n_limits; i++)
                add_limit(w, &r->limits[i]);
        add_amount(w, " processes and threads of each user id", r->weak_tasks_max, false);
        if (r->runtime_max_us) {
                (void)snprintf(text, sizeof(text), "%s of time",
                               format_us(r->runtime_max_us, span, sizeof(span)));
                item(w, "", text);
        }
        add_amount(w, " of disk space", r->disk_max, true);
        add_amount(w, " files and directories on the disk", r->disk_inodes_max, false);
        if (r->disk_keep_percent) {
                (void)snprintf(text, sizeof(text), "%u%% of the disk stay free", r->disk_keep_percent);
                item(w, "", text);
        } else if (r->disk_keep_free != UINT64_MAX) {
                add_amount(w, " of the disk stay free", r->disk_keep_free, true);
        }
        for (size_t i = 0; i < r->n_rlimits; i++) {
                bool infinite = r->rlimits[i].soft == RLIM_INFINITY;
                (void)snprintf(text, sizeof(text), infinite ? "%s unlimited" : "%s %llu",
                               spec_rlimit_name(r->rlimits[i].resource),
                               (unsigned long long)r->rlimits[i].soft);
                item(w, "", text);
        }
        if (w->column == 0)
                say(w, "none");
        end_line(w);
        if (r->cgroup_writable)
                say(w, "may create control groups below these limits");
}

static void say_privileges(Words *w)
{
        const PlanPrivileges *p = &w->plan->privileges;
        CLEANUP_FREE char *names = plan_capability_names(p->capabilities);
        char *save = NULL;
        section(w, "Privileges");
        for (char *name = names ? strtok_r(names, ",", &save) : NULL; name; name = strtok_r(NULL, ",", &save))
                item(w, "inside the sandbox only: ", name);
        if (w->column == 0)
                say(w, "no capability");
        end_line(w);
        if (!p->no_new_privileges)
                say_beyond(w, "programs may gain privileges");
        if (p->filters_given)
                say_beyond(w, p->n_filter_fds > 0 ? "a system call filter of the caller"
                                                  : "no system call filter");
        else if (p->seccomp_file)
                say_beyond(w, "the system call filter in %s", p->seccomp_file);
        else
                say(w, "the %s system call filter", plan_seccomp_name(p->seccomp));
        for (size_t i = 0; i < p->architectures.n; i++)
                say(w, "system calls of the architecture %s", p->architectures.items[i]);
}

/* Values may be secrets. */
static void say_variables(Words *w)
{
        section(w, "Variables");
        for (size_t i = 0; i < w->plan->payload.env.n; i++) {
                const char *pair = w->plan->payload.env.items[i];
                CLEANUP_FREE char *name = strndup(pair, strcspn(pair, "="));
                if (name)
                        name_item(w, "", name);
        }
        if (w->column == 0)
                say(w, "none");
        end_line(w);
}

/* A sentence, broken at spaces. */
static void say_note(Words *w, const char *text)
{
        while (strlen(text) + LABEL_WIDTH > LINE_WIDTH) {
                size_t len = LINE_WIDTH - LABEL_WIDTH;
                while (len > 0 && text[len] != ' ')
                        len--;
                if (len == 0)
                        break;
                say(w, "%.*s", (int)len, text);
                text += len + 1;
        }
        say(w, "%s", text);
}

void plan_print_words(const Plan *plan, bool colour, FILE *out)
{
        Words w = {.plan = plan, .out = out, .colour = colour, .label = ""};
        say_command(&w);
        section(&w, "Directory");
        say(&w, "%s", plan->payload.cwd ? plan->payload.cwd : "/");
        say_user(&w);
        say_reads(&w);
        say_writes(&w);
        say_hidden(&w);
        say_network(&w);
        say_limits(&w);
        say_privileges(&w);
        say_variables(&w);
        section(&w, "Notes");
        for (size_t i = 0; i < plan->notices.n; i++)
                say_note(&w, plan->notices.items[i]);
        for (size_t i = 0; i < plan->notices_once.n; i++)
                say_note(&w, plan->notices_once.items[i]);
}
