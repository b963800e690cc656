/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A front end of the tests: each word fills a field of a spec that no key of a profile says. What other front
 * ends ask of the core is seen to work by it before they exist.
 *
 *      fill-spec [WORD...] -- COMMAND [ARG...]
 *
 * Without words the root is the host's, read-only, with a tmpfs at /tmp.
 */
#include "fill-operation.h"

#include "base/log.h"
#include "base/process.h"
#include "plan/plan.h"
#include "plan/plan_text.h"
#include "run/run.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef struct Filling {
        Spec spec;
        bool print; /* the plan, instead of running it */
        bool start; /* a sandbox that was created, by the socket at execution.start_socket */
} Filling;

typedef struct Word {
        const char *name;
        int (*fill)(Filling *f, const char *value); /* 0; else the word is refused */
} Word;

static int number(const char *value)
{
        return (int)strtol(value, NULL, 0);
}

static int add_int(int **list, size_t *n, int value)
{
        int *longer = reallocarray(*list, *n + 1, sizeof(*longer));
        if (!longer)
                return -ENOMEM;
        longer[(*n)++] = value;
        *list = longer;
        return 0;
}

/* Namespaces */

static void request(NamespaceRequest *ret, const char *value)
{
        *ret = str_eq(value, "new")      ? (NamespaceRequest){.source = NAMESPACE_NEW}
               : str_eq(value, "caller") ? (NamespaceRequest){.source = NAMESPACE_CALLER}
                                         : (NamespaceRequest){.source = NAMESPACE_JOIN, .fd = number(value)};
}

/* "NAME=new|caller|FD"; "user", and "payload-user" for the one below. */
static int fill_namespace(Filling *f, const char *value)
{
        size_t len = strcspn(value, "=");
        const char *source = value[len] ? value + len + 1 : "";
        if (strncmp(value, "user", len) == 0 && len == 4) {
                request(&f->spec.execution.user, source);
                return 0;
        }
        for (size_t i = 0; i < NS_MAX; i++) {
                const char *name = i == NS_PAYLOAD_USER ? "payload-user" : namespace_kinds[i].name;
                if (strlen(name) == len && strncmp(value, name, len) == 0) {
                        request(&f->spec.execution.namespaces[i], source);
                        return 0;
                }
        }
        return -EINVAL;
}

static int fill_no_userns(Filling *f, const char *value)
{
        (void)value;
        f->spec.execution.no_user_namespaces = true;
        return 0;
}

static int fill_network(Filling *f, const char *value)
{
        f->spec.network = str_eq(value, "host")    ? NETWORK_HOST
                          : str_eq(value, "slirp") ? NETWORK_SLIRP
                                                   : NETWORK_NONE;
        return 0;
}

/* The command */

static int fill_init(Filling *f, const char *value)
{
        f->spec.execution.init = str_eq(value, "payload") ? INIT_PAYLOAD : INIT_KURUNG;
        return 0;
}

static int fill_die(Filling *f, const char *value)
{
        (void)value;
        f->spec.execution.die_with_parent = true;
        return 0;
}

static int open_socket(const char *path, struct sockaddr_un *ret)
{
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof(ret->sun_path))
                return -ENAMETOOLONG;
        memcpy(ret->sun_path, path, strlen(path));
        return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

/* The payload waits until a start connects to PATH; its pid is printed. */
static int fill_create(Filling *f, const char *value)
{
        struct sockaddr_un address;
        int fd = open_socket(value, &address);
        f->spec.execution.detached = true;
        f->spec.execution.init = INIT_PAYLOAD;
        f->spec.execution.terminal = TERMINAL_SESSION;
        f->spec.execution.start_socket = fd;
        return fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0
                       ? -EINVAL
                       : 0;
}

static int fill_start(Filling *f, const char *value)
{
        struct sockaddr_un address;
        f->start = true;
        f->spec.execution.start_socket = open_socket(value, &address);
        return connect(f->spec.execution.start_socket, (struct sockaddr *)&address, sizeof(address)) < 0
                       ? -EINVAL
                       : 0;
}

static int fill_terminal(Filling *f, const char *value)
{
        SpecExecution *e = &f->spec.execution;
        e->terminal = str_eq(value, "own")       ? TERMINAL_OWN
                      : str_eq(value, "inherit") ? TERMINAL_INHERIT
                      : str_eq(value, "session") ? TERMINAL_SESSION
                                                 : TERMINAL_SOCKET;
        if (e->terminal == TERMINAL_SOCKET)
                e->terminal_socket = number(value);
        return 0;
}

static int fill_keep(Filling *f, const char *value)
{
        return add_int(&f->spec.execution.kept_fds, &f->spec.execution.n_kept_fds, number(value));
}

static int fill_argv0(Filling *f, const char *value)
{
        f->spec.execution.argv0 = strdup(value);
        return f->spec.execution.argv0 ? 0 : -ENOMEM;
}

static int fill_env(Filling *f, const char *value)
{
        return strlist_add(&f->spec.env_set, value);
}

static int fill_host_name(Filling *f, const char *value)
{
        free(f->spec.host_name);
        f->spec.host_name = strdup(value);
        return f->spec.host_name ? 0 : -ENOMEM;
}

static int fill_run_as(Filling *f, const char *value)
{
        const char *colon = strchr(value, ':');
        if (!colon)
                return -EINVAL;
        f->spec.run_as = RUN_AS_IDS;
        f->spec.run_as_uid = (uid_t)number(value);
        f->spec.run_as_gid = (gid_t)number(colon + 1);
        return 0;
}

static int fill_id_map(Filling *f, const char *value)
{
        f->spec.id_map = str_eq(value, "single") ? ID_MAP_SINGLE : ID_MAP_SUBID;
        return 0;
}

/* Privileges */

static int fill_filter(Filling *f, const char *value)
{
        SpecExecution *e = &f->spec.execution;
        e->filters_given = true;
        return str_eq(value, "none") ? 0 : add_int(&e->filter_fds, &e->n_filter_fds, number(value));
}

/* PERMITTED:EFFECTIVE:INHERITABLE:BOUNDING:AMBIENT, in hexadecimal digits. */
static int fill_capabilities(Filling *f, const char *value)
{
        unsigned long long sets[5];
        if (sscanf(value, "%llx:%llx:%llx:%llx:%llx", &sets[0], &sets[1], &sets[2], &sets[3], &sets[4]) != 5)
                return -EINVAL;
        f->spec.execution.has_capability_sets = true;
        f->spec.execution.capability_sets = (CapabilitySets){sets[0], sets[1], sets[2], sets[3], sets[4]};
        return 0;
}

/* NUMBER:SOFT:HARD */
static int fill_rlimit(Filling *f, const char *value)
{
        SpecExecution *e = &f->spec.execution;
        int resource;
        unsigned long long soft, hard;
        SpecRlimit *longer = reallocarray(e->rlimits, e->n_rlimits + 1, sizeof(*longer));
        if (!longer)
                return -ENOMEM;
        e->rlimits = longer;
        if (sscanf(value, "%d:%llu:%llu", &resource, &soft, &hard) != 3)
                return -EINVAL;
        e->rlimits[e->n_rlimits++] = (SpecRlimit){resource, soft, hard};
        return 0;
}

static int fill_umask(Filling *f, const char *value)
{
        f->spec.execution.has_umask = true;
        f->spec.execution.umask = (mode_t)strtol(value, NULL, 8);
        return 0;
}

static int fill_group(Filling *f, const char *value)
{
        SpecExecution *e = &f->spec.execution;
        gid_t *longer = reallocarray(e->groups, e->n_groups + 1, sizeof(*longer));
        if (!longer)
                return -ENOMEM;
        e->groups = longer;
        e->groups[e->n_groups++] = (gid_t)number(value);
        return 0;
}

static int fill_oom(Filling *f, const char *value)
{
        f->spec.execution.has_oom_score_adj = true;
        f->spec.execution.oom_score_adj = number(value);
        return 0;
}

static int fill_new_privileges(Filling *f, const char *value)
{
        (void)value;
        f->spec.no_new_privileges = false;
        return 0;
}

/* The root */

static int add_op(Filling *f, FsOpKind kind, const char *source, const char *dest, unsigned flags)
{
        char *to = strdup(dest), *from = source ? strdup(source) : NULL;
        SpecOp op = {.kind = kind,
                     .dest = to,
                     .source = from,
                     .source_kind = source ? FS_SOURCE_PATH : FS_SOURCE_NONE,
                     .flags = flags};
        int r = !to || (source && !from) ? -ENOMEM : spec_add_op(&f->spec, &op);
        free(to);
        free(from);
        return r;
}

/* SOURCE:DEST */
static int fill_bind(Filling *f, const char *value)
{
        CLEANUP_FREE char *source = strndup(value, strcspn(value, ":"));
        return !strchr(value, ':') || !source
                       ? -EINVAL
                       : add_op(f, OP_BIND, source, strchr(value, ':') + 1, OP_RECURSIVE);
}

static int fill_proc(Filling *f, const char *value)
{
        return add_op(f, OP_PROC, NULL, value, 0);
}

static int fill_dev(Filling *f, const char *value)
{
        return add_op(f, OP_DEV, NULL, value, 0);
}

static int fill_tmpfs(Filling *f, const char *value)
{
        return add_op(f, OP_TMPFS, NULL, value, 0);
}

/* Any other, and in full: fill-operation.h. */
static int fill_op(Filling *f, const char *value)
{
        return fill_operation(&f->spec, value);
}

static int fill_host_mounts(Filling *f, const char *value)
{
        return fill_propagation(value, &f->spec.propagation);
}

static int fill_chdir(Filling *f, const char *value)
{
        free(f->spec.chdir);
        f->spec.chdir = strdup(value);
        return f->spec.chdir ? 0 : -ENOMEM;
}

/* Nothing is done to the root. */
static int fill_no_root(Filling *f, const char *value)
{
        (void)value;
        for (size_t i = 0; i < f->spec.n_ops; i++)
                fs_op_clear(&f->spec.ops[i]);
        f->spec.n_ops = 0;
        return 0;
}

/* Not as given: the root of a profile that has root inside, served by fuse-overlayfs. It has state. */
static int fill_fuse(Filling *f, const char *value)
{
        (void)fill_no_root(f, value);
        f->spec.execution.as_given = false;
        f->spec.ops_in_order = false;
        f->spec.overlay = OVERLAY_FUSE;
        f->spec.run_as = RUN_AS_ROOT;
        f->spec.id_map = ID_MAP_SUBID;
        f->spec.work_dir = WORK_DIR_RW;
        return 0;
}

/* "PROGRAM", or "<PROGRAM" with priorities. */
static int fill_style(Filling *f, const char *value)
{
        (void)f;
        log_set_style((LogStyle){.program = value + (value[0] == '<'), .priorities = value[0] == '<'});
        return 0;
}

static int fill_print(Filling *f, const char *value)
{
        (void)value;
        f->print = true;
        return 0;
}

static const Word words[] = {
        {"ns", fill_namespace},
        {"no-userns", fill_no_userns},
        {"network", fill_network},
        {"init", fill_init},
        {"die-with-parent", fill_die},
        {"terminal", fill_terminal},
        {"keep", fill_keep},
        {"argv0", fill_argv0},
        {"env", fill_env},
        {"host-name", fill_host_name},
        {"run-as", fill_run_as},
        {"id-map", fill_id_map},
        {"filter", fill_filter},
        {"capabilities", fill_capabilities},
        {"rlimit", fill_rlimit},
        {"umask", fill_umask},
        {"group", fill_group},
        {"oom-score", fill_oom},
        {"new-privileges", fill_new_privileges},
        {"bind", fill_bind},
        {"proc", fill_proc},
        {"dev", fill_dev},
        {"tmpfs", fill_tmpfs},
        {"op", fill_op},
        {"host-mounts", fill_host_mounts},
        {"chdir", fill_chdir},
        {"no-root", fill_no_root},
        {"fuse", fill_fuse},
        {"print", fill_print},
        {"style", fill_style},
        {"create", fill_create},
        {"start", fill_start},
};

static int fill_word(Filling *f, const char *arg)
{
        size_t len = strcspn(arg, "=");
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (strlen(words[i].name) == len && strncmp(words[i].name, arg, len) == 0)
                        return words[i].fill(f, arg[len] ? arg + len + 1 : "");
        return -EINVAL;
}

static int fill(Filling *f, int argc, char **argv, Error *err)
{
        int r = spec_init(&f->spec), i = 1;
        f->spec.ops_in_order = true;
        f->spec.execution.as_given = true;
        f->spec.id_map = ID_MAP_SINGLE;
        if (r == 0)
                r = add_op(f, OP_BIND, "/", "/", OP_RECURSIVE | OP_RDONLY);
        if (r == 0)
                r = add_op(f, OP_TMPFS, NULL, "/tmp", 0);
        if (r < 0)
                return error_no_memory(err);
        for (; i < argc && !str_eq(argv[i], "--"); i++)
                if (fill_word(f, argv[i]) < 0)
                        return error_set(err, EINVAL, "fill-spec: '%s' is not a word of it", argv[i]);
        for (i++; i < argc; i++)
                if (strlist_add(&f->spec.argv, argv[i]) < 0)
                        return error_no_memory(err);
        return f->spec.argv.n > 0 || f->start ? 0 : error_set(err, EINVAL, "fill-spec: no command given");
}

static int run(int argc, char **argv, int *ret_exit, Error *err)
{
        CLEANUP(host_clear) Host host = {0};
        CLEANUP(plan_clear) Plan plan = {0};
        CLEANUP(run_report_clear) RunReport report = {0};
        Filling f = {0};
        extern char **environ;
        int r = fill(&f, argc, argv, err);
        if (r == 0 && f.start) {
                r = run_start(f.spec.execution.start_socket, err);
                spec_clear(&f.spec);
                return r;
        }
        if (r == 0)
                r = host_probe(&host, err);
        if (r == 0 && (r = host_probe_ops(&host, &f.spec)) < 0)
                (void)error_set_errno(err, r, "cannot look up what operations take");
        if (r == 0)
                r = plan_make(&f.spec, &host, NULL, (const char *const *)environ, &plan, err);
        spec_clear(&f.spec);
        if (r < 0)
                return r;
        if (f.print) {
                plan_print(&plan, stdout);
                return 0;
        }
        const RunOptions options = {0};
        if (plan.payload.detached) {
                pid_t pid;
                r = run_create(&plan, &options, &pid, err);
                if (r == 0)
                        (void)printf("%d\n", (int)pid);
                return r;
        }
        r = run_plan(&plan, &options, &report, err);
        *ret_exit = report.exit_code;
        return r;
}

int main(int argc, char **argv)
{
        Error err = {0};
        int code = 0;
        process_remember_arguments(argc, argv);
        process_tame_umask();
        int r = run(argc, argv, &code, &err);
        if (r < 0) {
                (void)error_ensure(&err, r, "fill-spec");
                log_error("%s", err.text);
                return err.exit_code;
        }
        return code;
}
