/* SPDX-License-Identifier: Apache-2.0 */
/* Initializes, fills and validates a spec. */
#include "spec/spec.h"

int spec_init(Spec *spec)
{
        *spec = (Spec){
                .root = ROOT_HOST,
                .overlay = OVERLAY_AUTO,
                .work_dir = WORK_DIR_OVERLAY,
                .home = HOME_PRIVATE,
                .run_as = RUN_AS_SELF,
                .id_map = ID_MAP_AUTO,
                .network = NETWORK_NONE,
                .seccomp = SECCOMP_DEFAULT,
                .no_new_privileges = true,
        };
        return 0;
}

static void op_clear(SpecOp *op)
{
        free(op->source);
        free(op->dest);
        free(op->origin);
}

static void io_limit_clear(SpecIoLimit *limit)
{
        free(limit->path);
        free(limit->rate.origin);
}

void spec_clear(Spec *spec)
{
        for (size_t i = 0; i < spec->n_ops; i++)
                op_clear(&spec->ops[i]);
        free(spec->ops);
        for (size_t i = 0; i < SPEC_LIMITS; i++)
                free(spec->limits[i].origin);
        for (size_t i = 0; i < spec->n_io_limits; i++)
                io_limit_clear(&spec->io_limits[i]);
        free(spec->io_limits);
        free(spec->description);
        free(spec->root_dir);
        free(spec->home_name);
        free(spec->chdir);
        free(spec->seccomp_file);
        strlist_clear(&spec->profiles);
        strlist_clear(&spec->architectures);
        strlist_clear(&spec->env_pass);
        strlist_clear(&spec->env_set);
        strlist_clear(&spec->net_allow);
        strlist_clear(&spec->net_deny);
        strlist_clear(&spec->net_allow_from);
        strlist_clear(&spec->net_trusted);
        strlist_clear(&spec->net_host_loopback);
        strlist_clear(&spec->net_publish);
        strlist_clear(&spec->argv);
        *spec = (Spec){0};
}

int spec_add_op(Spec *spec, SpecOpKind kind, const char *source, const char *dest, uint64_t size,
                const char *origin)
{
        SpecOp *ops = reallocarray(spec->ops, spec->n_ops + 1, sizeof(*ops));
        if (!ops)
                return -ENOMEM;
        spec->ops = ops;
        SpecOp op = {.kind = kind, .size = size, .dest = strdup(dest), .origin = strdup(origin)};
        if (source)
                op.source = strdup(source);
        if (!op.dest || !op.origin || (source && !op.source)) {
                op_clear(&op);
                return -ENOMEM;
        }
        spec->ops[spec->n_ops++] = op;
        return 0;
}

void spec_clear_ops(Spec *spec, SpecOpKind kind)
{
        size_t n = 0;
        for (size_t i = 0; i < spec->n_ops; i++) {
                if (spec->ops[i].kind == kind)
                        op_clear(&spec->ops[i]);
                else
                        spec->ops[n++] = spec->ops[i];
        }
        spec->n_ops = n;
}

int spec_set_limit(Spec *spec, KeyId id, LimitUnit unit, uint64_t value, bool installed, const char *origin)
{
        SpecLimit *limit = &spec->limits[id - SPEC_LIMIT_FIRST];
        char *copy = strdup(origin);
        if (!copy)
                return -ENOMEM;
        free(limit->origin);
        *limit = (SpecLimit){.unit = unit, .value = value, .installed = installed, .origin = copy};
        return 0;
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

bool spec_has_limits(const Spec *spec)
{
        for (KeyId id = SPEC_LIMIT_FIRST; id <= SPEC_LIMIT_LAST; id++) {
                LimitUnit unit = spec_limit(spec, id)->unit;
                if (spec_limit_takes_group(id) && (unit == LIMIT_AMOUNT || unit == LIMIT_PERCENT))
                        return true;
        }
        for (size_t i = 0; i < spec->n_io_limits; i++)
                if (spec->io_limits[i].rate.unit == LIMIT_AMOUNT)
                        return true;
        return spec->delegate;
}

/* With the host's network nothing stands between the payload and it. */
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
        if (!spec->no_new_privileges)
                return error_set(
                        err, EINVAL,
                        "NoNewPrivileges=no can't be had: without privilege the kernel takes a system "
                        "call filter only with it (seccomp(2))");
        if (spec->root == ROOT_DIR && !spec->root_dir)
                return error_set(err, EINVAL, "Root= names no directory");
        if (spec->seccomp == SECCOMP_FILE && !spec->seccomp_file)
                return error_set(err, EINVAL, "Seccomp= names no file");
        const char *key = spec->network == NETWORK_HOST ? needs_slirp(spec) : NULL;
        if (key)
                return error_set(err, EINVAL,
                                 "%s can't be kept with the host's network (Mode=host); Mode=slirp can", key);
        return 0;
}
