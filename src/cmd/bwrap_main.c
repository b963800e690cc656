/* SPDX-License-Identifier: Apache-2.0 */
/* kurung-bwrap: runs a command with the options of bubblewrap. */
#include "base/caps.h"
#include "base/io.h"
#include "base/log.h"
#include "base/process.h"
#include "cmd/bwrap_say.h"
#include "cmd/report.h"
#include "cmd/report_file.h"
#include "front/bwrap.h"
#include "plan/plan.h"
#include "run/run.h"
#include "spec/keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>

/* The version whose options and messages these are. */
#define BUBBLEWRAP_VERSION "0.11.1"

/* bwrap has one status for all its errors. */
#define EXIT_BWRAP 1

/* Facts of the caller, which BwrapCaller borrows. */
typedef struct Caller {
        BwrapCaller facts;
        int *fds;
        char cwd[PATH_MAX], terminal[PATH_MAX], host_name[HOST_NAME_MAX + 1];
} Caller;

static int list_descriptors(Caller *c, Error *err)
{
        DIR *d = opendir("/proc/self/fd");
        int r = 0;
        if (!d)
                return error_set_errno(err, errno, "Can't open /proc");
        for (struct dirent *e; r == 0 && (e = readdir(d));) {
                int fd = (int)strtol(e->d_name, NULL, 10);
                if (fd <= STDERR_FILENO || fd == dirfd(d))
                        continue;
                int *longer = reallocarray(c->fds, c->facts.n_fds + 1, sizeof(*longer));
                if (longer) {
                        c->fds = longer;
                        c->fds[c->facts.n_fds++] = fd;
                } else {
                        r = error_no_memory(err);
                }
        }
        c->facts.fds = c->fds;
        (void)closedir(d);
        return r;
}

static bool has_user_namespaces(void)
{
        CLEANUP_FREE char *max = NULL;
        return access("/proc/self/ns/user", F_OK) == 0 &&
               !(io_read_file_at(AT_FDCWD, "/proc/sys/user/max_user_namespaces", 64, &max, NULL) == 0 &&
                 str_eq(max, "0\n"));
}

static int describe_caller(Caller *c, const Host *host, Error *err)
{
        int r;
        c->facts.uid = host->uid;
        c->facts.gid = host->gid;
        c->facts.nested = host->nested;
        c->facts.environment = environ;
        if (getcwd(c->cwd, sizeof(c->cwd)) && c->cwd[0] == '/')
                c->facts.cwd = c->cwd;
        if (isatty(STDOUT_FILENO) && ttyname_r(STDOUT_FILENO, c->terminal, sizeof(c->terminal)) == 0)
                c->facts.terminal = c->terminal;
        if (gethostname(c->host_name, sizeof(c->host_name)) == 0)
                c->facts.host_name = c->host_name;
        if (host->uid == 0) {
                c->facts.user_namespaces = has_user_namespaces();
                if ((r = caps_effective(&c->facts.capabilities, err)) < 0)
                        return r;
        }
        return host->uid != geteuid() ? error_set(err, EPERM, "refusing to run set-user-ID") : 0;
}

/* Each source is held open from its look-up on. The command gets the caller's limit. */
static int make_room(Bwrap *b, Error *err)
{
        struct rlimit limit;
        size_t needed = 3 * b->spec.n_ops + 64;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
                return 0;
        SpecRlimit *one = malloc(sizeof(*one));
        if (!one)
                return error_no_memory(err);
        *one = (SpecRlimit){RLIMIT_NOFILE, limit.rlim_cur, limit.rlim_max};
        free(b->spec.execution.rlimits);
        b->spec.execution.rlimits = one;
        b->spec.execution.n_rlimits = 1;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        return 0;
}

/* The namespaces of the sandbox, by the name of their documents. */
typedef struct Namespaces {
        const Plan *plan;
        const Bwrap *bwrap;
} Namespaces;

static int write_info(int fd, const char *text, Error *err)
{
        int r = io_write_all(fd, text, strlen(text));
        return r < 0 ? error_set_errno(err, r, "Write to info_fd") : 0;
}

/* Adds ",SEPARATOR"NAME-namespace": INODE" for each namespace that was created. */
static void print_namespaces(FILE *out, const Plan *plan, pid_t pid, const char *separator)
{
        static const int order[] = {NS_CGROUP, NS_IPC, NS_MNT, NS_NET, NS_PID, NS_UTS};
        for (size_t i = 0; i < ARRAY_LEN(order); i++) {
                const NamespaceKind *kind = &namespace_kinds[order[i]];
                char path[48];
                struct stat st;
                (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind->name);
                if ((plan->namespaces.created & (uint64_t)kind->flag) && stat(path, &st) == 0)
                        (void)fprintf(out, ",%s\"%s-namespace\": %llu", separator, kind->name,
                                      (unsigned long long)st.st_ino);
        }
}

static int tell_of_sandbox(int fd, const Plan *plan, pid_t pid, bool one_line, Error *err)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return error_no_memory(err);
        (void)fprintf(out, one_line ? "{ \"child-pid\": %d" : "{\n    \"child-pid\": %d", (int)pid);
        print_namespaces(out, plan, pid, one_line ? " " : "\n    ");
        (void)fputs(one_line ? " }\n" : "\n}\n", out);
        int r = fclose(out) == 0 ? write_info(fd, text, err) : error_no_memory(err);
        free(text);
        return r;
}

/* Tells the caller of the sandbox, and waits until the caller has mapped its ids. */
static int born(void *userdata, pid_t pid, Error *err)
{
        const Namespaces *n = userdata;
        const int *fds = n->bwrap->fds;
        int r = fds[BWRAP_FD_INFO] >= 0 ? tell_of_sandbox(fds[BWRAP_FD_INFO], n->plan, pid, false, err) : 0;
        if (r == 0 && fds[BWRAP_FD_JSON_STATUS] >= 0)
                r = tell_of_sandbox(fds[BWRAP_FD_JSON_STATUS], n->plan, pid, true, err);
        if (fds[BWRAP_FD_INFO] > STDERR_FILENO && fds[BWRAP_FD_INFO] != fds[BWRAP_FD_JSON_STATUS])
                (void)close(fds[BWRAP_FD_INFO]);
        char byte;
        while (r == 0 && fds[BWRAP_FD_USERNS_BLOCK] >= 0 && read(fds[BWRAP_FD_USERNS_BLOCK], &byte, 1) < 0)
                if (errno != EINTR)
                        return error_set_errno(err, errno, "--userns-block-fd");
        return r;
}

static void tell_exit(int fd, int code)
{
        char text[48];
        (void)snprintf(text, sizeof(text), "{ \"exit-code\": %d }\n", code);
        /* The caller may have gone. */
        if (fd >= 0)
                (void)io_write_all(fd, text, strlen(text));
}

static int run(Bwrap *b, const Plan *plan, int *ret_exit, Error *err)
{
        CLEANUP(run_report_clear) RunReport report = {0};
        Namespaces n = {.plan = plan, .bwrap = b};
        bool tells = b->fds[BWRAP_FD_INFO] >= 0 || b->fds[BWRAP_FD_JSON_STATUS] >= 0;
        const RunOptions options = {.born = tells ? born : NULL, .userdata = &n};
        FILE *out = NULL;
        int r = b->report ? report_file_open(b->report, &out, err) : 0;
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->notices.n; i++)
                log_notice("%s", plan->notices.items[i]);
        r = run_plan(plan, &options, &report, err);
        if (r == 0) {
                report_tell(plan, &report);
                tell_exit(b->fds[BWRAP_FD_JSON_STATUS], report.exit_code);
        } else
                bwrap_say(plan, b->unshare_user, err);
        *ret_exit = report.exit_code;
        int written = out ? report_write(out, plan, &report, err, r < 0 ? NULL : err) : 0;
        if (out && fclose(out) != 0 && written == 0 && r == 0)
                written = error_set_errno(err, errno, "--kurung-report: cannot write '%s'", b->report);
        return r < 0 ? r : written;
}

static int probe(const Bwrap *b, Host *host, Error *err)
{
        if (!b->probes_host)
                return 0;
        host_clear(host);
        int r = host_probe(host, err);
        if (r < 0 || !spec_has_limits(&b->spec))
                return r;
        CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return host_probe_limits(root, host, NULL) < 0 ? error_no_memory(err) : 0;
}

static int plan_and_run(Bwrap *b, Host *host, int *ret_exit, Error *err)
{
        CLEANUP(plan_clear) Plan plan = {0};
        int r = make_room(b, err);
        if (r == 0)
                r = probe(b, host, err);
        if (r == 0 && (r = host_probe_ops(host, &b->spec)) < 0)
                (void)error_set_errno(err, r, "Can't look up the source paths");
        if (r == 0)
                r = plan_make(&b->spec, host, NULL, (const char *const *)environ, &plan, err);
        return r < 0 ? r : run(b, &plan, ret_exit, err);
}

static void warn(const Bwrap *b)
{
        for (size_t i = 0; i < b->n_warnings; i++) {
                log_set_style((LogStyle){.program = "bwrap", .priorities = b->warnings[i].with_priority});
                log_notice("%s", b->warnings[i].text);
        }
        log_set_style((LogStyle){.program = "bwrap", .priorities = b->level_prefix});
}

static int print_usage(FILE *out, const char *program)
{
        (void)fprintf(out, "usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n%s", program, bwrap_usage());
        return fflush(out) == 0 && out == stdout ? 0 : EXIT_BWRAP;
}

static int print_version(void)
{
        printf("bubblewrap " BUBBLEWRAP_VERSION " (kurung %s)\n", PACKAGE_VERSION);
        return fflush(stdout) == 0 ? 0 : EXIT_BWRAP;
}

/* Returns the exit status, or -errno with @err. */
static int parse_and_run(Bwrap *b, Host *host, int argc, char **argv, Error *err)
{
        int code = EXIT_BWRAP;
        int r = bwrap_parse(b, argc - 1, argv + 1, err);
        if (r == 0 && b->action == BWRAP_RUN && b->spec.argv.n > 0)
                r = bwrap_fill(b, err);
        warn(b);
        if (r < 0)
                return r;
        if (b->action == BWRAP_HELP)
                return print_usage(stdout, argv[0]);
        if (b->action == BWRAP_VERSION)
                return print_version();
        if (b->spec.argv.n == 0)
                return print_usage(stderr, argv[0]);
        r = plan_and_run(b, host, &code, err);
        return r < 0 ? r : code;
}

/* A program of another root could reach this program's file, which root may write to (runc CVE-2019-5736). */
static int seal(char **argv, const Host *host, Error *err)
{
        int r = host->uid == 0 ? process_run_sealed(argv) : 0;
        return r < 0 ? error_set_errno(err, r, "cannot run as a sealed copy") : 0;
}

int main(int argc, char **argv)
{
        static Caller caller;
        CLEANUP(bwrap_clear) Bwrap b = {0};
        CLEANUP(host_clear) Host host = {0};
        Error err = {0};
        process_remember_arguments(argc, argv);
        process_tame_umask();
        log_set_style((LogStyle){.program = "bwrap"});
        if (argc < 1 || process_fill_standard() < 0)
                return EXIT_BWRAP;
        int r = list_descriptors(&caller, &err);
        if (r == 0)
                r = host_probe_given(&host, &err);
        if (r == 0)
                r = seal(argv, &host, &err);
        if (r == 0)
                r = describe_caller(&caller, &host, &err);
        if (r == 0 && bwrap_init(&b, &caller.facts) < 0)
                r = error_no_memory(&err);
        if (r == 0)
                r = parse_and_run(&b, &host, argc, argv, &err);
        if (r < 0) {
                (void)error_ensure(&err, r, "bwrap");
                log_error("%s", err.text);
                r = EXIT_BWRAP;
        }
        free(caller.fds);
        return r;
}
