/* SPDX-License-Identifier: Apache-2.0 */
/* Answers options and commands of other programs. */
#include "front/habits.h"

typedef struct Habit {
        const char *words; /* between spaces */
        const char *advice;
} Habit;

static const Habit options[] = {
        {"--rm --die-with-parent --init",
         "leave it out: changes are removed afterwards unless --keep is given, and nothing keeps running"},
        {"-it -i -t -ti --interactive --tty --new-session",
         "leave it out: a terminal is passed on by itself"},
        {"--name", "use --keep=NAME for a sandbox that is kept, --hostname=NAME for the name inside"},
        {"--network --share-net --unshare-net --netns", "use --net=none, --net=slirp or --net=host"},
        {"--volume --mount --bind --bind-try --whitelist",
         "use --read-write=PATH[:DEST] or --read-only=PATH[:DEST]"},
        {"--ro-bind --ro-bind-try", "use --read-only=PATH[:DEST]"},
        {"--dev-bind --device --dev-bind-try", "devices are not shared"},
        {"--blacklist", "use --hide=PATH"},
        {"--private", "use --work-dir=hidden --home=private"},
        {"--noprofile", "use a profile of your own: -p FILE"},
        {"--port --expose", "use --publish=HOSTPORT:PORT"},
        {"-u --user --uid", "use --run-as=self, --run-as=root or --run-as=UID:GID"},
        {"-w --workdir",
         "use --chdir=DIR for the directory inside, --work-dir=overlay, rw, ro or hidden for access"},
        {"--setenv", "use --env=NAME=VALUE"},
        {"-m --memory", "use --memory-max=BYTES"},
        {"--pids-limit", "use --tasks-max=N"},
        {"--caps.keep", "use --cap-add=NAME..."},
        {"--cap-drop --caps.drop", "leave it out: capabilities are dropped by default"},
        {"--privileged", "kurung has no privileges to give; --run-as=root is root of the sandbox only"},
        {"-d --detach", "start kurung in the background: kurung run ... &"},
        {"-c --command", "give the command after the options: -- sh -c COMMAND"},
        {"--entrypoint", "give the command and its arguments after \"--\""},
        {"--unshare-all --unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup --proc "
         "--dev",
         "leave it out: every sandbox has its own"},
        {"--rw --writable", "use --work-dir=rw, or --read-write=PATH"},
        {"--ro", "use --work-dir=ro, or --read-only=PATH"},
        {"--timeout --stop-timeout", "use --runtime-max-sec=TIME"},
        {"--no-net --no-network --net-none", "use --net=none, which is the default of most profiles"},
        {"--clearenv", "leave it out: the environment is empty but for what --env and Pass= name"},
        {"--security-opt --userns --nodbus --x11 --seccomp-bpf --gpus", "kurung has no such option"},
        {"--platform --pull --env-file --restart --label --link", "kurung has no such option"},
};

/* Of the commands that start no sandbox. */
static const struct {
        const char *command;
        Habit habit;
} others[] = {
        {"exec", {"-it -i -t -ti --interactive --tty", "leave it out: a terminal is passed on by itself"}},
        {"exec",
         {"-u --user --uid",
          "leave it out: the command gets the ids of the sandbox's own, which \"kurung run "
          "--run-as\" chooses"}},
        {"exec", {"-w --workdir --cwd", "use --chdir=DIR"}},
        {"exec", {"--setenv", "use --env=NAME=VALUE"}},
        {"exec", {"-d --detach", "start kurung in the background: kurung exec ... &"}},
        {"exec",
         {"--privileged --cap-add", "leave it out: the command has the restrictions of the sandbox's own"}},
        {"exec", {"--rm", "leave it out: exec starts no sandbox"}},
        {"stop", {"-a --all", "name the sandboxes (\"kurung ps\" lists them)"}},
        {"stop", {"-s --signal", "send the signal to the process of \"kurung run\", which passes it on"}},
        {"stop", {"-f --force --kill", "use --time=0"}},
        {"discard", {"-f --force", "leave it out: discard does not ask"}},
        {"discard", {"-a --all", "name the sandboxes (\"kurung ps -a\" lists them)"}},
        {"ps", {"-q --quiet", "use --json"}},
};

static const Habit commands[] = {
        {"rm", "use \"kurung discard NAME\""},
        {"kill", "use \"kurung stop NAME\""},
        {"ls list", "use \"kurung ps\" (with -a also for kept sandboxes)"},
        {"version -v -V", "use \"kurung --version\""},
        {"create start", "use \"kurung run\""},
        {"enter join attach", "use \"kurung exec NAME COMMAND\""},
        {"sh bash login", "use \"kurung shell\""},
        {"commit", "use \"kurung apply NAME\" to keep the changes"},
        {"info check", "use \"kurung doctor\""},
        {"logs", "use the command's own output, or --report=FILE"},
        {"profiles", "use \"kurung profile list\""},
};

/* @len: of the word. */
static const char *advice(const Habit *habits, size_t n, const char *word, size_t len)
{
        for (size_t i = 0; len > 0 && i < n; i++)
                for (const char *at = habits[i].words; *at; at += strspn(at, " ")) {
                        size_t known = strcspn(at, " ");
                        if (known == len && strncmp(at, word, len) == 0)
                                return habits[i].advice;
                        at += known;
                }
        return NULL;
}

const char *habits_option_advice(const char *word)
{
        return advice(options, ARRAY_LEN(options), word, strcspn(word, "= "));
}

const char *habits_other_option_advice(const char *command, const char *word)
{
        const char *found = NULL;
        for (size_t i = 0; !found && i < ARRAY_LEN(others); i++)
                if (str_eq(others[i].command, command))
                        found = advice(&others[i].habit, 1, word, strcspn(word, "= "));
        return found;
}

const char *habits_command_advice(const char *word)
{
        return advice(commands, ARRAY_LEN(commands), word, strcspn(word, " "));
}
