#!/bin/bash
# What users ran into elsewhere, and what they have here.
. "$SRCDIR/tests/lib.sh"

profiles=$HOME/.config/kurung/profiles

# A profile of the user's adds to the one that came with kurung; drop-ins come last.
mkdir -p "$profiles/build.ini.d"
printf '[Profile]\nExtends=build\n[Environment]\nSet=MINE=one\n' >"$profiles/build.ini"
printf '[Environment]\nSet=MORE=two\n' >"$profiles/build.ini.d/more.ini"
kurung run -p build -- sh -c 'echo "$MINE $MORE $(id -u)"'
is "$out" "one two 0" "a profile extends the built-in one of its name; a drop-in adds to it"
kurung profile show build
like "$out" "; default \(built in\).*; build \(built in\).*; $profiles/build.ini.*; $profiles/build.ini.d/more.ini" \
    "profile show names the files in their order"
rm -r "$profiles/build.ini" "$profiles/build.ini.d"

# What "su" and job schedulers leave in the environment.
mkdir -m 0 "$HOME/other"
XDG_CONFIG_HOME=$HOME/other/.config kurung run -- echo started
is "$out" started "a run without -p starts although the directory of profiles is not accessible"
like "$errors" "your profiles are not read: '$HOME/other/.config/kurung/profiles' is not accessible .unset XDG_CONFIG_HOME" \
    "  and says it"
XDG_CONFIG_HOME=$HOME/other/.config kurung run -p build -- true
is "$status" 125 "a profile that was named stays an error"
like "$errors" "cannot read profile '$HOME/other/.config/kurung/profiles/build.ini': Permission denied" "  which names it"
rmdir "$HOME/other"

# What is for a network asks for one.
kurung run --publish=0:8000 -- cat /sys/class/net/tap0/mtu
isnt "$out" "" "--publish asks for a network"
like "$errors" "--publish implies --net=slirp, by which the whole internet may be reached" "  and says what it opens"
kurung run --allow=example.invalid -- ls /sys/class/net
like "$out" "tap0" "so does --allow"
unlike "$errors" implies "  without a word, as it restricts"
kurung run --net=none --allow=example.invalid -- ls /sys/class/net
unlike "$out" "tap0" "--net=none takes precedence"
like "$errors" "Allow= has no effect without a network" "  and the other option is said to have no effect"

# A process with no_new_privs, as some services and sandboxes start programs, cannot use newuidmap.
"$KURUNG" run -q --id-map=subid true 2>/dev/null && subids=yes || subids=''
if [ -n "$subids" ]; then
    setpriv --no-new-privs "$KURUNG" run -p build -- sh -c 'id -u; wc -l </proc/self/uid_map' >"$HOME/.out" 2>"$HOME/.err"
    is "$?:$(tr '\n' ' ' <"$HOME/.out")" "0:0 1 " "with no_new_privs, root inside starts with one id"
    like "$(cat "$HOME/.err")" "only one user id exists inside: kurung was started with no_new_privs" "  and says why"
    setpriv --no-new-privs "$KURUNG" run --id-map=subid true 2>"$HOME/.err"
    is "$?" 125 "  --id-map=subid is an error"
    like "$(cat "$HOME/.err")" "IdMap=subid: kurung was started with no_new_privs" "  with the reason"
    like "$(setpriv --no-new-privs "$KURUNG" doctor)" "newuidmap[^
]*without effect in a process with no_new_privs" "  doctor names it"
    in_mounts 'mount --bind /usr /usr; mount -o remount,bind,nosuid /usr' "$KURUNG" run -p build true 2>"$HOME/.err"
    like "$?:$(cat "$HOME/.err")" "^0:.*only one user id exists inside" "where subordinate ids are not mapped it starts, too"
else
    skip "no_new_privs" "this user has no subordinate ids"
fi

kurung run --seccomp=strict -- sh -c 'mkfifo pipe && test -p pipe'
is "$status:$errors" "0:" "the strict filter allows FIFOs"

# The shell's process substitutions, and make's jobserver, are pipes that come along.
"$KURUNG" run -- diff <(echo a) <(echo b) >"$HOME/.out" 2>"$HOME/.err"
is "$?:$(grep -c '^[<>] [ab]$' "$HOME/.out")" "1:2" "process substitutions are passed on"
"$KURUNG" run -- sh -c 'echo written >"$1"' - >(cat >"$HOME/substituted") 2>"$HOME/.err"
wait_for test -s "$HOME/substituted"
is "$(cat "$HOME/substituted")" written "  also to write"
echo content >"$HOME/file"
"$KURUNG" run -- cat /dev/fd/7 7<"$HOME/file" >"$HOME/.out" 2>"$HOME/.err"
is "$(cat "$HOME/.out")" "" "a file's descriptor is not"
like "$(cat "$HOME/.err")" "'/dev/fd/7' is not passed on, because it is not a pipe" "  and that is said"
"$KURUNG" run -- sh -c 'ls /proc/self/fd | wc -l' 7< <(echo) >"$HOME/.out"
is "$(cat "$HOME/.out")" 4 "a pipe that nobody names is not passed on"

"$KURUNG" run -q --keep=pipes -- cmp <(echo a) <(echo a)
is "$?" 0 "a kept sandbox gets them, too"
"$KURUNG" discard pipes

# Each of the two waits for the other one: one after the other they would never end.
mkfifo meet
cat >in.mk <<'END'
both: one two
one: ; echo "flags $(MAKEFLAGS)"; echo >meet
two: ; read x <meet
END
printf 'all: ; +"$$KURUNG" run -q -p build -- timeout 30 make -f in.mk\n' >out.mk
# Before make 4.4 a jobserver is always a pipe.
ways=(-j4)
make --help 2>/dev/null | grep -q jobserver-style && ways=(--jobserver-style=pipe --jobserver-style=fifo)
for way in "${ways[@]}"; do
    if ! command -v make >/dev/null; then
        skip "make's jobserver" "make is not installed"
        continue
    fi
    make -j4 "$way" -f out.mk >"$HOME/.out" 2>&1
    is "$?" 0 "make's jobserver comes along ($way)" || diag "$(cat "$HOME/.out")"
    like "$(cat "$HOME/.out")" "flags [^
]*--jobserver-auth=[0-9]+,[0-9]+" "  and is the one of the outer make"
done
MAKEFLAGS=" -j --jobserver-auth=44,45" kurung run -p build -- sh -c 'echo "[$MAKEFLAGS]"'
is "$out" "[ -j ]" "a jobserver that is not there is not named inside"

# The smallest 32-bit program: exit(7). Without a word it would end by SIGSEGV.
python3 - <<'END'
import struct
code = b"\xb8\1\0\0\0\xbb\7\0\0\0\xcd\x80"
base = 0x8048000
head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base + 84, 52, 0, 0, 52, 32, 1, 0, 0, 0)
segment = struct.pack("<IIIIIIII", 1, 0, base, base, 84 + len(code), 84 + len(code), 5, 4096)
open("exit7", "wb").write(head + segment + code)
END
chmod +x exit7
if [ "$(uname -m)" = x86_64 ]; then
    kurung run -- ./exit7
    is "$status" 126 "a 32-bit program is refused"
    like "$errors" "'./exit7': it is a 32-bit program.*--architectures=x86" "  with the option that allows it"
    if ./exit7 || [ "$?" -eq 7 ]; then
        kurung run --architectures=x86 -- ./exit7
        is "$status" 7 "  by which it runs"
    else
        skip "  by which it runs" "this kernel does not run 32-bit programs"
    fi
else
    skip "a 32-bit program" "the test's is of x86"
fi

# git below the top of its repository: it is there, and read-only; one word catches the writes to all of it.
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=me GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1=me@example.com
pass=(-e GIT_CONFIG_COUNT=2 -e GIT_CONFIG_KEY_0=user.name -e GIT_CONFIG_VALUE_0=me
    -e GIT_CONFIG_KEY_1=user.email -e GIT_CONFIG_VALUE_1=me@example.com)
mkdir -p repository/sub/deep "$HOME/secret"
git -C repository init -q -b main
echo one >repository/shared.h
git -C repository add . && git -C repository commit -q -m first
cd repository/sub || exit 1
kurung run -- sh -c 'git log --format=%s; cat ../shared.h; echo two >../shared.h; echo new >new; cat new'
is "$out" "first
one
new" "in a subdirectory git works, files beside it can be read, writes are caught"
like "$errors" "shared.h: Read-only file system" "  and the rest of the repository cannot be written"
is "$(cat ../shared.h):$(ls)" "one:deep" "  nothing has arrived outside"
kurung run --project=hidden -- sh -c 'git log; ls ..'
unlike "$out$errors" "first|shared.h" "--project=hidden shows only the working directory"
kurung run --keep=commits --project=overlay "${pass[@]}" -- sh -c 'echo two >>../shared.h; echo new >new; git add -A .. && git commit -q -m second && git log --format=%s'
is "$out" "second
first" "--project=overlay catches a commit"
is "$(git log --format=%s)" first "  which is not outside yet"
kurung apply commits
is "$status:$(git log --format=%s | tr '\n' ' '):$(git status --short)" "0:second first :" "  apply brings it, whole"
"$KURUNG" discard commits
cd "$project/repository/sub/deep" || exit 1
kurung run --work-dir=rw --project=overlay -- sh -c 'echo x >here; echo y >../there'
is "$(ls . ..)" ".:
here

..:
deep
new" "--work-dir=rw within a caught project writes only there"
rm here

# A worktree elsewhere, and one that only says so.
cd "$project/repository" || exit 1
git worktree add -q "$HOME/worktree"
cd "$HOME/worktree" || exit 1
kurung run -- git status --short --branch
is "$status:$out" "0:## worktree" "in a worktree git finds its repository"
kurung run --project=overlay "${pass[@]}" -- sh -c 'echo w >w; git add w; git commit -q -m third; git log --format=%s | wc -l'
is "$out" 3 "  and commits to it, caught"
is "$(git log --format=%s | wc -l)" 2 "  nothing of it is outside"
mkdir -p "$HOME/secret/objects" "$HOME/secret/worktrees/x" && echo canary >"$HOME/secret/canary"
echo "gitdir: $HOME/secret/worktrees/x" >.git
kurung run -- sh -c "cat $HOME/secret/canary"
unlike "$out" canary "a .git that names a directory that does not name it back shows nothing"
echo "/elsewhere/.git" >"$HOME/secret/worktrees/x/gitdir"
kurung run -- sh -c "cat $HOME/secret/canary"
unlike "$out" canary "  nor one that names another worktree"
cd "$project" || exit 1
rm -rf repository "$HOME/worktree" "$HOME/secret"

# A new terminal is in the home directory.
cd "$HOME" || exit 1
kurung run -- sh -c 'pwd; ls -A'
is "$status:$out" "0:$HOME" "in the home directory a run starts, in an empty home"
like "$errors" "^kurung: the working directory '$HOME' contains your home directory, and is hidden: [^
]*\$" "  with one line"
kurung run --work-dir=overlay -- true
is "$status" 125 "  who asks for it to be shown gets an error"
unlike "$errors" "work-dir=ro" "  which does not suggest to show it"
cd "$project" || exit 1

# Directories of PATH that are visible inside stay in it; for others there is a line.
mkdir -p venv/bin "$HOME/.nvm/versions/v22/"{bin,lib} "$HOME/mine"
printf '#!/bin/sh\necho from the project\n' >venv/bin/nodeish
printf '#!/bin/sh\necho from nvm\n' >"$HOME/.nvm/versions/v22/bin/nodeish"
printf '#!/bin/sh\necho mine\n' >"$HOME/mine/true"
chmod +x venv/bin/nodeish "$HOME/.nvm/versions/v22/bin/nodeish" "$HOME/mine/true"
PATH=$project/venv/bin:relative:$PATH kurung run -- nodeish
is "$out:$errors" "from the project:" "a PATH entry in the project stays"
PATH=$HOME/.nvm/versions/v22/bin:$PATH kurung run -- sh -c 'echo "$PATH"'
unlike "$out" nvm "one that is not visible goes"
PATH=$HOME/.nvm/versions/v22/bin:$PATH kurung run -- nodeish
is "$status" 127 "a program there is not found"
like "$errors" "'$HOME/.nvm/versions/v22/bin/nodeish' is not visible inside .show it with --read-only=$HOME/.nvm/versions/v22[)]" \
    "  and the line says what shows it"
PATH=$HOME/.nvm/versions/v22/bin:$PATH kurung run --read-only="$HOME/.nvm/versions/v22" -- nodeish
is "$out:$errors" "from nvm:" "  which it does"
PATH=$HOME/mine:$PATH kurung run -- true
is "$status" 0 "another program of the same name is started"
like "$errors" "'true' inside is /[^ ]*/true; '$HOME/mine/true' is not visible .show it with --read-only=$HOME/mine[)]" "  and said"
rm -r venv "$HOME/.nvm" "$HOME/mine"

# Tools=yes shows version managers that PATH leads to, without what holds credentials.
program() { # PATH below the home
    mkdir -p "$HOME/${1%/*}"
    printf '#!/bin/sh\necho %s\n' "$1" >"$HOME/$1"
    chmod +x "$HOME/$1"
}
tools=(.nvm/versions/node/v22/bin/a1 .local/share/fnm/node-versions/v22/installation/bin/a2 .volta/bin/a3 .pyenv/shims/a4
    .rbenv/shims/a5 .cargo/bin/a6 .sdkman/candidates/java/current/bin/a7 .asdf/shims/a8 .local/share/mise/shims/a9 .deno/bin/a10
    .bun/bin/a11 go/bin/a12 miniconda3/bin/a13 .local/bin/a14 bin/a15)
path=$PATH names=''
for tool in "${tools[@]}"; do
    program "$tool"
    path=$HOME/${tool%/*}:$path
    names+="${tool##*/} "
done
mkdir -p "$HOME/.rustup/toolchains/stable" "$HOME/.local/share/uv/python" "$HOME/.pyenv/plugins" "$HOME/elsewhere/bin"
touch "$HOME/.rustup/settings.toml"
secrets=(.cargo/credentials.toml .nvm/.npmrc .local/share/uv/credentials .npmrc .condarc .docker/config.json
    .config/mise/config.toml .bun/bunfig.toml .sdkman/etc .volta/secret .rustup/secret .deno/.auth)
for secret in "${secrets[@]}"; do
    mkdir -p "$(dirname "$HOME/$secret")"
    echo canary >"$HOME/$secret"
done
# shellcheck disable=SC2086 # names are words
PATH=$path kurung run --tools -- sh -c "for name in $names; do \$name; done"
is "$out" "$(printf '%s\n' "${tools[@]}")" "Tools=yes: every manager's programs run"
PATH=$path kurung run --tools -- sh -c 'ls ~/.rustup ~/.local/share/uv; cat ~/.cargo/bin/new; touch ~/.cargo/bin/new'
like "$out" "python.*settings.toml.toolchains" "  with what they need"
like "$errors" "Read-only file system" "  read-only"
PATH=$path kurung run --tools -- grep -rl canary "$HOME"
is "$out" "" "  no credential is among them"
PATH=$path kurung run -p build -- a6
is "$out" .cargo/bin/a6 "  the profile build has it"
kurung run --tools -- ls -A "$HOME"
is "$out" project "  what PATH does not lead to is not shown"
PATH=$path kurung run --tools --hide="$HOME/.cargo" -- sh -c 'a6; a14'
is "$out" .local/bin/a14 "  what is hidden stays hidden"
PATH=$HOME/elsewhere/bin:$path CARGO_HOME=$HOME kurung run --tools -- sh -c 'ls -d ~/elsewhere ~/.npmrc ~/.docker'
is "$out" "" "  a variable that names the home shows nothing of it"
# A virtual environment of the project is written to as the project is.
mkdir -p "$project/.venv/bin" "$project/sub"
printf '#!/bin/sh\necho from the environment\n' >"$project/.venv/bin/a16"
chmod +x "$project/.venv/bin/a16"
in_environment() { # OPTIONS... -- COMMAND
    PATH=$project/.venv/bin:$PATH VIRTUAL_ENV=$project/.venv kurung run --tools "$@"
}
in_environment --keep=environment -- sh -c 'a16 && touch .venv/bin/a17'
is "$status:$out:$errors" "0:from the environment:" "the command installs into a virtual environment of the project"
ok "  which is left alone" test ! -e .venv/bin/a17
like "$("$KURUNG" diff environment)" "^A  .venv/bin/a17" "  and diff shows what it installed"
"$KURUNG" discard environment
in_environment --work-dir=rw -- sh -c 'a16; touch .venv/bin/a17'
like "$out:$errors" "^from the environment.*Read-only file system" "in a writable project, PATH's programs cannot be replaced"
in_environment --work-dir=rw --read-write=.venv -- touch .venv/bin/a17
ok "  unless an option says so" rm .venv/bin/a17
in_environment --work-dir=hidden --chdir=/ -- a16
is "$out" "from the environment" "they are seen if the project is hidden"
mkdir .git && cd sub || exit 1
in_environment -p build --project=overlay -- sh -c 'a16 && touch ../.venv/bin/a17'
is "$status:$out" "0:from the environment" "in a subdirectory, Project=overlay holds for an environment, too"
in_environment -- sh -c 'a16; touch ../.venv/bin/a17'
like "$out:$errors" "^from the environment.*Read-only file system" "  and Project=ro"
in_environment --project=hidden -- a16
is "$out" "from the environment" "  which is seen if the rest of the repository is hidden"
cd "$project" && rm -r .git .venv sub || exit 1

cd "$HOME" && rm -rf .nvm .local/share/fnm .volta .pyenv .rbenv .cargo .sdkman .asdf .local/share/mise .deno .bun go miniconda3 .local/bin bin \
    .rustup .local/share/uv elsewhere .npmrc .condarc .docker .config/mise
cd "$project" || exit 1

# A path without changes has a typing error, and is named.
kurung run --keep=typo -- sh -c 'mkdir dir; echo a >dir/a'
kurung diff typo dir/a dirr
is "$status:$out" "0:A  dir/a" "diff of two paths"
is "$errors" "kurung: no changes at 'dirr'" "  names the one without changes"
kurung export -o out.tar typo dirr
like "$errors" "no changes at 'dirr'" "so does export"
kurung diff typo dir dir/a
is "$errors" "" "and neither names one with changes"
"$KURUNG" discard typo
rm -f out.tar

# The short form: a profile in place of a command.
kurung build id -u
is "$status:$out" "0:0" "kurung PROFILE COMMAND"
printf '[Profile]\nExtends=default\nCommand=echo\n' >"$profiles/say.ini"
kurung say -n hello --keep
is "$status:$out:$errors" "0:hello --keep:" "kurung PROFILE ARG... runs its Command= with all arguments"
kurung say
is "$status:$out" "0:" "  also without any"
# With a root of its own, kurung executes itself again, with these arguments.
mkdir -p root/bin && cp "$(command -v busybox)" root/bin/sh
printf '[Filesystem]\nRoot=%s\nWorkDir=hidden\n' "$PWD/root" >"$profiles/rooted.ini"
kurung rooted /bin/sh -c 'echo "in $0"' it
is "$status:$out" "0:in it" "the short form with another root"
rm -r root "$profiles/rooted.ini"
kurung bulid true
like "$status:$errors" "125:.*unknown command 'bulid'; did you mean 'build'" "a misspelled profile is answered"
kurung build --net=none true
like "$status:$errors" "125:.*'--net=none': options are not for the short form: kurung run -p build .OPTIONS. COMMAND" "options are for run"
printf '[Profile]\nExtends=nosuch\n' >"$profiles/broken.ini"
kurung broken true
like "$status:$errors" "125:.*no profile named 'nosuch'" "one with an error says it"
rm "$profiles/say.ini" "$profiles/broken.ini"
for name in yarn pnpm bun uv npm pip cargo git apt; do
    like "$("$KURUNG" profile show "$name")" "Command=$name" "the profile $name names its program"
done

# The home of $HOME and that of the password file are one directory for root inside.
mkdir -p "$HOME/.m2" && echo settings >"$HOME/.m2/settings.xml"
for engine in auto fuse kernel none; do
    [ "$engine" != fuse ] || [ -w /dev/fuse ] || continue
    kurung run --run-as=root --overlay="$engine" --read-only="$HOME/.m2" -- sh -c 'echo mine >/root/.file; cat ~/.file ~root/.m2/settings.xml; stat -c %a /root'
    is "$out" "mine
settings
700" "root's home is the home (--overlay=$engine)"
done
kurung run --run-as=root --read-only=/etc/hostname:/root/name -- ls -A /root
is "$out" name "what the user puts into /root stays visible"
kurung run --keep=home --run-as=root -- sh -c 'echo x >/root/.installed'
kurung diff home
like "$out" "^A  $HOME/.installed" "what is written to /root is a change of the home"
"$KURUNG" discard home
kurung run -- ls /root
isnt "$status" 0 "for others /root is closed"
rm -r "$HOME/.m2"

# A profile above the working directory belongs to the project, also where no repository says so: an unpacked archive.
mkdir -p archive/src && printf '[Network]\nMode=host\n' >archive/kurung.ini
cd archive/src || exit 1
kurung run -p ../kurung.ini -- true
like "$status:$errors" "125:.*a profile inside the project may only restrict" "a profile of an archive needs trust, also from a subdirectory"
cd "$project" || exit 1
rm -r archive

# Who reviews is told what cannot be reviewed.
kurung run --keep=written --work-dir=rw -- true
like "$errors" "writes to the working directory is there at once, and not among the changes to review .WorkDir=rw" "--keep with rw says it"
"$KURUNG" discard written
mkdir -p beside && printf '#!/bin/sh\necho beside\n' >beside/configure && chmod +x beside/configure
mkdir build && cd build || exit 1
kurung run -- ../beside/configure
like "$status:$errors" "^127:.*'../beside/configure' is not visible inside .show it with --read-only=$project/beside[)]" "a path that is not visible is named"
cd "$project" || exit 1
rm -r beside build
kurung run --allow=localhost:80 -- true
like "$errors" "localhost.*is the sandbox's own loopback.*--host-loopback=PORT" "a rule for the host's loopback says how it is reached"
kurung run --allow=127.0.0.1 -- true
like "$errors" "127.0.0.1.*--host-loopback=PORT" "  also by address"

# Help for a command.
kurung help diff
like "$out" "^Usage: kurung diff" "kurung help COMMAND prints the command's help"
kurung help build
like "$out" "^Usage: kurung run" "kurung help PROFILE prints that of run"
kurung help dfif
like "$errors" "did you mean 'diff'" "  or what was meant"

done_testing
