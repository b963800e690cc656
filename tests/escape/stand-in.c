/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for fuse-overlayfs, started in its place with all that it is given: does what an attacker would
 * who has taken the file system's server over. KURUNG_STAND_IN_SEEKS is a file of the host's, in a directory
 * of the user's. The last line on its stderr, which is what kurung reports, is "held", or "escaped: " with
 * what could be done.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char found[2048];

static void escaped(const char *what, const char *where)
{
        size_t n = strlen(found);
        (void)snprintf(found + n, sizeof(found) - n, " %s %.200s;", what, where);
}

static void try_file(int dir, const char *path)
{
        char beside[4096];
        char byte;
        int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, &byte, 1) == 1)
                escaped("read", path);
        fd = openat(dir, path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (fd >= 0 && write(fd, "evil", 4) == 4)
                escaped("wrote", path);
        if (fchmodat(dir, path, 0777, 0) == 0)
                escaped("chmod", path);
        (void)snprintf(beside, sizeof(beside), "%s.evil", path);
        if (openat(dir, beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) >= 0 ||
            symlinkat("x", dir, beside) == 0 || mkdirat(dir, beside, 0755) == 0)
                escaped("created", beside);
}

/* The canary by every name that a process could have for it. */
static void try_names(const char *canary)
{
        static const char *const prefixes[] = {"",
                                               "/lower",
                                               "/layer",
                                               "/placeholders",
                                               "/proc/1/root",
                                               "/layer/..",
                                               "/layer/../../..",
                                               "/proc/self/root",
                                               "/lower/..",
                                               "/proc/1/cwd",
                                               "/lower/proc/1/root",
                                               "/empty"};
        char path[4096];
        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
                (void)snprintf(path, sizeof(path), "%s%s", prefixes[i], canary);
                try_file(AT_FDCWD, path);
        }
        for (int fd = 0; fd < 64; fd++) {
                (void)snprintf(path, sizeof(path), "../../../../../../../../../..%s", canary);
                try_file(fd, path);
        }
        /* Through a link in the one place that can be written. */
        char byte;
        if (symlink(canary, "/layer/upper/leads-out") == 0) {
                int fd = open("/layer/upper/leads-out", O_RDWR | O_CLOEXEC);
                if (fd >= 0 && read(fd, &byte, 1) == 1)
                        escaped("read", "through a link");
                (void)unlink("/layer/upper/leads-out");
        }
}

/* Of other processes nothing is seen. */
static void try_processes(const char *canary)
{
        char path[4096];
        DIR *d = opendir("/proc");
        for (struct dirent *e; d && (e = readdir(d));) {
                int pid = atoi(e->d_name);
                if (pid <= 0 || pid == getpid())
                        continue;
                escaped("saw process", e->d_name);
                (void)snprintf(path, sizeof(path), "/proc/%d/root%s", pid, canary);
                try_file(AT_FDCWD, path);
                if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0)
                        escaped("traced", e->d_name);
        }
        if (d)
                (void)closedir(d);
        if (getppid() != 0 && kill(getppid(), 0) == 0)
                escaped("could signal", "its parent");
        if (kill(-1, 0) == 0)
                escaped("could signal", "others");
}

/* What is hidden inside is hidden here; masks stay. */
static void try_hidden(const char *hidden)
{
        static const char *const places[] = {"/home", "/root", "/tmp",  "/var/tmp", "/var/log", "/var/mail",
                                             "/run",  "/mnt",  "/proc", "/sys",     "/dev",     "/srv"};
        char path[4096];
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) + 1; i++) {
                (void)snprintf(path, sizeof(path), "/lower%s", i == 0 ? hidden : places[i - 1]);
                if (umount2(path, MNT_DETACH) == 0)
                        escaped("unmounted", path);
                DIR *d = opendir(path);
                for (struct dirent *e; d && (e = readdir(d));)
                        if (e->d_name[0] != '.') {
                                escaped("saw in", path);
                                break;
                        }
                if (d)
                        (void)closedir(d);
                int fd = open(path, O_RDONLY | O_CLOEXEC);
                char byte;
                if (fd >= 0 && read(fd, &byte, 1) == 1)
                        escaped("read", path);
        }
}

static void try_root(void)
{
        static const char *const places[] = {"/",      "/lower", "/lower/etc",   "/lower/usr",
                                             "/empty", "/usr",   "/placeholders"};
        char path[256];
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                (void)snprintf(path, sizeof(path), "%s/evil", places[i]);
                int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                if (fd >= 0)
                        escaped("created", path);
        }
        static const char *const settings[] = {"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
                                               "/proc/sys/user/max_user_namespaces",
                                               "/proc/sys/kernel/hostname"};
        for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
                int fd = open(settings[i], O_WRONLY | O_CLOEXEC);
                if (fd >= 0)
                        escaped("opened for writing", settings[i]);
        }
}

static void try_kernel(void)
{
        if (unshare(CLONE_NEWUSER) == 0)
                escaped("made", "a user namespace");
        if (mount("none", "/layer", "tmpfs", 0, NULL) == 0)
                escaped("mounted", "a tmpfs");
        if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socket(AF_INET, SOCK_STREAM, 0) >= 0 ||
            socket(AF_NETLINK, SOCK_RAW, 0) >= 0)
                escaped("made", "a socket");
        int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (ns >= 0 && setns(ns, 0) == 0)
                escaped("joined", "a namespace");
        if (syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno == EFAULT)
                escaped("reached", "io_uring");
        if (syscall(SYS_keyctl, 0, -3, 1) >= 0)
                escaped("reached", "keyrings");
        if (syscall(SYS_bpf, 0, NULL, 0) >= 0 || errno == EINVAL || errno == EFAULT)
                escaped("reached", "bpf");
        if (syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0) >= 0)
                escaped("reached", "process memory");
        /* getpgrp(2) is not on the list. */
        int group = 0;
        FILE *stat = fopen("/proc/self/stat", "re");
        if (!stat || fscanf(stat, "%*d %*s %*c %*d %d", &group) != 1 || group != getpid())
                escaped("shares", "the caller's process group");
        if (stat)
                (void)fclose(stat);
        struct rlimit core;
        if (getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max > 1)
                escaped("could dump", "core");
        if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                escaped("could gain", "privileges by exec");
        if (prctl(PR_GET_SECCOMP) != 2)
                escaped("has", "no list of system calls");
        pid_t pid = fork();
        if (pid == 0)
                _exit(0);
        if (pid > 0) {
                (void)waitpid(pid, NULL, 0);
                escaped("made", "a process");
        }
}

int main(void)
{
        const char *canary = getenv("KURUNG_STAND_IN_SEEKS");
        if (canary) {
                try_hidden(canary);
                try_names(canary);
                try_processes(canary);
        }
        try_root();
        try_kernel();
        if (found[0])
                (void)fprintf(stderr, "escaped:%s\n", found);
        else
                (void)fprintf(stderr, "held\n");
        return 1;
}
