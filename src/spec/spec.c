/* SPDX-License-Identifier: Apache-2.0 */
/* Initializes, fills and validates a spec. */
#include "spec/spec.h"

int spec_init(Spec *spec)
{
        /* The default of all other fields is 0. */
        *spec = (Spec){
                .no_new_privileges = true,
        };
        return 0;
}

static void io_limit_clear(SpecIoLimit *limit)
{
        free(limit->path);
        free(limit->rate.origin);
}

/* Frees the fields of each type of key; most types have nothing to free. */
#define TEXT(name) free(spec->name);
#define CHOICES(type, name) strlist_clear(&spec->name);
#define LIST(name, item, max) strlist_clear(&spec->name);
#define WORDS(name, item) strlist_clear(&spec->name);
#define LIMIT(name, kind, least) free(spec->name.origin);
#define CUSTOM(type, fields) fields
#define OWNED(name) free(spec->name);
#define STRINGS(name) strlist_clear(&spec->name);

void spec_clear(Spec *spec)
{
        for (size_t i = 0; i < spec->n_ops; i++)
                fs_op_clear(&spec->ops[i]);
        free(spec->ops);
        for (size_t i = 0; i < spec->n_io_limits; i++)
                io_limit_clear(&spec->io_limits[i]);
        free(spec->io_limits);
#define KEY(id, section, name, type, ...) type
#include "spec/keys.def"
        spec_execution_clear(&spec->execution);
        strlist_clear(&spec->profiles);
        strlist_clear(&spec->net_trusted);
        strlist_clear(&spec->argv);
        *spec = (Spec){0};
}

int spec_add_op(Spec *spec, const SpecOp *op)
{
        SpecOp *ops = reallocarray(spec->ops, spec->n_ops + 1, sizeof(*ops));
        if (!ops)
                return -ENOMEM;
        spec->ops = ops;
        int r = fs_op_copy(op, &spec->ops[spec->n_ops]);
        if (r == 0)
                spec->n_ops++;
        return r;
}

bool spec_has_op(const Spec *spec, FsOpKind kind)
{
        for (size_t i = 0; i < spec->n_ops; i++)
                if (spec->ops[i].kind == kind)
                        return true;
        return false;
}

void spec_clear_ops(Spec *spec, FsOpKind kind, unsigned flags)
{
        size_t n = 0;
        for (size_t i = 0; i < spec->n_ops; i++) {
                if (spec->ops[i].kind == kind && ((spec->ops[i].flags ^ flags) & ~FS_OP_SPELLED) == 0)
                        fs_op_clear(&spec->ops[i]);
                else
                        spec->ops[n++] = spec->ops[i];
        }
        spec->n_ops = n;
}

static void remove_io_limits(Spec *spec, KeyId id, const char *path)
{
        size_t n = 0;
        for (size_t i = 0; i < spec->n_io_limits; i++) {
                SpecIoLimit *limit = &spec->io_limits[i];
                if (limit->key == id && (!path || str_eq(limit->path, path)))
                        io_limit_clear(limit);
                else
                        spec->io_limits[n++] = *limit;
        }
        spec->n_io_limits = n;
}

int spec_add_io_limit(Spec *spec, KeyId id, const char *path, LimitUnit unit, uint64_t value, bool installed,
                      const char *origin)
{
        remove_io_limits(spec, id, path);
        SpecIoLimit *grown = reallocarray(spec->io_limits, spec->n_io_limits + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        spec->io_limits = grown;
        SpecIoLimit limit = {
                .key = id,
                .path = strdup(path),
                .rate = {.unit = unit, .value = value, .installed = installed, .origin = strdup(origin)},
        };
        if (!limit.path || !limit.rate.origin) {
                io_limit_clear(&limit);
                return -ENOMEM;
        }
        spec->io_limits[spec->n_io_limits++] = limit;
        return 0;
}

void spec_clear_io_limits(Spec *spec, KeyId id)
{
        remove_io_limits(spec, id, NULL);
}

/* kurung does not filter the payload's traffic in the host's network. */
static const char *needs_slirp(const Spec *spec)
{
        return spec->net_allow.n > 0                              ? "Allow="
               : spec->net_deny.n > 0                             ? "Deny="
               : spec->net_allow_from.n > 0                       ? "AllowFrom="
               : spec->net_host_loopback.n > 0                    ? "HostLoopback="
               : spec->net_publish.n > 0                          ? "Publish="
               : spec->net_rate_up > 0 || spec->net_rate_down > 0 ? "NetworkBandwidthMax="
                                                                  : NULL;
}

int spec_validate(const Spec *spec, Error *err)
{
        /* A front end that passes filters is responsible for their requirements. */
        if (!spec->no_new_privileges && !spec->execution.filters_given)
                return error_set(err, EINVAL,
                                 "cannot disable NoNewPrivileges=: the kernel accepts a system call filter "
                                 "from an unprivileged process only with it (seccomp(2))");
        if (spec->root != ROOT_HOST && !spec->root_dir)
                return error_set(err, EINVAL, "Root= names no directory and no image");
        if (spec->seccomp == SECCOMP_FILE && !spec->seccomp_file)
                return error_set(err, EINVAL, "Seccomp= names no file");
        for (size_t i = 0; i < spec->n_ops; i++) {
                int r = fs_op_check(&spec->ops[i], err);
                if (r < 0)
                        return r;
        }
        int r = spec_execution_check(&spec->execution, err);
        if (r < 0)
                return r;
        const char *key = spec->network == NETWORK_HOST ? needs_slirp(spec) : NULL;
        if (key)
                return error_set(err, EINVAL,
                                 "cannot enforce %s with the host's network (Mode=host); use Mode=slirp",
                                 key);
        return 0;
}
