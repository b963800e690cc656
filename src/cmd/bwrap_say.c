/* SPDX-License-Identifier: Apache-2.0 */
/* Says in bwrap's words what failed. Other programs look for them. */
#include "cmd/bwrap_say.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>

/* Replaces the text; a format that ends in ": " is followed by the error's name. */
PRINTF_LIKE(2, 3) static void say(Error *err, const char *fmt, ...)
{
        Error said = {.errnum = err->errnum, .exit_code = err->exit_code};
        size_t len = strlen(fmt);
        va_list ap;
        va_start(ap, fmt);
        int n = vsnprintf(said.text, sizeof(said.text), fmt, ap);
        va_end(ap);
        if (n >= 0 && (size_t)n < sizeof(said.text) && len > 2 && str_eq(fmt + len - 2, ": "))
                (void)snprintf(said.text + n, sizeof(said.text) - (size_t)n, "%s", strerror(err->errnum));
        *err = said;
}

static void say_namespaces(bool own_user, Error *err)
{
        if (own_user && err->errnum == EINVAL)
                say(err, "Creating new namespace failed, likely because the kernel does not support user "
                         "namespaces.  bwrap must be installed setuid on such systems.");
        else if (own_user && err->errnum == EPERM)
                say(err, "No permissions to create a new namespace, likely because the kernel does not allow "
                         "non-privileged user namespaces. On e.g. debian this can be enabled with 'sysctl "
                         "kernel.unprivileged_userns_clone=1'.");
        else if (err->errnum == ENOSPC)
                say(err, "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces "
                         "exceeded (ENOSPC)");
        else
                say(err, "Creating new namespace failed: ");
}

/* 0: the namespace of --userns2. */
static void say_join(Error *err)
{
        if (err->index == CLONE_NEWUSER && err->errnum == EINVAL)
                say(err, "Joining the specified user namespace failed, it might not be a descendant of the "
                         "current user namespace.");
        else if (err->index == CLONE_NEWUSER)
                say(err, "Joining specified user namespace failed: ");
        else if (err->index == CLONE_NEWPID)
                say(err, "Setting pidns failed: ");
        else
                say(err, "Setting userns2 failed: ");
}

static void say_source(const PlanOp *op, Error *err)
{
        /* Then the source was exchanged. */
        if (err->errnum == EBUSY)
                return;
        if (op->source_kind == FS_SOURCE_DESCRIPTOR)
                say(err, "Can't write data to file %.900s: ", op->dest);
        else if (op->source)
                say(err, "Can't find source path %.900s: ", op->source);
        else
                for (size_t i = 0; fs_op_path(op, i); i++)
                        if (access(fs_op_path(op, i), F_OK) < 0) {
                                say(err, "Can't find source path %.900s: ", fs_op_path(op, i));
                                return;
                        }
}

/* The errors of creating a mount point. */
static bool is_of_creation(int errnum)
{
        return errnum == EROFS || errnum == EACCES || errnum == ENOTDIR || errnum == EISDIR ||
               errnum == EEXIST || errnum == ELOOP || errnum == ENOSPC || errnum == EDQUOT;
}

static void say_symlink(const PlanOp *op, Error *err)
{
        static const char marker[] = "destination ";
        char there[512] = "";
        const char *at = err->errnum == EEXIST ? strstr(err->text, marker) : NULL;
        while (at && strstr(at + 1, marker))
                at = strstr(at + 1, marker);
        if (!at) {
                say(err, "Can't make symlink at %.900s: ", op->dest);
                return;
        }
        bool leads =
                at >= err->text + strlen("existing ") && str_starts(at - strlen("existing "), "existing ");
        (void)snprintf(there, sizeof(there), "%s%s", leads ? "existing " : "", at);
        say(err, "Can't make symlink at %.400s: %s", op->dest, there);
}

static void say_mount(const PlanOp *op, Error *err)
{
        const char *type = op->kind == OP_PROC           ? "proc"
                           : op->kind == OP_FILESYSTEM   ? op->source
                           : strstr(err->text, "devpts") ? "devpts"
                                                         : "tmpfs";
        bool pts = str_eq(type, "devpts");
        if (op->kind == OP_BIND)
                say(err, "Can't bind mount /oldroot%.400s on /newroot%.400s: ", op->source, op->dest);
        else if (op->kind == OP_OVERLAY && err->errnum == ELOOP)
                say(err, "Can't make overlay mount on /newroot%.900s: Overlay directories may not overlap",
                    op->dest);
        else if (op->kind == OP_OVERLAY)
                say(err, "Can't make overlay mount on /newroot%.900s: ", op->dest);
        else
                say(err, "Can't mount %s on /newroot%.900s%s: ", type, op->dest, pts ? "/pts" : "");
}

static void say_operation(const PlanOp *op, Error *err)
{
        bool of_creation = is_of_creation(err->errnum);
        bool file = op->kind == OP_BIND && !op->source_id.directory;
        switch (op->kind) {
        case OP_SYMLINK:
                say_symlink(op, err);
                return;
        case OP_CHMOD:
                say(err, "Can't chmod %#o %.900s: ", op->mode, op->dest);
                return;
        case OP_REMOUNT:
                if (err->errnum == EINVAL)
                        say(err,
                            "Can't remount readonly on /newroot%.400s: Unable to find \"/newroot%.400s\" in "
                            "mount table",
                            op->dest, op->dest);
                else
                        say(err, "Can't remount readonly on /newroot%.900s: ", op->dest);
                return;
        case OP_DIR:
                say(err, "Can't mkdir %.900s: ", op->dest);
                return;
        case OP_WRITE:
                say(err, "Can't create file %.900s: ", op->dest);
                return;
        case OP_FILE:
                say(err, "Can't create file at %.900s: ", op->dest);
                return;
        case OP_OVERLAY:
                of_creation = of_creation && err->errnum != ELOOP;
                break;
        default:
                break;
        }
        if (of_creation && file)
                say(err, "Can't create file at %.900s: ", op->dest);
        else if (of_creation)
                say(err, "Can't mkdir %.900s: ", op->dest);
        else
                say_mount(op, err);
}

static const char *program_of(const Plan *plan)
{
        return plan->payload.program ? plan->payload.program : plan->payload.argv.items[0];
}

void bwrap_say(const Plan *plan, bool own_user, Error *err)
{
        size_t i = (size_t)err->index;
        const PlanOp *op = i < plan->root.n_ops ? &plan->root.ops[i] : NULL;
        const StrList *locks = &plan->payload.lock_files, *cwds = &plan->payload.cwds;
        switch (err->step) {
        case ERROR_NAMESPACES:
                say_namespaces(own_user, err);
                break;
        case ERROR_JOIN:
                say_join(err);
                break;
        case ERROR_MAPS:
                say(err, "setting up uid map: ");
                break;
        case ERROR_LOOPBACK:
                say(err, "loopback: Failed RTM_NEWADDR: ");
                break;
        case ERROR_FILTER:
                if (err->index == 0)
                        say(err, "Can't read seccomp data: ");
                else if (err->index == 1)
                        say(err, "Invalid seccomp data, must be multiple of 8");
                break;
        case ERROR_SOURCE:
                if (op)
                        say_source(op, err);
                break;
        case ERROR_OPERATION:
                if (op)
                        say_operation(op, err);
                break;
        case ERROR_LOCK:
                if (i < locks->n)
                        say(err, "Unable to %s file %.900s: ",
                            err->errnum == EAGAIN || err->errnum == EACCES ? "lock" : "open lock",
                            locks->items[i]);
                break;
        case ERROR_USER_NAMESPACES:
                say(err, "creation of new user namespaces was not disabled as requested");
                break;
        case ERROR_CWD:
                if (i < cwds->n)
                        say(err, "Can't chdir to %.900s: ", cwds->items[i]);
                break;
        case ERROR_EXEC:
                say(err, "execvp %.900s: ", program_of(plan));
                break;
        case ERROR_ELSEWHERE:
                break;
        }
}
