/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a sandbox like kurung's costs: a static program that makes the same namespaces, mounts and
 * filter by the shortest way, runs a command in them and waits for it. It checks nothing and protects
 * nothing; it only shows what the kernel itself takes.
 *
 * Usage: floor [--ids=FIRST] COMMAND [ARG...]   with --ids, newuidmap and newgidmap map FIRST to FIRST +
 * 65535, too
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0 /* the filter refuses everything: the benchmark says that the command failed */
#endif

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000 /* linux/fcntl.h, which cannot be included beside fcntl.h */
#endif

#define CALLS 320

/* Refuses nothing that a test needs, in as many instructions as kurung's two programs have. */
#define INSTRUCTIONS (2 * CALLS + 6)

static void check(int failed, const char *what)
{
        if (!failed)
                return;
        (void)fprintf(stderr, "floor: cannot %s: %s\n", what, strerror(errno));
        _exit(125);
}

static void write_file(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        check(fd < 0 || write(fd, text, strlen(text)) < 0, path);
        (void)close(fd);
}

static void map_one(pid_t pid)
{
        char path[64], line[64];
        (void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
        (void)snprintf(line, sizeof(line), "%u %u 1\n", getuid(), getuid());
        write_file(path, line);
        (void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
        write_file(path, "deny");
        (void)snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
        (void)snprintf(line, sizeof(line), "%u %u 1\n", getgid(), getgid());
        write_file(path, line);
}

static pid_t start_mapper(const char *program, pid_t pid, unsigned own, const char *first)
{
        char target[16], id[16];
        char *none[] = {NULL};
        (void)snprintf(target, sizeof(target), "%d", (int)pid);
        (void)snprintf(id, sizeof(id), "%u", own);
        const char *argv[] = {program, target, id, id, "1", first, first, "65536", NULL};
        pid_t mapper;
        errno = posix_spawn(&mapper, program, NULL, NULL, (char *const *)argv, none);
        check(errno != 0, program);
        return mapper;
}

static void map_many(pid_t pid, const char *first)
{
        pid_t mappers[] = {start_mapper("/usr/bin/newuidmap", pid, getuid(), first),
                           start_mapper("/usr/bin/newgidmap", pid, getgid(), first)};
        for (size_t i = 0; i < 2; i++) {
                int status;
                check(waitpid(mappers[i], &status, 0) < 0 || status != 0, "map the ids");
        }
}

static void mount_new(const char *type, const char *where, unsigned long flags, const char *options)
{
        check(mount(type, where, type, flags, options) < 0, where);
}

static void make_devices(void)
{
        static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
        char path[64], source[64];
        mount_new("tmpfs", "/tmp/dev", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k");
        for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
                (void)snprintf(source, sizeof(source), "/dev/%s", devices[i]);
                (void)snprintf(path, sizeof(path), "/tmp/dev/%s", devices[i]);
                check(mknod(path, S_IFREG | 0666, 0) < 0, path);
                check(mount(source, path, NULL, MS_BIND, NULL) < 0, path);
        }
        check(mkdir("/tmp/dev/pts", 0755) < 0 || mkdir("/tmp/dev/shm", 01777) < 0,
              "make directories of /dev");
        mount_new("devpts", "/tmp/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
        check(symlink("pts/ptmx", "/tmp/dev/ptmx") < 0 || symlink("/proc/self/fd", "/tmp/dev/fd") < 0,
              "make links of /dev");
        mount_new("tmpfs", "/tmp/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
}

static void make_root(void)
{
        const struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                                                          MOUNT_ATTR_NODEV};
        check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0, "make mounts private");
        check(mount("/", "/tmp", NULL, MS_BIND | MS_REC, NULL) < 0, "bind /");
        check(syscall(SYS_mount_setattr, AT_FDCWD, "/tmp", AT_RECURSIVE, &attributes, sizeof(attributes)) < 0,
              "make / read-only");
        make_devices();
        mount_new("proc", "/tmp/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
        mount_new("tmpfs", "/tmp/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
        mount_new("tmpfs", "/tmp/run", MS_NOSUID | MS_NODEV, "mode=755");
        mount_new("tmpfs", "/tmp/home", MS_NOSUID | MS_NODEV, "mode=755");
        check(chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
                      chdir("/") < 0,
              "change the root");
}

static void raise_loopback(void)
{
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        check(fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0, "raise lo");
        (void)close(fd);
}

/* One comparison for each call, and one more that never applies, like the programs of libseccomp. */
static void load_filter(void)
{
        static struct sock_filter code[INSTRUCTIONS];
        unsigned short n = 0;
        code[n++] =
                (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
        for (unsigned i = 0; i < CALLS; i++) {
                code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i, 0, 1);
                code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        }
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
        const struct sock_fprog program = {n, code};
        check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
                      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0,
              "load the filter");
}

/* Is pid 1 of the sandbox. @go: ends when the ids are mapped. */
static int be_inside(int go, char **argv)
{
        char byte;
        check(unshare(CLONE_NEWNET) < 0, "create a network namespace");
        check(read(go, &byte, 1) < 0, "wait for the ids");
        raise_loopback();
        make_root();
        pid_t pid = fork();
        check(pid < 0, "create a process");
        if (pid == 0) {
                load_filter();
                (void)execvp(argv[0], argv);
                check(1, argv[0]);
        }
        int status;
        check(waitpid(pid, &status, 0) < 0, "wait for the command");
        return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
        const char *first = argc > 1 && strncmp(argv[1], "--ids=", 6) == 0 ? argv[1] + 6 : NULL;
        char **command = argv + (first ? 2 : 1);
        int go[2], status;
        if (!*command) {
                (void)fprintf(stderr, "usage: floor [--ids=FIRST] COMMAND [ARG...]\n");
                return 125;
        }
        check(pipe2(go, O_CLOEXEC) < 0, "create a pipe");
        struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                                           CLONE_NEWUTS | CLONE_NEWCGROUP,
                                  .exit_signal = SIGCHLD};
        long pid = syscall(SYS_clone3, &args, sizeof(args));
        check(pid < 0, "create the namespaces");
        if (pid == 0) {
                (void)close(go[1]);
                _exit(be_inside(go[0], command));
        }
        if (first)
                map_many((pid_t)pid, first);
        else
                map_one((pid_t)pid);
        (void)close(go[1]);
        check(waitpid((pid_t)pid, &status, 0) < 0, "wait for the sandbox");
        return WEXITSTATUS(status);
}
