/* SPDX-License-Identifier: Apache-2.0 */
/* What AllowFrom= stands for, on homes and machines that are made up. Hosts are of the reserved names alone.
 */
#include "unit.h"

#include "base/io.h"
#include "plan/sources.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* A machine: root/ for the system, home/ and home/project/. */
typedef struct Machine {
        char dir[64], root[80], home[80], cwd[96], cache[96];
        SourcesContext ctx;
} Machine;

static const char *variables[8][2];

static const char *get_variable(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(variables) && variables[i][0]; i++)
                if (str_eq(variables[i][0], name))
                        return variables[i][1];
        return NULL;
}

static void set_variable(const char *name, const char *value)
{
        size_t i = 0;
        while (variables[i][0])
                i++;
        variables[i][0] = name;
        variables[i][1] = value;
}

static void write_file(const Machine *m, const char *name, const char *text, mode_t mode)
{
        char path[300], *slash;
        (void)snprintf(path, sizeof(path), "%s/%s", m->dir, name);
        slash = strrchr(path, '/');
        *slash = '\0';
        assert_int_equal(io_mkdir_p(path, 0700), 0);
        *slash = '/';
        CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        assert_true(fd >= 0);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static void make_link(const Machine *m, const char *target, const char *name)
{
        char path[300];
        write_file(m, name, "", 0600);
        (void)snprintf(path, sizeof(path), "%s/%s", m->dir, name);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state)
{
        Machine *m = calloc(1, sizeof(*m));
        const char *tmp = getenv("TMPDIR");
        (void)snprintf(m->dir, sizeof(m->dir), "%.30s/kurung-sources.XXXXXX", tmp ? tmp : "/var/tmp");
        if (!mkdtemp(m->dir))
                return -1;
        (void)snprintf(m->root, sizeof(m->root), "%s/root", m->dir);
        (void)snprintf(m->home, sizeof(m->home), "%s/home", m->dir);
        (void)snprintf(m->cwd, sizeof(m->cwd), "%s/project", m->home);
        (void)snprintf(m->cache, sizeof(m->cache), "%s/cache", m->home);
        m->ctx = (SourcesContext){
                .home = m->home, .cwd = m->cwd, .root = m->root, .cache = m->cache, .getenv = get_variable};
        memset(variables, 0, sizeof(variables));
        *state = m;
        return io_mkdir_p(m->cwd, 0700) < 0 || io_mkdir_p(m->root, 0700) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
        Machine *m = *state;
        int r = io_remove_tree_at(AT_FDCWD, m->dir);
        free(m);
        return r;
}

/* All that was found, a line each: "RULE PLACE[ (project)][ (vouches)]"; notices after it. */
static char *probe(const Machine *m, const char *tool)
{
        CLEANUP_STRLIST StrList tools = {0};
        CLEANUP(sources_clear) HostSources sources = {0};
        Error err = {0};
        char *text = NULL;
        size_t len;
        FILE *f = open_memstream(&text, &len);
        assert_int_equal(strlist_add(&tools, tool), 0);
        if (sources_probe(&m->ctx, &tools, &sources, &err) < 0)
                (void)fprintf(f, "error: %s\n", err.text);
        for (size_t i = 0; i < sources.n; i++) {
                const HostSource *s = &sources.items[i];
                const char *where = str_starts(s->where, m->root) ? s->where + strlen(m->root) : s->where;
                (void)fprintf(f, "%s %s%s%s\n", s->rule, where, s->in_project ? " (project)" : "",
                              s->vouches ? " (vouches)" : "");
        }
        for (size_t i = 0; i < sources.env.n; i++)
                (void)fprintf(f, "env %s\n", sources.env.items[i]);
        if (sources.git_config)
                (void)fprintf(f, "config %s", sources.git_config);
        for (size_t i = 0; i < sources.notices.n; i++)
                (void)fprintf(f, "notice: %s\n", sources.notices.items[i]);
        (void)fclose(f);
        return text;
}

static void found(const Machine *m, const char *tool, const char *expected)
{
        CLEANUP_FREE char *text = probe(m, tool);
        assert_string_equal(text, expected);
}

static void found_in_it(const Machine *m, const char *tool, const char *part)
{
        CLEANUP_FREE char *text = probe(m, tool);
        if (!strstr(text, part))
                fail_msg("'%s' does not have '%s'", text, part);
}

static void npm_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        write_file(m, "home/.npmrc",
                   "; mine\nregistry = https://npm.corp.example:8443/repo/\n"
                   "@team:registry=\"https://team.example/\"\n//npm.corp.example/:_authToken=sesame\n"
                   "@env:registry=https://${NPM_HOST}/x\n@none:registry=https://${UNSET}/x\nproxy=http://"
                   "p.example\n",
                   0600);
        write_file(m, "root/etc/npmrc", "registry=http://global.example\n", 0644);
        write_file(m, "home/project/.npmrc",
                   "registry=https://evil.example\n@a:registry=https://team.example\n", 0644);
        set_variable("NPM_HOST", "env.example");
        found(m, "npm",
              "npm.corp.example:8443/tcp ~/.npmrc\nteam.example:443/tcp ~/.npmrc\nenv.example:443/tcp "
              "~/.npmrc\n"
              "global.example:80/tcp /etc/npmrc\nevil.example:443/tcp ~/project/.npmrc (project)\n"
              "team.example:443/tcp ~/project/.npmrc (project)\n"
              "env npm_config_registry=https://npm.corp.example:8443/repo/\n");
        set_variable("npm_config_registry", "https://var.example/");
        found_in_it(m, "npm", "var.example:443/tcp npm_config_registry\n");
}

/* The default is what the tool says; the project is not where it is asked. */
static void npm_is_asked_for_its_default(void **state)
{
        const Machine *m = *state;
        found_in_it(m, "npm", "error: AllowFrom=npm: no registry is configured, and npm, which knows");
        write_file(m, "root/usr/bin/npm",
                   "#!/bin/sh\n[ \"$*\" = 'config get registry' ] && [ \"$PWD\" = / ] && "
                   "[ \"$HOME\" = /dev/null ] && echo https://default.example/\n",
                   0700);
        write_file(m, "home/project/.npmrc", "registry=https://evil.example\n", 0644);
        found(m, "npm",
              "evil.example:443/tcp ~/project/.npmrc (project)\ndefault.example:443/tcp npm config get "
              "registry\n");
        write_file(m, "root/usr/bin/npm", "#!/bin/sh\nexit 1\n", 0700);
        found_in_it(m, "npm", "does not print its registry");
}

static void an_answer_is_remembered_while_the_tool_is_the_same(void **state)
{
        const Machine *m = *state;
        char path[300];
        write_file(m, "root/usr/bin/npm",
                   "#!/bin/sh\necho asked >>${0%/*}/times; echo https://default.example/\n", 0700);
        (void)snprintf(path, sizeof(path), "%s/usr/bin/times", m->root);
        for (int i = 0; i < 3; i++)
                found(m, "npm", "default.example:443/tcp npm config get registry\n");
        CLEANUP_FREE char *times = NULL, *again = NULL;
        assert_int_equal(io_read_file_at(AT_FDCWD, path, 1000, &times, NULL), 0);
        assert_string_equal(times, "asked\n");
        write_file(m, "root/usr/bin/npm", "#!/bin/sh\necho https://other.example/ # another\n", 0700);
        found(m, "npm", "other.example:443/tcp npm config get registry\n");
        /* What others may write, or is not whole, is not believed. */
        (void)snprintf(path, sizeof(path), "%s/asked-npm", m->cache);
        assert_int_equal(io_read_file_at(AT_FDCWD, path, 1000, &again, NULL), 0);
        char *line = strchr(again, '\n') + 1;
        memcpy(line, "https://evil1.example/", 22);
        write_file(m, "home/cache/asked-npm", again, 0600);
        found(m, "npm", "evil1.example:443/tcp npm config get registry\n");
        assert_int_equal(chmod(path, 0622), 0);
        found(m, "npm", "other.example:443/tcp npm config get registry\n");
        line[10] = '\0';
        write_file(m, "home/cache/asked-npm", again, 0600);
        found(m, "npm", "other.example:443/tcp npm config get registry\n");
}

/* Nothing of a URL but host and port is kept, whatever becomes of it. */
static void passwords_do_not_come_along(void **state)
{
        const Machine *m = *state;
        write_file(m, "home/.npmrc",
                   "registry=https://user:sesame@npm.example/\n@a:registry=https://user:sesame@bad host/\n"
                   "@b:registry=https://user:sesame@:80/\n@c:registry=https://u:sesame@h.example:99999/\n"
                   "@d:registry=https://u:ses@me@two.example/\n@e:registry=https://*.example/"
                   "\n@f:registry=https:///x\n"
                   "@g:registry=https://[2001:db8::1]:8080/\n@h:registry=https://"
                   "192.0.2.1\n@i:registry=file:///srv/x\n",
                   0600);
        found(m, "npm",
              "npm.example:443/tcp ~/.npmrc\ntwo.example:443/tcp ~/.npmrc\n[2001:db8::1]:8080/tcp ~/.npmrc\n"
              "192.0.2.1:443/tcp ~/.npmrc\nenv npm_config_registry=https://npm.example/\n"
              "notice: AllowFrom=npm: ignored an entry in ~/.npmrc that is not a host\n");
}

static void files_that_are_none(void **state)
{
        const Machine *m = *state;
        char path[300];
        write_file(m, "home/.npmrc", "registry=https://npm.example/\n", 0600);
        write_file(m, "home/secret", "registry=https://secret.example/\n", 0600);
        make_link(m, "../secret", "home/project/.npmrc");
        found_in_it(m, "npm", "notice: AllowFrom=npm: cannot read ~/project/.npmrc: ");
        (void)snprintf(path, sizeof(path), "%s/.npmrc", m->cwd);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        found_in_it(m, "npm", "cannot read ~/project/.npmrc: not a regular file");
}

static void pip_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        write_file(m, "root/etc/pip.conf", "[global]\nindex-url = https://pip.corp.example/simple\n", 0644);
        write_file(
                m, "home/.config/pip/pip.conf",
                "[install]\n# more\nextra_index_url =\n    https://one.example/simple\n    "
                "https://user:sesame@two.example:8443/simple\ntrusted-host = other.example\n  not.example\n"
                "[global]\nfind-links: /srv/wheels https://links.example\n",
                0644);
        write_file(m, "home/project/requirements.txt",
                   "--index-url https://evil.example/simple\n-f https://one.example/x\nrequests==2\n-idea\n",
                   0644);
        found(m, "pip",
              "pip.corp.example:443/tcp /etc/pip.conf\none.example:443/tcp ~/.config/pip/pip.conf\n"
              "two.example:8443/tcp ~/.config/pip/pip.conf\nlinks.example:443/tcp ~/.config/pip/pip.conf\n"
              "evil.example:443/tcp ~/project/requirements.txt (project)\n"
              "one.example:443/tcp ~/project/requirements.txt (project)\n"
              "env PIP_INDEX_URL=https://pip.corp.example/simple\nenv "
              "PIP_EXTRA_INDEX_URL=https://one.example/simple\n");
        set_variable("PIP_INDEX_URL", "https://var.example/simple");
        found_in_it(m, "pip", "var.example:443/tcp PIP_INDEX_URL\n");
}

static void pip_is_asked_for_its_default(void **state)
{
        const Machine *m = *state;
        found_in_it(m, "pip", "error: AllowFrom=pip: no index is configured");
        write_file(m, "root/usr/bin/python3",
                   "#!/bin/sh\n[ \"$1\" = -I ] && echo https://index.example/simple https://files.example\n",
                   0700);
        found(m, "pip", "index.example:443/tcp pip's default\nfiles.example:443/tcp pip's default\n");
}

static void cargo_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        write_file(m, "home/.cargo/config.toml",
                   "# mine\n[build]\nrustflags = [\n  \"-C\", \"a=[\", # ]\n]\njobs = 2\n[source.crates-io]\n"
                   "replace-with = 'mirror'\n[source.mirror]\nregistry = "
                   "\"sparse+https://cargo.corp.example/index/\"\n"
                   "[registries]\nown = { index = \"https://own.example/index\", token = \"sesame\" }\n"
                   "[ registries . \"quoted\" ]\nindex=\"ssh://git@git.example/index\"\n"
                   "[alias]\nb = \"build\"\n[profile.dev]\nopt-level = 0\n",
                   0600);
        write_file(m, "home/.cargo/registry/index/cargo.corp.example-0123456789abcdef/config.json",
                   "{\n \"dl\": \"https://crates.corp.example/api\", \"api\": null }", 0600);
        write_file(m, "home/.cargo/registry/index/other.example-0123456789abcdef/config.json",
                   "{\"dl\":\"https://other-crates.example\"}", 0600);
        write_file(m, "home/project/.cargo/config.toml",
                   "registries.x.index = \"https://evil.example\"\nsource.crates-io.replace-with=\"x\"\n",
                   0600);
        found(m, "cargo",
              "cargo.corp.example:443/tcp ~/.cargo/config.toml\nown.example:443/tcp ~/.cargo/config.toml\n"
              "git.example:22/tcp ~/.cargo/config.toml\nevil.example:443/tcp ~/project/.cargo/config.toml "
              "(project)\n"
              "crates.corp.example:443/tcp "
              "~/.cargo/registry/index/cargo.corp.example-0123456789abcdef/config.json\n");
}

static void cargo_is_asked_for_its_default(void **state)
{
        const Machine *m = *state;
        found_in_it(m, "cargo",
                    "error: AllowFrom=cargo: cargo, which knows its default registry, is not installed");
        write_file(m, "root/usr/bin/cargo", "#!/bin/sh\nexit 1\n", 0700);
        found_in_it(m, "cargo", "error: AllowFrom=cargo: no registry is configured, and cargo cannot print");
        write_file(
                m, "root/usr/bin/cargo",
                "#!/bin/sh\n[ -d \"$CARGO_HOME\" ] && [ \"$CARGO_HTTP_PROXY\" = http://127.0.0.1:1 ] || exit "
                "1\n"
                "echo 'error: failed to download from `https://index.example/config.json`' >&2; exit 101\n",
                0700);
        found(m, "cargo", "index.example:443/tcp cargo's default\n");
        /* The directory that it was asked in is gone. */
        char path[300];
        (void)snprintf(path, sizeof(path), "%s/asked-cargo", m->cache);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(m->cache), 0);
}

static void toml_that_is_not_read_is_named(void **state)
{
        static const char *const bad[] = {"[source.x",
                                          "[source.x]\nregistry = \"a\\u0041\"",
                                          "x",
                                          "[[a]",
                                          "[source]\nx = { registry = 5 }",
                                          "a = \"\"\"",
                                          "[source.x]\nregistry=\"a"};
        const Machine *m = *state;
        write_file(m, "root/usr/bin/cargo", "#!/bin/sh\necho '`https://index.example/`'\n", 0700);
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                write_file(m, "home/.cargo/config.toml", bad[i], 0600);
                found_in_it(m, "cargo", "notice: AllowFrom=cargo: ");
                found_in_it(m, "cargo", "unsupported syntax");
        }
}

static void apt_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        found_in_it(m, "apt", "error: AllowFrom=apt: no source in /etc/apt has a host");
        write_file(
                m, "root/etc/apt/sources.list",
                "# deb http://commented.example/ x main\ndeb [arch=amd64 signed-by=/x] "
                "http://deb.example/debian "
                "bookworm main\ndeb-src https://user:sesame@src.example:8443/d x y\ndebug http://no.example\n"
                "deb cdrom:[Debian]/ x main\ndeb file:/srv/d x y\n",
                0644);
        write_file(m, "root/etc/apt/sources.list.d/more.sources",
                   "Types: deb\nURIs: http://one.example/debian\n https://two.example/debian\nSuites: x\n\n"
                   "Types: deb\nURIs: mirror+file:///etc/apt/mirrors.txt\n",
                   0644);
        write_file(m, "root/etc/apt/sources.list.d/old.list.save", "deb http://saved.example x y\n", 0644);
        write_file(m, "root/etc/apt/mirrors.txt",
                   "http://mirror.example/debian priority:1\n# http://no.example\n", 0644);
        write_file(m, "root/usr/bin/apt-config",
                   "#!/bin/sh\necho 'Acquire::http::Proxy http://proxy.example:3128/'; echo "
                   "'Acquire::x::Retries 3'\n",
                   0700);
        found(m, "apt",
              "deb.example:80/tcp /etc/apt/sources.list\nsrc.example:8443/tcp /etc/apt/sources.list\n"
              "one.example:80/tcp /etc/apt/sources.list.d/more.sources\n"
              "two.example:443/tcp /etc/apt/sources.list.d/more.sources\nmirror.example:80/tcp "
              "/etc/apt/mirrors.txt\n"
              "proxy.example:3128/tcp apt-config\n");
}

static bool has_git(const Machine *m)
{
        if (access("/usr/bin/git", X_OK) < 0)
                return false;
        make_link(m, "/usr/bin/git", "root/usr/bin/git");
        return true;
}

static void git_as_it_is_configured(void **state)
{
        Machine *m = *state;
        found_in_it(m, "git", "error: AllowFrom=git: git, which reads");
        if (!has_git(m)) {
                print_message("# git is not installed\n");
                skip();
        }
        found_in_it(m, "git", "the working directory is in no git repository");
        char git_dir[sizeof(m->cwd) + 8];
        (void)snprintf(git_dir, sizeof(git_dir), "%s/.git", m->cwd);
        m->ctx.git_dir = git_dir;
        write_file(m, "home/project/.git/config",
                   "[core]\n\tfsmonitor = touch /tmp/ran\n[remote \"origin\"]\n\turl = "
                   "https://user:sesame@git.example:8443/a=b.git\n"
                   "[remote \"ssh\"]\n\turl = git@scp.example:me/repo\n\tpushurl = "
                   "ssh://git@push.example:2222/x\n"
                   "[user]\n\temail = project@evil.example\n[remote \"local\"]\n\turl = ../other\n[remote "
                   "\"short\"]\n\turl = work:x/y\n",
                   0600);
        write_file(m, "home/project/.gitmodules", "[submodule \"s\"]\n\turl = git://sub.example/s\n", 0600);
        write_file(m, "home/.gitconfig",
                   "[url \"https://mirror.example/\"]\n\tinsteadOf = work:\n[credential "
                   "\"https://cred.example\"]\n\thelper = store\n"
                   "[http]\n\tsslVerify = true\n\textraHeader = \"Authorization: sesame\"\n"
                   "[user]\n\tname = \"M \\\"E\\\" \\\\ ; x\"\n\temail = me@mine.example\n"
                   "[sendemail]\n\tsmtpPass = sesame\n[alias]\n\tx = \"!echo sesame\"\n",
                   0600);
        write_file(m, "home/.git-credentials", "https://me:sesame@stored.example\n", 0600);
        found(m, "git",
              "mirror.example:443/tcp ~/.gitconfig (vouches)\ncred.example:443/tcp ~/.gitconfig (vouches)\n"
              "stored.example:443/tcp ~/.git-credentials (vouches)\n"
              "git.example:8443/tcp ~/project/.git/config (project)\n"
              "scp.example:22/tcp ~/project/.git/config (project)\n"
              "push.example:2222/tcp ~/project/.git/config (project)\n"
              "mirror.example:443/tcp ~/project/.git/config (project)\n"
              "sub.example:9418/tcp ~/project/.gitmodules (project)\n"
              "config [include]\n\tpath = /etc/gitconfig\n[user]\n\tname = \"M \\\"E\\\" \\\\ ; x\"\n"
              "[user]\n\temail = \"me@mine.example\"\n");
        /* ssh knows some. */
        write_file(m, "root/usr/bin/ssh-keygen",
                   "#!/bin/sh\n[ \"$1\" = -f ] && [ \"$3\" = -F ] || exit 1\ncase $4 in scp.example | "
                   "'[push.example]:2222') exit 0 ;; "
                   "esac\nexit 1\n",
                   0700);
        write_file(m, "home/.ssh/known_hosts", "|1|x|y ssh-ed25519 z\n", 0600);
        found_in_it(m, "git",
                    "\nscp.example:22/tcp ~/.ssh/known_hosts (vouches)\n"
                    "push.example:2222/tcp ~/.ssh/known_hosts (vouches)\n");
}

static void a_project_with_many_hosts_is_bounded(void **state)
{
        const Machine *m = *state;
        char *text = NULL;
        size_t len;
        FILE *f = open_memstream(&text, &len);
        for (unsigned i = 0; i < 3000; i++)
                (void)fprintf(f, "@s%u:registry=https://h%u.example/\n", i, i);
        (void)fclose(f);
        write_file(m, "home/.npmrc", "registry=https://npm.example/\n", 0600);
        write_file(m, "home/project/.npmrc", text, 0600);
        free(text);
        CLEANUP_FREE char *all = probe(m, "npm");
        size_t lines = 0;
        for (const char *p = all; (p = strchr(p, '\n')); p++)
                lines++;
        assert_int_equal(lines, SOURCES_MAX + 2);
        assert_non_null(strstr(all, "ignored the hosts after the first 256"));
}

static void go_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        found_in_it(m, "go", "error: AllowFrom=go: no proxy is configured, and go, which knows");
        write_file(m, "root/usr/local/bin/go",
                   "#!/bin/sh\n[ \"$*\" = 'env GOPROXY GOSUMDB' ] && [ \"$PWD\" = / ] && [ \"$GOENV\" = off "
                   "] && "
                   "printf 'https://default.example,direct\\nsum.example\\n'\n",
                   0700);
        found(m, "go", "default.example:443/tcp go env\nsum.example:443/tcp go env\n");
        write_file(
                m, "home/.config/go/env",
                "GOPRIVATE=x.example\nGOPROXY=https://a.example/p|http://b.example:8080,off\nGOSUMDB=off\n",
                0600);
        found(m, "go",
              "a.example:443/tcp ~/.config/go/env\nb.example:8080/tcp ~/.config/go/env\n"
              "env GOPROXY=https://a.example/p|http://b.example:8080,off\nenv GOSUMDB=off\n");
        set_variable("GOPROXY", "https://me:sesame@env.example/go,direct");
        set_variable("GOSUMDB", "sum.corp.example+1234+abc https://sums.example/db");
        found(m, "go",
              "env.example:443/tcp GOPROXY\nsums.example:443/tcp GOSUMDB\nenv "
              "GOPROXY=https://env.example/go,direct\n"
              "env GOSUMDB=sum.corp.example+1234+abc https://sums.example/db\n");
}

static void gem_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        found_in_it(m, "gem", "error: AllowFrom=gem: no source is configured, and gem, which knows");
        write_file(m, "root/usr/bin/gem",
                   "#!/bin/sh\n[ \"$*\" = 'sources --list' ] && printf '*** CURRENT SOURCES ***\\n\\n"
                   "https://default.example/\\n'\n",
                   0700);
        write_file(m, "home/project/Gemfile.lock", "GEM\n  remote: https://evil.example/\n  specs:\n", 0644);
        found(m, "gem",
              "evil.example:443/tcp ~/project/Gemfile.lock (project)\ndefault.example:443/tcp gem sources\n");
        write_file(m, "home/.gemrc",
                   "---\n:backtrace: false\n:sources:\n- https://me:sesame@gems.example\n  - "
                   "'http://two.example/'\n"
                   ":others:\n- https://no.example\n",
                   0600);
        write_file(m, "home/.bundle/config",
                   "---\nBUNDLE_MIRROR__HTTPS://X.EXAMPLE/: \"https://mirror.example/\"\nBUNDLE_GEMS__X: "
                   "\"sesame\"\n",
                   0600);
        found(m, "gem",
              "gems.example:443/tcp ~/.gemrc\ntwo.example:80/tcp ~/.gemrc\nmirror.example:443/tcp "
              "~/.bundle/config\n"
              "evil.example:443/tcp ~/project/Gemfile.lock (project)\n");
}

static void maven_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        static const char none[] =
                "notice: AllowFrom=maven: settings.xml has no mirror of Maven's own repository";
        found_in_it(m, "maven", none);
        write_file(m, "home/.m2/settings.xml",
                   "<settings>\n<!-- <mirror><url>https://old.example</url></mirror> "
                   "-->\n<servers><server><id>x</id>"
                   "<password>sesame</password></server></servers>\n<mirrors><mirror>\n<id>x</"
                   "id><mirrorOf>*,!corp</mirrorOf>"
                   "<url>\n https://mirror.example:8081/m2 "
                   "</url></mirror></mirrors>\n<profiles><profile><repositories>"
                   "<repository><id>y</id><url>https://repo.example/x</url></repository></repositories></"
                   "profile></profiles>\n",
                   0600);
        write_file(m, "home/project/pom.xml",
                   "<project><url>https://home.example</url><repositories><repository><url>http://"
                   "evil.example/r</url>"
                   "</repository></repositories><distributionManagement><site><url>scp://x</url></site></"
                   "project>",
                   0644);
        found(m, "maven",
              "mirror.example:8081/tcp ~/.m2/settings.xml\nrepo.example:443/tcp ~/.m2/settings.xml\n"
              "evil.example:80/tcp ~/project/pom.xml (project)\n");
        write_file(m, "home/.m2/settings.xml",
                   "<mirror><mirrorOf>*,!central</mirrorOf><url>https://mirror.example</url></mirror><url",
                   0600);
        found_in_it(m, "maven", none);
        /* An unfinished comment or tag ends the file. */
        write_file(m, "home/.m2/settings.xml", "<!-- <mirror><url>https://mirror.example</url>", 0600);
        found(m, "maven",
              "evil.example:80/tcp ~/project/pom.xml (project)\n"
              "notice: AllowFrom=maven: settings.xml has no mirror of Maven's own repository; allow its host "
              "with Allow=\n");
}

static void composer_as_it_is_configured(void **state)
{
        const Machine *m = *state;
        static const char none[] =
                "notice: AllowFrom=composer: config.json does not replace Composer's own repository";
        found_in_it(m, "composer", none);
        write_file(m, "home/.config/composer/config.json",
                   "{\"repositories\": {\"corp\": {\"type\": \"composer\", \"url\": "
                   "\"https:\\/\\/php.example\\/p\"},\n"
                   "\"packagist\": false}}",
                   0600);
        write_file(m, "home/project/composer.json",
                   "{\"repositories\": [{\"type\": \"vcs\", \"url\" : \"https://evil.example/x\"}, {\"url\": "
                   "\"../local\"},\n"
                   "{\"url\": \"https:\\u002f/odd.example\"}, {\"url\": 5}, {\"url\"",
                   0644);
        found(m, "composer",
              "php.example:443/tcp ~/.config/composer/config.json\n"
              "evil.example:443/tcp ~/project/composer.json (project)\n");
        set_variable("COMPOSER_HOME", "/nonexistent");
        found_in_it(m, "composer", none);
}

static void proxies_of_the_environment(void **state)
{
        const Machine *m = *state;
        found(m, "proxy", "");
        set_variable("no_proxy", "x.example");
        set_variable("http_proxy", "me:sesame@proxy.example:3128");
        set_variable("HTTPS_PROXY", "https://proxy.example");
        set_variable("ALL_PROXY", "socks5h://[2001:db8::1]");
        set_variable("all_proxy", "socks5://127.0.0.1:9050");
        found(m, "proxy",
              "proxy.example:3128/tcp http_proxy\nproxy.example:443/tcp HTTPS_PROXY\n[2001:db8::1]:1080/tcp "
              "ALL_PROXY\n"
              "env http_proxy=http://proxy.example:3128\nenv HTTPS_PROXY=https://proxy.example\n"
              "env ALL_PROXY=socks5h://[2001:db8::1]\nenv no_proxy=x.example\n"
              "notice: AllowFrom=proxy: ignored $all_proxy: it is on this machine's loopback (open its port "
              "with "
              "HostLoopback=PORT, and set all_proxy to http://10.0.2.2:PORT)\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(npm_as_it_is_configured),
                TEST(go_as_it_is_configured),
                TEST(gem_as_it_is_configured),
                TEST(maven_as_it_is_configured),
                TEST(composer_as_it_is_configured),
                TEST(proxies_of_the_environment),
                TEST(npm_is_asked_for_its_default),
                TEST(an_answer_is_remembered_while_the_tool_is_the_same),
                TEST(passwords_do_not_come_along),
                TEST(files_that_are_none),
                TEST(pip_as_it_is_configured),
                TEST(pip_is_asked_for_its_default),
                TEST(cargo_as_it_is_configured),
                TEST(cargo_is_asked_for_its_default),
                TEST(toml_that_is_not_read_is_named),
                TEST(apt_as_it_is_configured),
                TEST(git_as_it_is_configured),
                TEST(a_project_with_many_hosts_is_bounded),
        };
        return RUN_TESTS(tests);
}
