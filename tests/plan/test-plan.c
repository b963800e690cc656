/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as data. A case is a host, a command line and a golden file. */
#include "plans.h"

#include "front/front.h"

static HostMount submounts[] = {MOUNT("/", "ext4"), MOUNT("/usr/local", "xfs"),
                                MOUNT("/home/u/project/data", "tmpfs")};

static HostMount overlay_home[] = {MOUNT("/", "overlay")};

static const char *no_variable(const char *name)
{
        (void)name;
        return NULL;
}

static int make_in(const Host *host, const PlanKept *kept, const char *const *words, Plan *plan, Error *err)
{
        CLEANUP(spec_clear) Spec spec = {0};
        FrontOptions options;
        char *argv[32] = {(char[]){"run"}};
        static const char *const environment[] = {"LANG=C.UTF-8", "LC_ALL=C", "SECRET=x", "TERM=dumb", NULL};
        int argc = 1;
        for (; words[argc - 1]; argc++)
                argv[argc] = strdup(words[argc - 1]);
        const FrontContext ctx = {.home = host->home, .cwd = host->cwd, .getenv = no_variable};
        int r = front_make_spec(argc, argv, "default", &ctx, &spec, &options, err);
        if (r == 0)
                r = plan_make(&spec, host, kept, environment, plan, err);
        while (argc-- > 1)
                free(argv[argc]);
        return r;
}

static int make(const Host *host, const char *const *words, Plan *plan, Error *err)
{
        return make_in(host, NULL, words, plan, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define BUILD "-p", "build"

static void is_golden(const char *name, const Host *host, const char *const *words)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        if (make(host, words, &plan, &err) < 0)
                fail_msg("%s: %s", name, err.text);
        plan_is_golden(&plan, name);
        static const char *const in_words[] = {
                "default",  "build",           "wishes",    "ids",     "none-single", "project-overlay",
                "root-dir", "network",         "home-host", "sources", "no-subids",   "nowhere-to-write",
                "limits",   "limits-delegated"};
        for (size_t i = 0; i < ARRAY_LEN(in_words); i++)
                if (str_eq(in_words[i], name))
                        words_are_golden(&plan, name);
}

static void refused(const Host *host, const char *const *words, const char *says)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        assert_true(make(host, words, &plan, &err) < 0);
        if (!strstr(err.text, says))
                fail_msg("'%s' does not say '%s'", err.text, says);
        assert_int_equal(err.exit_code, EXIT_KURUNG_FAILED);
        assert_int_equal(plan.root.n_ops, 0);
}

/* Names that look like other names, like kurung's own words, or control the terminal. */
static void words_with_hostile_names(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        (void)state;
        if (make(&desktop,
                 WORDS("--read-only=/srv/a, /etc", "--read-write=/srv/b: the files themselves, at once",
                       "--hide=/opt/x\n            /etc/shadow", "--read-only=/srv/\033[2J", "true",
                       "\033[31m\nWrites      nothing"),
                 &plan, &err) < 0)
                fail_msg("%s", err.text);
        words_are_golden(&plan, "hostile");
}

/* An image of two layers, as the image store finds it. */
static void is_golden_over_image(const char *name, const char *const *words, bool runs_own)
{
        Host host = desktop;
        static char upper[] = "/home/me/.local/share/kurung/images/layers/b/fs",
                    bottom[] = "/home/me/.local/share/kurung/images/layers/a/fs",
                    path[] = "PATH=/opt/bin:/bin", dir[] = "/srv/app", port[] = "80/tcp",
                    reference[] = "image:debian:latest";
        char *layers[] = {upper, bottom, NULL}, *env[] = {path, NULL}, *ports[] = {port, NULL};
        host.image = (HostImage){.name = reference,
                                 .layers = {.items = layers, .n = 2},
                                 .env = {.items = env, .n = 1},
                                 .working_dir = dir,
                                 .ports = {.items = ports, .n = 1},
                                 .runs_own = runs_own};
        is_golden(name, &host, words);
}

static void goldens_of_images(void **state)
{
        (void)state;
        is_golden_over_image("image", WORDS("--root=image:debian", "--run-as=root", "--net=slirp", "true"),
                             false);
        is_golden_over_image("image-none", WORDS("--root=image:debian", "--overlay=none", "true"), true);
}

static void goldens_of_a_desktop(void **state)
{
        (void)state;
        is_golden("default", &desktop, WORDS("true"));
        is_golden("build", &desktop, WORDS(BUILD, "make", "install"));
        is_golden("view", &desktop,
                  WORDS(BUILD, "--overlay=view", "--net=none", "--hide=/opt/secret", "make"));
        is_golden("none-single", &desktop, WORDS("--overlay=none", "--id-map=single", "true"));
        is_golden("wishes", &desktop,
                  WORDS("--work-dir=rw", "--read-only=.git/hooks", "--hide=.git/config", "--tmpfs=/opt/x:4M",
                        "--net=host", "--read-write=/srv/data:/data", "--cap-add=net_raw", "--env=A=b",
                        "--chdir=/tmp", "true"));
        is_golden("ids", &desktop, WORDS("--run-as=5:6", "true"));
        Host below = desktop;
        below.cwd = WORD("/home/u/project/sub");
        below.project = WORD("/home/u/project");
        below.git_dir = WORD("/home/u/main/.git");
        is_golden("project", &below, WORDS("true"));
        is_golden("project-overlay", &below, WORDS("--project=overlay", "true"));
        is_golden("root-dir", &desktop, WORDS("--root=/srv/debian", "--run-as=root", "true"));
        is_golden("network", &desktop,
                  WORDS("--net=slirp", "--allow=git.example.org:443", "--allow=192.0.2.0/24",
                        "--deny=bad.example.org", "--allow-private", "--host-loopback=5432",
                        "--publish=8080:80", "--publish=[::1]:0:53/udp", "--network-bandwidth-max=up 1M",
                        "true"));
        is_golden("home-host", &desktop, WORDS("--home=host", "--work-dir=hidden", "true"));
}

static void a_network_that_cannot_be_had_is_an_error(void **state)
{
        Host h = desktop;
        (void)state;
        h.tun_device = HOST_DEVICE_MISSING;
        refused(&h, WORDS("--net=slirp", "true"), "modprobe tun");
        h.tun_device = HOST_DEVICE_CLOSED;
        refused(&h, WORDS("--net=slirp", "true"), "chmod 666 /dev/net/tun");
        h = desktop;
        h.net_helper = NULL;
        refused(&h, WORDS("--net=slirp", "true"), "make install");
        refused(&desktop, WORDS("--net=host", "--deny=a.example", "true"), "use Mode=slirp");
        refused(&desktop, WORDS("--net=slirp", "--publish=1:2", "--publish=127.0.0.1:1:3", "true"),
                "already published");
}

static bool plan_has_line(const char *const *words, const char *line)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        if (make(&desktop, words, &plan, &err) < 0)
                fail_msg("%s", err.text);
        CLEANUP_FREE char *text = plan_lines(&plan);
        size_t len = strlen(line);
        for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
                if (strncmp(p, line, len) == 0 && p[len] == '\n')
                        return true;
        return false;
}

static void what_a_list_means(void **state)
{
        (void)state;
        assert_true(plan_has_line(WORDS("--net=slirp", "true"), "net-reach the internet"));
        assert_true(plan_has_line(WORDS("--net=slirp", "true"), "net-check-sni no"));
        assert_true(plan_has_line(WORDS("--net=slirp", "--allow=192.0.2.1", "true"), "net-check-sni no"));
        assert_true(plan_has_line(WORDS("--net=slirp", "--allow=a.example", "true"), "net-check-sni yes"));
        assert_true(plan_has_line(WORDS("--net=slirp", "--allow=a.example", "--check-sni=no", "true"),
                                  "net-check-sni no"));
        assert_true(plan_has_line(WORDS("--net=slirp", "--deny=a.example", "true"), "net-check-sni yes"));
        /* An empty variable on a command line does not open everything (attack 55). */
        assert_true(
                plan_has_line(WORDS("--net=slirp", "--allow=", "true"), "net-reach allowed destinations"));
        assert_true(plan_has_line(WORDS("--net=none", "--allow=a.example", "true"),
                                  "notice Allow= has no effect without a network (Mode=none)"));
        /* What is for a network asks for one. */
        assert_true(plan_has_line(WORDS("--allow=a.example", "true"), "net-reach allowed destinations"));
        assert_true(plan_has_line(WORDS("-p", "build", "--publish=0:80", "true"), "net-reach the internet"));
        assert_true(plan_has_line(WORDS("--host-loopback=80", "true"), "net-reach the internet"));
        assert_false(plan_has_line(WORDS("--allow=", "true"), "net-reach allowed destinations"));
}

/* The operations on /opt and below it but for its own pin, and what is said: "bind /opt/a, mask /opt/a/s". */
static const char *below_opt_of(const Host *host, const char *const *options, char *out, size_t room)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        size_t len = 0;
        int r = make(host, options, &plan, &err);
        (void)snprintf(out, room, "%s", r < 0 ? err.text : "");
        for (size_t i = 0; r == 0 && i < plan.root.n_ops; i++) {
                const PlanOp *op = &plan.root.ops[i];
                if (op->kind == OP_PIN && strcmp(op->dest, "/opt") == 0)
                        continue;
                if (strncmp(op->dest, "/opt", 4) == 0 || op->flags & OP_WORK_DIR)
                        len += (size_t)snprintf(out + len, room - len, "%s%s %s", len > 0 ? ", " : "",
                                                op_kinds[op->kind].name, op->dest);
        }
        for (size_t i = 0; r == 0 && i < plan.notices.n; i++)
                len += (size_t)snprintf(out + len, room - len, "; %s", plan.notices.items[i]);
        return out;
}

static const char *below_opt(const char *const *options, char *out, size_t room)
{
        return below_opt_of(&desktop, options, out, room);
}

static void the_more_specific_path_wins(void **state)
{
        static const char work_dir[] = "overlay /home/u/project";
        static const struct {
                const char *words[6];
                const char *ops;
        } cases[] = {
                {{"--hide=/opt/a/s", "--read-only=/opt/a"}, "bind /opt/a, mask /opt/a/s"},
                {{"--read-only=/opt/a", "--hide=/opt/a/s"}, "bind /opt/a, mask /opt/a/s"},
                {{"--hide=/opt/a", "--read-only=/opt/a"}, "bind /opt/a, mask /opt/a"},
                {{"--read-only=/opt/a", "--hide=/opt/a"}, "bind /opt/a, mask /opt/a"},
                {{"--read-only=/opt/a", "--read-only=/opt/a"}, "bind /opt/a"},
                {{"--hide=/opt/a", "--hide=/opt/a"}, "mask /opt/a"},
                {{"--hide=/opt/a", "--read-only=/opt/a/b"}, "tmpfs /opt/a, bind /opt/a/b, remount /opt/a"},
                {{"--tmpfs=/opt/a/b", "--hide=/opt", "--hide=/opt/a/b/c"},
                 "tmpfs /opt, pin /opt/a, tmpfs /opt/a/b, mask /opt/a/b/c, remount /opt"},
                /* Not a path that only begins alike. */
                {{"--read-only=/opt/ab", "--hide=/opt/a"}, "bind /opt/ab, mask /opt/a"},
                /* A pin for each place, after the last mount that holds it. */
                {{"--read-write=/opt/a", "--read-only=/opt/a/b/c/d", "--read-write=/opt"},
                 "bind /opt, bind /opt/a, pin /opt/a/b, pin /opt/a/b/c, bind /opt/a/b/c/d"},
                {{"--read-only=/opt/a", "--read-write=/opt/a"},
                 "--read-only and --read-write conflict for '/opt/a': keep one of them"},
                {{"--read-only=/opt/a", "--read-only=/opt/b:/opt/a"},
                 "--read-only and --read-only conflict for '/opt/a': keep one of them"},
                {{"--tmpfs=/opt/a:1M", "--tmpfs=/opt/a:2M"},
                 "--tmpfs and --tmpfs conflict for '/opt/a': keep one of them"},
                {{"--work-dir=rw", "--read-only=/home/u/project"},
                 "--read-only and WorkDir= conflict for '/home/u/project': keep one of them"},
                {{"--hide=/opt/a/s", "--show=/opt/a"}, "; --show: shows '/opt/a/s', which --hide hides"},
                {{"--hide=/opt/a", "--show=/opt/a/s"}, "mask /opt/a; --show: no Hide= hides '/opt/a/s'"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                char got[1024], want[1024];
                const char *words[8] = {0};
                size_t n = 0;
                for (; cases[i].words[n]; n++)
                        words[n] = cases[i].words[n];
                words[n] = "true";
                bool fails = strstr(cases[i].ops, "conflict");
                bool quiet = cases[i].ops[0] == ';';
                (void)snprintf(want, sizeof(want), "%s%s%s", fails ? "" : work_dir,
                               fails || quiet ? "" : ", ", cases[i].ops);
                assert_string_equal(below_opt(words, got, sizeof(got)), want);
        }
}

/* What may be missing and is: nothing, but for what the payload could create in a directory of the host. */
static void shares_may_be_missing(void **state)
{
        HostPath paths[] = {
                {.path = WORD("/"), .found = {.path = WORD("/"), .st.st_mode = S_IFDIR}},
                {.path = WORD("/opt/rw"), .found = {.path = WORD("/opt/rw"), .st.st_mode = S_IFDIR}},
                {.path = WORD("/opt/rw/.git"),
                 .found = {.path = WORD("/opt/rw/.git"), .st.st_mode = S_IFREG}},
                {.path = WORD("/opt/there"), .found = {.path = WORD("/opt/there"), .st.st_mode = S_IFDIR}}};
        static const struct {
                const char *words[6];
                const char *ops;
        } cases[] = {
                {{"--read-only=-/opt/there"}, "bind /opt/there"},
                {{"--read-only=-/opt/gone"}, ""},
                {{"--read-write=-/opt/gone"}, ""},
                {{"--read-write=/opt/rw", "--read-only=-/opt/rw/a/b"},
                 "bind /opt/rw, pin /opt/rw/a, bind /opt/rw/a/b"},
                {{"--read-only=/opt/rw", "--read-only=-/opt/rw/a/b"}, "bind /opt/rw"},
                /* A file on the way, once. */
                {{"--read-write=/opt/rw", "--read-only=-/opt/rw/.git/hooks",
                  "--read-only=-/opt/rw/.git/config"},
                 "bind /opt/rw, bind /opt/rw/.git"},
                /* A later share takes the place of one that may be missing, and not the other way round. */
                {{"--read-write=/opt/rw", "--read-only=-/opt/rw/a", "--read-write=-/opt/rw/a"},
                 "bind /opt/rw"},
                {{"--read-only=-/opt/there", "--read-write=/opt/there"}, "bind /opt/there"},
                {{"--read-write=/opt/there", "--read-only=-/opt/there"},
                 "--read-write and --read-only conflict for '/opt/there': keep one of them"},
                {{"--read-only=/opt/there", "--read-only=-/opt/there"}, "bind /opt/there"},
        };
        Host h = desktop;
        (void)state;
        h.paths = paths;
        h.n_paths = ARRAY_LEN(paths);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                char got[1024], want[1024];
                const char *words[8] = {0};
                size_t n = 0;
                for (; cases[i].words[n]; n++)
                        words[n] = cases[i].words[n];
                words[n] = "true";
                (void)snprintf(want, sizeof(want), "%s%s%s",
                               strstr(cases[i].ops, "conflict") ? "" : "overlay /home/u/project",
                               strstr(cases[i].ops, "conflict") || !cases[i].ops[0] ? "" : ", ",
                               cases[i].ops);
                assert_string_equal(below_opt_of(&h, words, got, sizeof(got)), want);
        }
}

#define LINKED(from, to)                                                                                     \
        {                                                                                                    \
                .path = WORD(from), .found = {.path = WORD(to) }                                             \
        }

/* A path whose links lead into what is hidden does not show it; only a path that is named there does. */
static void no_link_leads_into_what_is_hidden(void **state)
{
        static const char says[] = "leads to '/opt/s/sub', which --hide hides (to show it, name it without";
        HostPath paths[] = {LINKED("/opt/link", "/opt/s/sub"),      LINKED("/opt/all", "/opt/s"),
                            LINKED("/opt/deep", "/opt/s/sub/deep"), LINKED("/opt/s", "/opt/s"),
                            LINKED("/alias/s", "/opt/s"),           LINKED("/opt/root", "/opt/s/root")};
        static const struct {
                const char *words[4];
                const char *ops;
        } shown[] = {
                /* Named: the more specific path wins. */
                {{"--hide=/opt/s", "--read-only=/opt/s/sub"},
                 "tmpfs /opt/s, bind /opt/s/sub, remount /opt/s"},
                {{"--hide=/opt/s", "--read-only=/opt/s/sub:/opt/x"}, "bind /opt/x, mask /opt/s"},
                {{"--hide=/opt/s", "--read-only=/opt/s:/opt/x"}, "bind /opt/x, mask /opt/s"},
                {{"--hide=/alias/s", "--read-only=/opt/s/sub:/opt/x"}, "bind /opt/x, mask /opt/s"},
                /* A link to the hidden directory itself is the same path, wherever it is shown. */
                {{"--hide=/opt/s", "--read-only=/opt/all"}, "bind /opt/all, mask /opt/all, mask /opt/s"},
                {{"--hide=/opt/s", "--read-only=/opt/all:/opt/x"}, "bind /opt/x, mask /opt/x, mask /opt/s"},
                /* What a share shows by name may be shown again by a link. */
                {{"--hide=/opt/s", "--read-only=/opt/s/sub:/opt/x", "--read-only=/opt/deep"},
                 "bind /opt/x, bind /opt/deep, mask /opt/s"},
        };
        Host h = desktop;
        (void)state;
        h.paths = paths;
        h.n_paths = ARRAY_LEN(paths);
        refused(&h, WORDS("--hide=/opt/s", "--read-only=/opt/link", "true"), says);
        refused(&h, WORDS("--read-write=/opt/link", "--hide=/opt/s", "true"), says);
        refused(&h, WORDS("--read-only=/opt/link:/opt/x", "--hide=/opt/s", "true"), says);
        refused(&h, WORDS("--read-only=/opt/link:/opt/x", "--hide=/alias/s", "true"), says);
        /* A share that is named shows nothing else. */
        refused(&h, WORDS("--read-only=/opt/link", "--hide=/opt/s", "--read-only=/opt/s/other", "true"),
                says);
        refused(&h, WORDS("--hide=/opt/s", "--root=/opt/root", "true"), "Root=: '/opt/root' leads to");
        for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
                CLEANUP(plan_clear) Plan plan = {0};
                Error err = {0};
                const char *words[8] = {0};
                size_t n = 0;
                for (; shown[i].words[n]; n++)
                        words[n] = shown[i].words[n];
                words[n] = "true";
                if (make(&h, words, &plan, &err) < 0)
                        fail_msg("%s: %s", shown[i].ops, err.text);
                /* Each operation of the list is in the plan, in this order. */
                size_t at = 0;
                for (const char *p = shown[i].ops; *p; p += strcspn(p, ",") + (strchr(p, ',') ? 2 : 0)) {
                        char want[64] = "", got[64];
                        (void)snprintf(want, sizeof(want), "%.*s", (int)strcspn(p, ","), p);
                        for (got[0] = '\0'; at < plan.root.n_ops && !str_eq(got, want); at++)
                                (void)snprintf(got, sizeof(got), "%s %s",
                                               op_kinds[plan.root.ops[at].kind].name, plan.root.ops[at].dest);
                        if (!str_eq(got, want))
                                fail_msg("'%s' is not in the plan, or too early (%s)", want, shown[i].ops);
                }
        }
        /* The working directory, by the name that the shell knows it by. */
        h.cwd = WORD("/opt/s/sub");
        h.cwd_named = WORD("/opt/link");
        refused(&h, WORDS("--hide=/opt/s", "true"), says);
        refused(&h, WORDS("--hide=/opt/s", "--read-only=/opt/link", "true"), says);
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        h.cwd_named = WORD("/alias/s/sub");
        assert_int_equal(make(&h, WORDS("--hide=/alias/s", "true"), &plan, &err), 0);
}

/* Of a plan for @h with @root: whether the secret is hidden in it, and nothing is said to be missing. */
static bool hides_in_root(const Host *h, const char *root)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        bool hidden = false;
        if (make(h, WORDS(root, "--hide=/srv/debian/etc/secret", "true"), &plan, &err) < 0)
                fail_msg("%s", err.text);
        for (size_t i = 0; i < plan.root.n_ops; i++) {
                const PlanOp *op = &plan.root.ops[i];
                hidden = hidden || (op->kind == OP_MASK && str_eq(op->dest, "/etc/secret"));
                assert_false(op->flags & OP_TELL_MISSING);
        }
        return hidden;
}

static void what_is_hidden_is_hidden_in_another_root(void **state)
{
        Host h = desktop;
        HostPath paths[] = {LINKED("/srv/debian/etc/secret", "/srv/debian/etc/secret"),
                            LINKED("/srv/link", "/srv/debian")};
        (void)state;
        h.paths = paths;
        h.n_paths = ARRAY_LEN(paths);
        assert_true(hides_in_root(&h, "--root=/srv/debian"));
        assert_true(hides_in_root(&h, "--root=/srv/link"));
        refused(&h, WORDS("--root=/srv/debian", "--hide=/srv/debian", "true"),
                "--hide and Root= conflict for '/srv/debian'");
        /* A link in the root leads elsewhere on the host. */
        paths[0].found.path = WORD("/usr/share/secret");
        assert_true(hides_in_root(&h, "--root=/srv/debian"));
}

/* Whatever is shown of the host, kurung's own is not. */
static void what_is_kurungs_own_is_hidden(void **state)
{
        Host h = desktop;
        HostPath linked = {.path = WORD("/home/u/link"), .found = {.path = WORD("/home/u")}};
        char *own[] = {WORD("/home/u/.config/kurung"), WORD("/home/u/dotfiles/kurung"), NULL};
        (void)state;
        h.config_home = WORD("/home/u/.config/kurung");
        h.state_home = WORD("/home/u/.local/state/kurung");
        h.live_home = WORD("/home/u/.local/state/kurung/running");
        is_golden("own-written", &h, WORDS("--read-write=/home/u", "true"));
        is_golden("own-read", &h, WORDS("--read-only=/home:/mnt", "--work-dir=hidden", "true"));
        h.paths = &linked;
        h.n_paths = 1;
        is_golden("own-linked", &h, WORDS("--read-write=/home/u/link", "true"));
        refused(&h, WORDS("--read-write=/home/u/.config/kurung", "true"), "belongs to kurung");
        refused(&h, WORDS("--read-only=/home/u/.local/state/kurung/kept/x", "true"), "belongs to kurung");
        refused(&h, WORDS("--read-write=/home/u/.cache/kurung/other", "true"), "belongs to kurung");
        /* A link in what can be written could be exchanged for a directory. */
        h.own_real = (StrList){.items = own, .n = 2};
        refused(&h, WORDS("--read-write=/home/u", "true"), "a symbolic link in it leads to");
        h.cwd = WORD("/home/u/.config");
        refused(&h, WORDS("--work-dir=rw", "true"), "kurung's own state");
        h.cwd = WORD("/home/u/dotfiles");
        refused(&h, WORDS("--work-dir=rw", "true"), "kurung's own state");
}

static HostSource sources[] = {
        {(char[]){"npm"}, (char[]){"npm.corp.example:8443/tcp"}, (char[]){"~/.npmrc"}, false, false},
        {(char[]){"npm"}, (char[]){"evil.example:443/tcp"}, (char[]){"~/project/.npmrc"}, true, false},
        {(char[]){"npm"}, (char[]){"npm.corp.example:443/tcp"}, (char[]){"~/project/.npmrc"}, true, false},
        {(char[]){"npm"}, (char[]){"npm.corp.example:6379/tcp"}, (char[]){"~/project/.npmrc"}, true, false},
        {(char[]){"git"}, (char[]){"git.example:22/tcp"}, (char[]){"~/.ssh/known_hosts"}, false, true},
        {(char[]){"git"}, (char[]){"git.example:443/tcp"}, (char[]){"~/project/.git/config"}, true, false},
        {(char[]){"git"}, (char[]){"10.0.0.1:443/tcp"}, (char[]){"~/project/.git/config"}, true, false},
        {(char[]){"pip"}, (char[]){"not.asked.example:443/tcp"}, (char[]){"/etc/pip.conf"}, false, false},
};
static char *sources_env[] = {(char[]){"npm_config_registry=https://npm.corp.example:8443/"}, NULL};
static char *sources_notices[] = {(char[]){"AllowFrom=npm: cannot read /etc/npmrc: Permission denied"}, NULL};

static const HostSources host_sources = {
        .items = sources,
        .n = ARRAY_LEN(sources),
        .env = {.items = sources_env, .n = 1},
        .notices = {.items = sources_notices, .n = 1},
};

/* What the project says counts only where the user's own configuration names the host, and no odd port with
 * it. */
static void what_tools_are_configured_to_use(void **state)
{
        Host h = desktop;
        (void)state;
        h.sources = host_sources;
        is_golden("sources", &h, WORDS("--net=slirp", "--allow-from=npm", "--allow-from=git", "true"));
        /* Nothing of it without a network, or when the key was not said. */
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        assert_int_equal(make(&h, WORDS("--net=slirp", "true"), &plan, &err), 0);
        assert_int_equal(plan.network.access.allow.n, 0);
        assert_false(plan.network.access.has_list);
}

/* What the project's configuration named when its profile was trusted counts, and what it names since does
 * not. */
static void what_was_trusted_with_a_profile(void **state)
{
        CLEANUP(spec_clear) Spec spec = {0};
        CLEANUP(plan_clear) Plan plan = {0};
        static const char *const environment[] = {NULL};
        Host h = desktop;
        Error err = {0};
        (void)state;
        h.sources = host_sources;
        (void)spec_init(&spec);
        spec.network = NETWORK_SLIRP;
        spec.asked |= UINT64_C(1) << KEY_NETWORK_ALLOW_FROM;
        (void)strlist_add(&spec.argv, "true");
        (void)strlist_add(&spec.net_allow_from, "npm");
        (void)strlist_add(&spec.net_trusted, "npm evil.example:443/tcp");
        /* Of another tool, and of one that was not asked for. */
        (void)strlist_add(&spec.net_trusted, "pip npm.corp.example:6379/tcp");
        (void)strlist_add(&spec.net_trusted, "git git.example:443/tcp");
        assert_int_equal(plan_make(&spec, &h, NULL, environment, &plan, &err), 0);
        CLEANUP_FREE char *text = plan_lines(&plan);
        assert_true(strlist_has(&plan.network.access.allow, "evil.example:443/tcp"));
        assert_false(strlist_has(&plan.network.access.allow, "npm.corp.example:6379/tcp"));
        assert_false(strlist_has(&plan.network.access.allow, "git.example:443/tcp"));
        assert_non_null(strstr(text, "net-allow-from npm evil.example:443/tcp ~/project/.npmrc (trusted)\n"));
        assert_non_null(strstr(
                text,
                "'npm.corp.example:6379/tcp' is not in your own configuration, and was not there when you "
                "trusted the profile"));
}

/* The profiles that come with kurung: what they open is what the tool is configured to use, and nothing else.
 */
static void profiles_of_tools(void **state)
{
        static const char *const tools[] = {"npm", "pip", "cargo", "apt", "git"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
                CLEANUP(plan_clear) Plan plan = {0};
                Error err = {0};
                if (make(&desktop, WORDS("-p", tools[i], "true"), &plan, &err) < 0)
                        fail_msg("%s: %s", tools[i], err.text);
                assert_int_equal(plan.network.mode, NETWORK_SLIRP);
                assert_true(plan.network.access.has_list);
                assert_int_equal(plan.network.access.allow.n, 0);
                assert_false(plan.network.access.allow_private);
                assert_int_equal(plan.network.access.n_loopback_ports + plan.network.access.n_publish, 0);
        }
        assert_true(plan_has_line(WORDS("-p", "build", "true"), "network none"));
}

static void goldens_of_poorer_hosts(void **state)
{
        Host h = desktop;
        (void)state;
        h.newuidmap_state = HOST_IDMAP_MISSING;
        h.subuids.n = 0;
        is_golden("no-subids", &h, WORDS("true"));
        h = desktop;
        h.view_helper = NULL;
        is_golden("no-view-build", &h, WORDS(BUILD, "true"));
        h.fuse_overlayfs = NULL;
        is_golden("no-fuse-build", &h, WORDS(BUILD, "true"));
        h = desktop;
        h.tmpfs_user_xattrs = false;
        h.landlock_abi = 2;
        is_golden("old-kernel", &h, WORDS("--net=host", "true"));
        h = desktop;
        h.mounts = submounts;
        h.n_mounts = ARRAY_LEN(submounts);
        is_golden("submounts", &h, WORDS("true"));
        h = desktop;
        h.nested = true;
        h.is_root = true;
        h.uid = h.gid = 0;
        h.sys_visible = false;
        h.mounts = overlay_home;
        h.n_mounts = 1;
        is_golden("nested", &h, WORDS("true"));
        h = desktop;
        h.cache_home = NULL;
        is_golden("nowhere-to-write", &h, WORDS("true"));
}

static void what_is_asked_for_and_cannot_be_had_is_an_error(void **state)
{
        Host h = desktop;
        (void)state;
        h.fuse_overlayfs = NULL;
        refused(&h, WORDS("--overlay=fuse", "true"), "apt install fuse-overlayfs");
        h = desktop;
        h.fuse_device = HOST_DEVICE_CLOSED;
        refused(&h, WORDS("--overlay=fuse", "true"), "chmod 666 /dev/fuse");
        h.fuse_device = HOST_DEVICE_MISSING;
        refused(&h, WORDS("--overlay=fuse", "true"), "modprobe fuse");
        h = desktop;
        h.kernel_overlay = false;
        refused(&h, WORDS("--overlay=kernel", "true"), "modprobe overlay");
        h = desktop;
        h.newgidmap_state = HOST_IDMAP_MISSING;
        refused(&h, WORDS("--id-map=subid", "true"), "apt install uidmap");
        h = desktop;
        h.newuidmap_state = HOST_IDMAP_UNPRIVILEGED;
        refused(&h, WORDS("--id-map=subid", "true"), "set-user-ID bit");
        h = desktop;
        h.subgids.n = 0;
        refused(&h, WORDS("--id-map=subid", "true"), "/etc/subgid");
}

static void limits_of_resources(void **state)
{
        Host h = desktop;
        (void)state;
        is_golden("limits", &h,
                  WORDS("--memory=512m", "--memory-high=25%", "--memory-swap-max=0", "--cpus=1.5",
                        "--cpu-weight=20", "--pids-limit=64", "--runtime-max-sec=1min", "--delegate",
                        "true"));
        h.limits.base = WORD("/sys/fs/cgroup/ci");
        h.limits.base_is_own = true;
        h.limits.base_controllers = (StrList)LIST(WORD("io"), WORD("memory"));
        is_golden("limits-delegated", &h,
                  WORDS("--io-write-bandwidth-max=/ 1M", "--io-read-bandwidth-max=/ 2.5M", "--io-weight=10",
                        "true"));
        h = desktop;
        h.limits.version = HOST_CGROUP_HYBRID;
        is_golden("limits-hybrid", &h, WORDS("true"));
        is_golden("limits-unlimited", &desktop,
                  WORDS("--memory-max=infinity", "--memory-swap-max=infinity", "--tasks-max=infinity",
                        "--cpu-weight=100", "true"));
}

static void limits_that_were_asked_for_and_cannot_be_had(void **state)
{
        Host h = desktop;
        (void)state;
        h.limits.version = HOST_CGROUP_V1;
        refused(&h, WORDS("--memory-max=1G", "true"), "--memory-max: cannot enforce MemoryMax");
        refused(&h, WORDS("--cpus=1", "true"), "systemd.unified_cgroup_hierarchy=1");
        refused(&h, WORDS("--io-read-bandwidth-max=/ 1M", "true"), "IOReadBandwidthMax");
        h.limits.version = HOST_CGROUP_ABSENT;
        refused(&h, WORDS("--tasks-max=5", "true"), "/sys/fs/cgroup");
        h = desktop;
        h.limits.manager = NULL;
        refused(&h, WORDS("--tasks-max=5", "true"), "enable-linger");
        refused(&desktop, WORDS("--io-read-bandwidth-max=/ 1M", "true"), "\"io\" is not delegated");
        h = desktop;
        h.limits.nsdelegate = false;
        refused(&h, WORDS("--delegate", "true"), "nsdelegate");
        h = desktop;
        h.limits.manager_controllers = (StrList)LIST(WORD("io"));
        refused(&h, WORDS("--tasks-max=5", "true"), "\"pids\" is not delegated");
        refused(&h, WORDS("--io-read-bandwidth-max=/run 1M", "true"), "'/run' is not on a disk");
        refused(&h, WORDS("--io-read-bandwidth-max=/none 1M", "true"), "'/none': No such file");
}

static void each_obstacle_has_its_own_remedy(void **state)
{
        Host h = desktop;
        (void)state;
        h.is_root = true;
        refused(&h, WORDS("true"), "refusing to run as root");
        h = desktop;
        h.userns = HOST_USERNS_SYSCTL;
        refused(&h, WORDS("true"), "kernel.unprivileged_userns_clone=1");
        h.userns = HOST_USERNS_COUNT;
        refused(&h, WORDS("true"), "user.max_user_namespaces=15000");
        h.userns = HOST_USERNS_APPARMOR;
        refused(&h, WORDS("true"), "AppArmor");
        h.userns = HOST_USERNS_ABSENT;
        refused(&h, WORDS("true"), "CONFIG_USER_NS");
        h = desktop;
        h.has_mount_setattr = false;
        refused(&h, WORDS("true"), "mount_setattr(2) is not available: kurung needs Linux 5.12");
        h = desktop;
        h.has_clone3 = false;
        refused(&h, WORDS("true"), "clone3(2) is not available");
        h = desktop;
        h.kernel_major = 4;
        h.kernel_minor = 18;
        is_golden("default", &h, WORDS("true"));
        h = desktop;
        h.seccomp = false;
        refused(&h, WORDS("true"), "seccomp");
        h = desktop;
        h.proc_visible = false;
        refused(&h, WORDS("true"), "unmask");
}

/* Nothing of a working directory that cannot be meant is shown, except as a part of the system. */
static void is_hidden_by_default(const Host *h)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        if (make(h, WORDS("true"), &plan, &err) < 0)
                fail_msg("%s: %s", h->cwd, err.text);
        for (size_t i = 0; i < plan.root.n_ops; i++)
                assert_false(plan.root.ops[i].flags & OP_WORK_DIR);
        assert_true(str_eq(plan.payload.cwd, "/home/u") || str_starts(h->cwd, "/usr") ||
                    str_starts(h->cwd, "/etc") || str_eq(h->cwd, "/opt") || str_eq(h->cwd, "/var/lib"));
        bool said = false;
        for (size_t i = 0; i < plan.notices.n; i++)
                said = said || strstr(plan.notices.items[i], "the working directory '");
        assert_true(said);
}

static void file_systems_of_the_kernel_are_not_shared(void **state)
{
        Host h = desktop;
        HostMount more[] = {MOUNT("/", "ext4"), MOUNT("/opt/debian/proc", "proc"),
                            MOUNT("/sys/fs/cgroup", "cgroup2")};
        (void)state;
        h.mounts = more;
        h.n_mounts = ARRAY_LEN(more);
        refused(&h, WORDS("--read-write=/proc", "true"),
                "--read-write: '/proc' shows the processes of the host");
        refused(&h, WORDS("--read-only=/proc/1/root:/x", "true"), "shows the processes of the host");
        refused(&h, WORDS("--read-only=/opt/debian/proc", "true"), "shows the processes of the host");
        refused(&h, WORDS("--read-only=/dev", "true"), "the sandbox has a /dev of its own");
        refused(&h, WORDS("--read-only=/sys", "true"), "the sandbox has a /sys of its own");
        refused(&h, WORDS("--read-write=/sys/fs/cgroup", "true"), "cannot be shared for writing");
        assert_true(plan_has_line(WORDS("--read-only=/sys/class:/x", "true"),
                                  "op bind /x from=/sys/class ro,recursive"));
        assert_true(plan_has_line(WORDS("--hide=/proc/cpuinfo", "true"), "op mask /proc/cpuinfo optional"));
}

static void groups_that_a_sandbox_drops_are_told(void **state)
{
        char *paths[] = {WORD("/srv/team"), NULL};
        static const char says[] = "you have access to '/srv/team' only by a supplementary group";
        Host h = desktop;
        (void)state;
        h.by_group = (StrList){.items = paths, .n = 1};
        for (int single = 0; single < 2; single++) {
                CLEANUP(plan_clear) Plan plan = {0};
                Error err = {0};
                bool said = false;
                assert_int_equal(
                        make(&h, WORDS(single ? "--id-map=single" : "--id-map=subid", "true"), &plan, &err),
                        0);
                for (size_t i = 0; i < plan.notices.n; i++)
                        said = said || (str_starts(plan.notices.items[i], says) &&
                                        strstr(plan.notices.items[i], "--id-map=single keeps it"));
                /* Without subordinate ids the kernel keeps them. */
                assert_int_equal(said, !single);
        }
}

static void working_directories_that_cannot_be_meant(void **state)
{
        static const char *const refused_dirs[] = {"/",
                                                   "/home/u",
                                                   "/home",
                                                   "/usr",
                                                   "/usr/share",
                                                   "/etc/x",
                                                   "/opt",
                                                   "/tmp",
                                                   "/var/lib",
                                                   "/home/u/.cache",
                                                   "/home/u/.cache/kurung/x"};
        static const char *const fine[] = {"/home/u/a", "/opt/project", "/var/lib/jenkins/job", "/tmp/x",
                                           "/srv/a/b"};
        Host h = desktop;
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(refused_dirs); i++) {
                CLEANUP(plan_clear) Plan plan = {0};
                Error err = {0};
                h.cwd = (char *)(uintptr_t)refused_dirs[i];
                refused(&h, WORDS("--work-dir=overlay", "true"), "--work-dir=hidden");
                refused(&h, WORDS("--work-dir=rw", "true"), "--work-dir=hidden");
                assert_int_equal(make(&h, WORDS("--work-dir=ro", "true"), &plan, &err), 0);
                is_hidden_by_default(&h);
        }
        for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
                CLEANUP(plan_clear) Plan plan = {0};
                Error err = {0};
                h.cwd = (char *)(uintptr_t)fine[i];
                if (make(&h, WORDS("true"), &plan, &err) < 0)
                        fail_msg("%s: %s", fine[i], err.text);
        }
        h.cwd = NULL;
        refused(&h, WORDS("true"), "was removed or replaced");
}

/* Of a plan for @h: whether something hides the directory @dest itself. */
static bool hides(const Host *h, const char *const *words, const char *dest)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        if (make(h, words, &plan, &err) < 0)
                fail_msg("%s", err.text);
        for (size_t i = 0; i < plan.root.n_ops; i++)
                if (plan.root.ops[i].kind == OP_TMPFS && str_eq(plan.root.ops[i].dest, dest))
                        return true;
        return false;
}

/* Attack 93: of the host's root a sandbox sees the system, not the people, wherever they live. */
static void people_are_hidden_wherever_they_live(void **state)
{
        Host h = desktop;
        HostEntry linked[ARRAY_LEN(top)];
        char *homes[] = {WORD("/home/u"), WORD("/data/users/u"), WORD("/usr/games"), WORD("/"), NULL};
        char *private_dirs[] = {WORD("/data/xdg"), WORD("/opt"), WORD("/run/user/1000"), NULL};
        (void)state;
        h.homes = (StrList){.items = homes, .n = 4};
        h.private_dirs = (StrList){.items = private_dirs, .n = 3};
        assert_true(hides(&h, WORDS("true"), "/data/users/u"));
        assert_true(hides(&h, WORDS("true"), "/data/xdg"));
        /* A service's home is the system; what is hidden already is hidden once. */
        assert_false(hides(&h, WORDS("true"), "/usr/games"));
        assert_false(hides(&h, WORDS("true"), "/opt"));
        assert_false(hides(&h, WORDS("true"), "/run/user/1000"));
        assert_false(hides(&h, WORDS("--root=/srv/debian", "true"), "/data/users/u"));
        h.cwd = WORD("/data/users/u");
        refused(&h, WORDS("--work-dir=overlay", "true"), "contains a home directory of yours");
        assert_true(hides(&h, WORDS("true"), "/data/users/u"));
        h.cwd = WORD("/data/users/u/project");
        assert_true(hides(&h, WORDS("true"), "/data/users/u"));
        /* Kurung's own, also where a directory of the system holds it. */
        h.cache_home = WORD("/var/cache/kurung");
        assert_true(hides(&h, WORDS("true"), "/var/cache/kurung"));
        /* /home is a link to where homes are. */
        assert_false(hides(&h, WORDS("true"), "/var/home"));
        memcpy(linked, top, sizeof(top));
        linked[2] = (HostEntry){WORD("home"), HOST_SYMLINK, WORD("var/home")};
        h.top = linked;
        assert_true(hides(&h, WORDS("true"), "/var/home"));
}

static void map_is(const IdMap *m, size_t i, uint32_t inside, uint32_t outside, uint32_t count)
{
        assert_true(i < m->n);
        assert_int_equal(m->items[i].inside, inside);
        assert_int_equal(m->items[i].outside, outside);
        assert_int_equal(m->items[i].count, count);
}

/* The layers of a plan that outlive it, under other names, as those of a kept sandbox. */
static size_t keep_layers(const Plan *plan, PlanLayer *layers, size_t room)
{
        static const char *const names[] = {"101", "102", "103", "104", "105", "106", "107", "108"};
        size_t n = 0;
        for (size_t i = 0; i < plan->root.n_ops && n < room && n < ARRAY_LEN(names); i++) {
                const PlanOp *op = &plan->root.ops[i];
                if (fs_op_is_kept(op)) {
                        layers[n] = (PlanLayer){
                                .kind = op->kind, .name = names[n], .dest = op->dest, .lower = op->source};
                        n++;
                }
        }
        return n;
}

static void a_resumed_plan_has_the_kept_layers(void **state)
{
        CLEANUP(plan_clear) Plan before = {0};
        CLEANUP(plan_clear) Plan after = {0};
        Host host = desktop;
        PlanLayer layers[8];
        Error err = {0};
        const char *const *words = WORDS("--keep", BUILD, "--work-dir=overlay", "--", "true");
        (void)state;
        host.state_home = (char[]){"/home/user/.local/state/kurung"};
        assert_int_equal(make(&host, words, &before, &err), 0);
        PlanKept kept = {.name = "x",
                         .identity = &before.identity,
                         .layers = layers,
                         .n_layers = keep_layers(&before, layers, ARRAY_LEN(layers))};
        assert_true(kept.n_layers > 1);
        assert_int_equal(make_in(&host, &kept, words, &after, &err), 0);
        assert_true(after.storage.resume);
        assert_false(before.storage.resume);
        for (size_t i = 0, n = 0; i < after.root.n_ops; i++)
                if (fs_op_is_kept(&after.root.ops[i]))
                        assert_string_equal(after.root.ops[i].layer, layers[n++].name);
}

/* Each engine has layers of its own: what is installed later does not hide them. */
static void a_resumed_plan_has_the_kept_engine(void **state)
{
        static const OverlayEngine engines[] = {OVERLAY_VIEW, OVERLAY_FUSE, OVERLAY_KERNEL};
        const char *const *words = WORDS("--keep", BUILD, "--work-dir=overlay", "--", "true");
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
                CLEANUP(plan_clear) Plan before = {0};
                CLEANUP(plan_clear) Plan after = {0};
                Host host = desktop;
                PlanLayer layers[8];
                Error err = {0};
                host.state_home = (char[]){"/home/user/.local/state/kurung"};
                Host then = host;
                then.view_helper = engines[i] == OVERLAY_VIEW ? then.view_helper : NULL;
                then.fuse_overlayfs = engines[i] == OVERLAY_KERNEL ? NULL : then.fuse_overlayfs;
                assert_int_equal(make(&then, words, &before, &err), 0);
                assert_int_equal(before.root.engine, engines[i]);
                PlanKept kept = {.name = "x",
                                 .identity = &before.identity,
                                 .layers = layers,
                                 .n_layers = keep_layers(&before, layers, ARRAY_LEN(layers))};
                assert_int_equal(make_in(&host, &kept, words, &after, &err), 0);
                assert_int_equal(after.root.engine, engines[i]);
        }
}

/* Sandboxes of 0.1 shifted the ids below one's own by one: theirs stay as they were written. */
static void a_resumed_plan_has_the_kept_maps(void **state)
{
        CLEANUP(plan_clear) Plan before = {0};
        CLEANUP(plan_clear) Plan after = {0};
        Host host = desktop;
        PlanLayer layers[8];
        Error err = {0};
        const char *const *words = WORDS("--keep", "--", "true");
        (void)state;
        host.state_home = (char[]){"/home/user/.local/state/kurung"};
        assert_int_equal(make(&host, words, &before, &err), 0);
        PlanIdentity shifted = before.identity;
        shifted.uid_map =
                (IdMap){.items = {{0, 100000, 1000}, {1000, 1000, 1}, {1001, 101000, 64536}}, .n = 3};
        PlanKept kept = {.name = "x",
                         .identity = &shifted,
                         .layers = layers,
                         .n_layers = keep_layers(&before, layers, ARRAY_LEN(layers))};
        assert_int_equal(make_in(&host, &kept, words, &after, &err), 0);
        assert_int_equal(after.identity.uid_map.n, 3);
        map_is(&after.identity.uid_map, 0, 0, 100000, 1000);
        map_is(&after.identity.uid_map, 2, 1001, 101000, 64536);
}

static void a_plan_that_would_lose_changes_is_refused(void **state)
{
        CLEANUP(plan_clear) Plan before = {0};
        Plan after = {0};
        Host host = desktop;
        PlanLayer layers[9];
        Error err = {0};
        const char *const *words = WORDS("--keep", BUILD, "--work-dir=overlay", "--", "true");
        (void)state;
        host.state_home = (char[]){"/home/user/.local/state/kurung"};
        assert_int_equal(make(&host, words, &before, &err), 0);
        size_t n = keep_layers(&before, layers, 8);
        PlanKept kept = {.name = "x", .identity = &before.identity, .layers = layers, .n_layers = n - 1};
        assert_int_equal(make_in(&host, &kept, words, &after, &err), -ESTALE);
        assert_non_null(strstr(err.text, "it has no layer for"));
        /* One more, of a directory that nothing writes to now. */
        layers[n] = layers[0];
        kept.n_layers = n + 1;
        err = (Error){0};
        assert_int_equal(make_in(&host, &kept, words, &after, &err), -ESTALE);
        assert_non_null(strstr(err.text, "would not be visible"));
        PlanIdentity other = before.identity;
        other.uid_map.items[0].outside++;
        kept = (PlanKept){.name = "x", .identity = &other, .layers = layers, .n_layers = n};
        err = (Error){0};
        assert_int_equal(make_in(&host, &kept, words, &after, &err), -ESTALE);
        assert_non_null(strstr(err.text, "/etc/subuid"));
        assert_null(after.root.ops);
}

/* Returns "ro", "rw" or "none": how the host name is added to /etc/hosts. */
static const char *hosts_of(const Host *host, const char *const *words)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        const char *found = "none";
        if (make(host, words, &plan, &err) < 0)
                fail_msg("%s", err.text);
        for (size_t i = 0; i < plan.root.n_ops; i++)
                if (plan.root.ops[i].kind == OP_HOSTS) {
                        assert_string_equal(found, "none");
                        assert_string_equal(plan.root.ops[i].dest, "/etc/hosts");
                        found = plan.root.ops[i].flags & OP_RDONLY ? "ro" : "rw";
                }
        return found;
}

static void the_host_name_is_in_etc_hosts(void **state)
{
        static const struct {
                const char *words[4], *hosts;
        } cases[] = {
                {{"true"}, "ro"},
                {{"--overlay=none", "true"}, "ro"},
                {{"--run-as=root", "--overlay=none", "true"}, "ro"},
                {{"--hostname=a", "true"}, "ro"},
                {{"--keep", "true"}, "ro"},
                {{BUILD, "true"}, "rw"},
                {{"--root=/srv/debian", "--run-as=root", "true"}, "rw"},
                /* Root's changes are kept, and diff shows them. */
                {{BUILD, "--keep", "true"}, "none"},
                /* The network's file has it. */
                {{"--net=slirp", "true"}, "none"},
                /* The host's name, which the host's file has, or another one. */
                {{"--net=host", "true"}, "none"},
                {{"--net=host", "--hostname=workstation", "true"}, "none"},
                {{"--net=host", "--hostname=a", "true"}, "ro"},
                /* A request for the file, or for a directory that has it. */
                {{"--hide=/etc/hosts", "true"}, "none"},
                {{"--read-only=/srv/hosts:/etc/hosts", "true"}, "none"},
                {{"--read-only=/etc", "true"}, "none"},
                {{"--tmpfs=/etc", "true"}, "none"},
                {{"--read-only=/etc/ssl", "true"}, "ro"},
                {{"--read-only=/etc/hosts.allow", "true"}, "ro"},
        };
        Host host = desktop;
        (void)state;
        host.hostname = (char[]){"workstation"};
        host.state_home = (char[]){"/home/user/.local/state/kurung"};
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                const char *got = hosts_of(&host, cases[i].words);
                if (!str_eq(got, cases[i].hosts))
                        fail_msg("case %zu (%s): %s, not %s", i, cases[i].words[0], got, cases[i].hosts);
        }
}

static void id_maps(void **state)
{
        const SubRanges two = {.items = {{100000, 10}, {300000, 5}}, .n = 2};
        const SubRanges own = {.items = {{990, 20}, {100000, 10}, {100005, 10}}, .n = 3};
        const SubRanges none = {0};
        IdMap m;
        (void)state;
        plan_map_ids(0, 1000, &two, &m);
        assert_int_equal(m.n, 3);
        map_is(&m, 0, 0, 1000, 1);
        map_is(&m, 1, 1, 100000, 10);
        map_is(&m, 2, 11, 300000, 5);
        /* All but 0 and 12 are what they are for root. */
        plan_map_ids(12, 1000, &two, &m);
        assert_int_equal(m.n, 5);
        map_is(&m, 0, 0, 300001, 1);
        map_is(&m, 1, 1, 100000, 10);
        map_is(&m, 2, 11, 300000, 1);
        map_is(&m, 3, 12, 1000, 1);
        map_is(&m, 4, 13, 300002, 3);
        plan_map_ids(1, 1000, &two, &m);
        assert_int_equal(m.n, 4);
        map_is(&m, 0, 0, 100000, 1);
        map_is(&m, 1, 1, 1000, 1);
        map_is(&m, 2, 2, 100001, 9);
        map_is(&m, 3, 11, 300000, 5);
        /* Beyond them the last one serves. */
        plan_map_ids(1000, 1000, &two, &m);
        assert_int_equal(m.n, 4);
        map_is(&m, 0, 0, 300004, 1);
        map_is(&m, 2, 11, 300000, 4);
        map_is(&m, 3, 1000, 1000, 1);
        plan_map_ids(5, 1000, &none, &m);
        assert_int_equal(m.n, 1);
        map_is(&m, 0, 5, 1000, 1);
        /* A range with the user's own id, and one that overlaps: the kernel would refuse the whole map. */
        plan_map_ids(0, 1000, &own, &m);
        assert_int_equal(m.n, 2);
        map_is(&m, 1, 1, 100000, 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(goldens_of_a_desktop),
                cmocka_unit_test(words_with_hostile_names),
                cmocka_unit_test(goldens_of_images),
                cmocka_unit_test(a_network_that_cannot_be_had_is_an_error),
                cmocka_unit_test(what_a_list_means),
                cmocka_unit_test(the_more_specific_path_wins),
                cmocka_unit_test(shares_may_be_missing),
                cmocka_unit_test(no_link_leads_into_what_is_hidden),
                cmocka_unit_test(what_is_hidden_is_hidden_in_another_root),
                cmocka_unit_test(what_is_kurungs_own_is_hidden),
                cmocka_unit_test(what_tools_are_configured_to_use),
                cmocka_unit_test(what_was_trusted_with_a_profile),
                cmocka_unit_test(profiles_of_tools),
                cmocka_unit_test(goldens_of_poorer_hosts),
                cmocka_unit_test(what_is_asked_for_and_cannot_be_had_is_an_error),
                cmocka_unit_test(limits_of_resources),
                cmocka_unit_test(limits_that_were_asked_for_and_cannot_be_had),
                cmocka_unit_test(each_obstacle_has_its_own_remedy),
                cmocka_unit_test(working_directories_that_cannot_be_meant),
                cmocka_unit_test(file_systems_of_the_kernel_are_not_shared),
                cmocka_unit_test(groups_that_a_sandbox_drops_are_told),
                cmocka_unit_test(people_are_hidden_wherever_they_live),
                cmocka_unit_test(a_resumed_plan_has_the_kept_layers),
                cmocka_unit_test(a_resumed_plan_has_the_kept_engine),
                cmocka_unit_test(a_resumed_plan_has_the_kept_maps),
                cmocka_unit_test(a_plan_that_would_lose_changes_is_refused),
                cmocka_unit_test(the_host_name_is_in_etc_hosts),
                cmocka_unit_test(id_maps),
        };
        return RUN_TESTS(tests);
}
