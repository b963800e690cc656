/* SPDX-License-Identifier: Apache-2.0 */
/* Implements "kurung exec". */
#include "base/defence.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "cmd/command.h"
#include "cmd/names.h"
#include "cmd/options.h"
#include "run/join.h"
#include "spec/values.h"

/* The environment is that of the payload, except for TERM, which is the caller's. */
static int complete_env(StrList *env, const StrList *set, Error *err)
{
        const char *term = getenv("TERM");
        int r = 0;
        for (size_t i = 0; term && i < env->n; i++)
                if (str_starts(env->items[i], "TERM=")) {
                        r = env_list_set(env, "TERM", term);
                        break;
                }
        for (size_t i = 0; r == 0 && i < set->n; i++) {
                const char *pair = set->items[i];
                size_t len = strcspn(pair, "=");
                if (!value_env_name(pair, len) || !pair[len])
                        return error_set(err, EINVAL, "exec: --env=%.60s: must be NAME=VALUE", pair);
                CLEANUP_FREE char *name = strndup(pair, len);
                r = name ? env_list_set(env, name, pair + len + 1) : -ENOMEM;
        }
        return r < 0 ? error_no_memory(err) : 0;
}

/* Replaces the sandbox's own command by the new one, with its environment and working directory. */
static int make_payload(const PlanPayload *own, const StrList *words, const StrList *env, const char *chdir,
                        PlanPayload *ret, Error *err)
{
        CLEANUP(plan_payload_clear) PlanPayload payload = {0};
        int r = chdir ? path_normalize(chdir, own->cwd, &payload.cwd) : 0;
        if (r < 0)
                return error_set_errno(err, r, "exec: invalid --chdir=%.200s", chdir);
        if (chdir && path_is_below(payload.cwd, "/proc"))
                return error_set(err, EINVAL, "exec: '%s' cannot be a working directory", payload.cwd);
        if (!chdir && !(payload.cwd = strdup(own->cwd)))
                return error_no_memory(err);
        for (size_t i = 1; r == 0 && i < words->n; i++)
                r = strlist_add(&payload.argv, words->items[i]);
        for (size_t i = 0; r == 0 && i < own->env.n; i++)
                r = strlist_add(&payload.env, own->env.items[i]);
        if (r == 0 && chdir)
                r = env_list_set(&payload.env, "PWD", payload.cwd);
        r = r < 0 ? error_no_memory(err) : complete_env(&payload.env, env, err);
        if (r < 0)
                return r;
        *ret = payload;
        payload = (PlanPayload){0};
        return 0;
}

static int run(char **argv, const StrList *words, const StrList *env, const char *chdir, int *ret_exit,
               Error *err)
{
        CLEANUP(live_clear) Live live = LIVE_NONE;
        CLEANUP(plan_payload_clear) PlanPayload payload = {0};
        if (words->n < 2 || words->items[1][0] == '\0')
                return error_set(err, EINVAL, "exec: no command given; see \"kurung exec --help\"");
        char room[NAMES_ROOM];
        const char *name;
        int r = names_complete(words->items[0], NAMES_RUNNING, room, &name, err);
        if (r >= 0)
                r = live_open(name, &live, err);
        if (r < 0)
                return r;
        if (live.record.foreign_root && defence_is_on(DEFENCE_SEALED_PROGRAM)) {
                /* main()'s argv begins one before the command's. */
                r = process_run_sealed(argv - 1);
                if (r < 0)
                        return error_set_errno(err, r, "cannot run as a sealed copy of kurung");
        }
        r = make_payload(&live.record.payload, words, env, chdir, &payload, err);
        return r < 0 ? r : join_run(&live, &payload, ret_exit, err);
}

/* Everything after the sandbox's name belongs to the command, even if it begins with a dash. */
static int find_name(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                if (str_eq(argv[i], "--"))
                        return i + 1;
                if (argv[i][0] != '-')
                        return i;
                bool takes_value =
                        str_eq(argv[i], "-e") || str_eq(argv[i], "--env") || str_eq(argv[i], "--chdir");
                i += takes_value;
        }
        return argc;
}

int cmd_exec(int argc, char **argv)
{
        CLEANUP_STRLIST StrList words = {0}, none = {0}, env = {0};
        Error err = {0};
        const char *chdir = NULL;
        int code = 0;
        const CmdOption options[] = {
                {"env", 'e', "NAME=VALUE", "set a variable; may be repeated", .list = &env},
                {"chdir", 0, "PATH", "initial directory of the command", .value = &chdir},
        };
        const CmdUsage usage = {"exec [OPTIONS] NAME [--] COMMAND [ARG...]",
                                "Run another command in a running sandbox, under the same restrictions.",
                                "Exit status: as for \"kurung run\".", options, ARRAY_LEN(options)};
        /* Descriptors that the caller left open must not reach the sandbox (attack 7). */
        if (defence_is_on(DEFENCE_CLOSE_FDS))
                (void)process_close_from(3);
        int at = find_name(argc, argv);
        int r = cmd_options_parse(&usage, at > argc ? argc : at, argv, &none, &err);
        if (r == 1)
                return 0;
        for (int i = at; r == 0 && i < argc; i++)
                if (!(i == at + 1 && str_eq(argv[i], "--")) && strlist_add(&words, argv[i]) < 0)
                        r = error_no_memory(&err);
        if (r == 0)
                r = run(argv, &words, &env, chdir, &code, &err);
        if (r < 0)
                return command_failed(&err, r);
        return code;
}
