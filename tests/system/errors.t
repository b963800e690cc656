#!/bin/bash
# Bad input and missing things: one line, the right status, nothing started, nothing left.
. "$SRCDIR/tests/lib.sh"
long=/$(head -c 5000 /dev/zero | tr '\0' a)
printf '[Filesystem]\nOverlay=auto\n\nReadonly=/x\n' >"$HOME/bad.ini"
mkdir -p "$HOME/.config/kurung/profiles"
printf '[Profile]\nExtends=b\n' >"$HOME/.config/kurung/profiles/a.ini"
printf '[Profile]\nExtends=a\n' >"$HOME/.config/kurung/profiles/b.ini"

refused() { # STATUS PATTERN ARGS...
    local want=$1 pattern=$2
    shift 2
    kurung "$@"
    is "$status" "$want" "${*:0:60}: status $want"
    like "$errors" "$pattern" "  it says why"
    is "$(wc -l <"$HOME/.err")" 1 "  in one line"
    like "$errors" "^kurung: " "  that begins with the name"
}
refused 125 "unknown option '--work-dri=ro'; did you mean '--work-dir'[?]" run --work-dri=ro true
refused 125 "must be one of" run --overlay=magic true
refused 125 "the size must be" run --tmpfs=/x:big true
refused 125 "UID:GID" run --run-as=me true
refused 125 "bad.ini:4: unknown key 'Readonly' in .Filesystem.; did you mean 'ReadOnly'" run -p "$HOME/bad.ini" true
refused 125 "no profile named 'nosuch'" run -p nosuch true
refused 125 "cycle: a -> b -> a" run -p a true
refused 125 "5001 characters" run --read-only="$long" true
refused 125 "no command given" run
refused 127 "name of the command is empty" run ""
refused 127 "cannot execute 'nosuchprogram': No such file" run nosuchprogram
refused 126 "Permission denied" run /etc/passwd
refused 126 "Is a directory|Permission denied" run /usr
refused 125 "No such file" run --read-only=/no/such true
refused 125 "seccomp|NoNewPrivileges" run --no-new-privileges=no true
refused 125 "cannot be a working directory" run --chdir=/proc/self/fd/3 true
refused 125 "No such file" run --chdir=/no/such true
refused 125 "unknown command" frobnicate
refused 125 "unknown option" doctor --fast
refused 125 "expected list, show" profile frob
refused 125 "bad.ini:4" profile check "$HOME/bad.ini"
# Words that users know from other programs, and misspelled ones, are answered.
refused 125 "'--network=none': use --net=none, --net=slirp or --net=host" run --network=none true
refused 125 "'-it': leave it out" run -it true
refused 125 "'--rm': leave it out" run --rm true
refused 125 "'--name=x': use --keep=NAME" run --name=x true
refused 125 "-v means --verbose; to share a path, use --read-write=/data:/data" run -v /data:/data true
refused 125 "'--setenv': use --env=NAME=VALUE" run --setenv A b true
refused 125 "unknown option '--zzzzzzzz'; see .kurung shell --help" shell --zzzzzzzz
refused 125 "'-c': give the command after the options: -- sh -c COMMAND" shell -c id
refused 125 "--tmpfs requires a value" run --tmpfs -- true
refused 125 "'--ro-bind': use --read-only=PATH" run --ro-bind / / true
refused 125 "'--publsih=1:1'; did you mean '--publish'" run --publsih=1:1 true
refused 125 "'--zzzzzzzz'; see .kurung run --help" run --zzzzzzzz true
refused 125 "'rnu'; did you mean 'run'" rnu true
refused 125 "'ls': use .kurung ps" ls
refused 125 "'version': use .kurung --version" version
refused 125 "'rm': use .kurung discard" rm x
refused 125 "not a URL: leave out the scheme" run --allow=https://example.com true
printf '#!/no/such/interpreter\n' >script
chmod +x script
refused 127 "interpreter" run ./script
mkdir closed && chmod 000 closed
refused 125 "Permission denied" run --root="$project/closed" true
chmod 700 closed
rmdir closed
refused 125 "no kept sandbox named 'nosuch' ..kurung ps -a. lists them.$" apply nosuch
refused 125 "no kept home named 'nosuch' ..kurung ps --homes. lists them.$" discard --home nosuch
refused 125 "no kept sandbox named 'nosuch'" apply --interactive --home nosuch
refused 125 "no sandbox given" apply --home
refused 125 "only|unknown option" apply --homes x
refused 125 "no kept sandbox named 'nosuch'" discard nosuch
refused 125 "no command given" try
refused 125 "No such file" try --read-only=/no/such true
refused 127 "cannot execute 'nosuchprogram': No such file" try nosuchprogram
is "$("$KURUNG" ps -a)" "" "what did not start is not kept"
(cd "$HOME" && "$KURUNG" run --work-dir=overlay true 2>"$HOME/.err")
is "$?" 125 "the home directory itself is refused as working directory"
like "$(cat "$HOME/.err")" "contains your home directory.*--work-dir=hidden" "  with a hint"
for dir in / /usr/share /tmp; do
    (cd $dir && "$KURUNG" run --work-dir=rw true 2>"$HOME/.err")
    is "$?" 125 "$dir is refused as working directory"
    (cd $dir && "$KURUNG" run -- sh -c 'touch x || pwd' 2>"$HOME/.err" >"$HOME/.out")
    is "$?" 0 "  without a word about it, it is not shown as one"
done
(cd / && "$KURUNG" run --work-dir=ro true)
is "$?" 0 "but read-only it may be anywhere"
mkdir gone
(cd gone && rmdir ../gone && "$KURUNG" run true 2>"$HOME/.err")
is "$?" 125 "a deleted working directory is refused"
like "$(cat "$HOME/.err")" "was removed or replaced" "  and said to be"
env -u HOME "$KURUNG" run true 2>"$HOME/.err"
is "$?" 0 "without HOME the one of the account is taken"
mkdir "$HOME/readonly" && chmod 500 "$HOME/readonly"
XDG_CACHE_HOME=$HOME/readonly "$KURUNG" run -- sh -c 'echo x >y' >"$HOME/.out" 2>"$HOME/.err"
like "$(cat "$HOME/.err")" "read-only inside" "a cache directory that can't be written: read-only, and said so"
chmod 700 "$HOME/readonly"
"$KURUNG" run true <&- >&- 2>&-
is "$?" 0 "closed standard descriptors are no trouble"
"$KURUNG" profile show build >/dev/full 2>"$HOME/.err"
is "$?" 125 "a full disk below standard output is an error"

kurung profile show build
"$KURUNG" profile show build >"$HOME/again.ini"
kurung profile check "$HOME/again.ini"
is "$status:$out:$errors" "0::" "what profile show prints is a profile"
kurung profile list --json
ok "profile list --json is JSON" jq -e 'map(.name) | contains(["build", "default", "shell"])' "$HOME/.out"
printf '[Profile]\nDescription=mine\nExtends=default\n' >"$HOME/.config/kurung/profiles/npm.ini"
kurung profile list
is "$(grep -c '^default  *built in  an untrusted command' "$HOME/.out"):$(grep '^npm ' "$HOME/.out")" "1:npm        user      mine" \
    "profile list says what is built in, and which file takes its place"
kurung profile list --json
ok "  and so does --json" jq -e --arg dir "$HOME/.config/kurung/profiles" '(map(select(.name == "npm")) ==
    [{name: "npm", directory: $dir, built_in: false, description: "mine", files: [$dir + "/npm.ini"]}]) and (map(select(.name == "pip"))[0] | .built_in and .directory == null)' "$HOME/.out"
kurung profile show npm
is "$(sed '/^;$/,$d' "$HOME/.out")" "; default (built in)
; $HOME/.config/kurung/profiles/npm.ini" "profile show says where what it shows comes from"
rm "$HOME/.config/kurung/profiles/npm.ini"
kurung profile show --json build
ok "profile show --json is JSON" jq -e '.Identity.RunAs == "root"' "$HOME/.out"
for command in run shell try diff apply export discard ps exec stop inspect profile doctor; do
    kurung $command --help
    like "$status:$out" "^0:Usage: kurung $command" "$command --help"
done
kurung run --help
like "$out" "--publish=\[ADDRESS:\]HOSTPORT:PORT" "  an option with a value that begins with a bracket needs it"
like "$out" "--keep\[=NAME\]" "  an option whose value is optional says so"
kurung --version
like "$out" "^kurung [0-9]+[.][0-9]+[.][0-9]+$" "--version"
kurung doctor
is "$status" 0 "doctor is content where run works"
like "$out" "ok    user namespaces" "  and names what it looked at"
kurung doctor --json
ok "doctor --json is JSON" jq -e '.works and (.checks | length > 10)' "$HOME/.out"
# A sandbox's own filter says that there is no clone3(2), as that of a container may.
cp "$KURUNG" inner
kurung run -e ASAN_OPTIONS=detect_leaks=0 -- sh -c 'unset container; ./inner doctor; ./inner run -q true'
like "$out" "fail  kernel .*: clone3[(]2[)] is not available" "doctor names a system call that a filter takes away"
like "$errors" "clone3[(]2[)] is not available: kurung needs Linux 5.12 .* seccomp filter" "  and so does run"
mkdir alone && mv inner alone/kurung
alone/kurung run -q -- echo works >"$HOME/.out" 2>&1
is "$(cat "$HOME/.out")" works "the program runs without any other file of its own, wherever it is copied to"
# Its helpers are where the program was built or installed.
alone/kurung run -q -p build -- echo works >"$HOME/.out" 2>&1
is "$(cat "$HOME/.out")" works "  also for root inside"
alone/kurung run -q --net=slirp -- echo works >"$HOME/.out" 2>&1
like "$(cat "$HOME/.out")" "^works$|cannot find kurung-net in $PWD/alone.*make install" "  with a network it works, or names what is missing"
rm -r alone

# Libraries that are not installed: what needs them fails, and doctor names them.
library() { # NAME
    ldconfig -p | sed -n "s|.*$1 .*=> ||p" | head -1 | xargs realpath
}
PATH=$PATH:/usr/sbin:/sbin
missing=$(library libseccomp.so.2)
rm -rf "$HOME/.cache/kurung/seccomp"
in_mounts "mount --bind /dev/null $missing" "$KURUNG" run -q -- true 2>"$HOME/.err"
is "$?" 125 "without libseccomp nothing runs"
like "$(<"$HOME/.err")" "cannot load 'libseccomp' [(]Debian, Ubuntu: apt install libseccomp2" "  and the error names it"
in_mounts "mount --bind /dev/null $missing" "$KURUNG" doctor >"$HOME/.out"
is "$?" 125 "  doctor fails, too"
like "$(<"$HOME/.out")" "fail  seccomp .*cannot load 'libseccomp'" "  and names it"
missing=$(library libslirp.so.0)
in_mounts "mount --bind /dev/null $missing" "$KURUNG" doctor >"$HOME/.out"
is "$?" 0 "without libslirp doctor does not fail, as kurung runs without it"
like "$(<"$HOME/.out")" "warn  network .*libslirp.so.0" "  but names it"
if [ -w /dev/net/tun ]; then
    in_mounts "mount --bind /dev/null $missing" "$KURUNG" run -q --net=slirp -- true 2>"$HOME/.err"
    like "$?:$(<"$HOME/.err")" "^125:.*a library is missing [(]\"kurung doctor\" names it" "  and so does a run that needs it"
else
    skip "a run without libslirp" "/dev/net/tun is not accessible"
fi
kurung doctor
like "$out" "directories +$HOME/.cache/kurung for runs, $HOME/.local/state/kurung for kept sandboxes" "doctor names both directories"
printf '[Filesystem]\nReadOnly=~/.ssh\n' >evil.ini
kurung run -p ./evil.ini true
is "$status" 125 "a profile inside the project can't widen"
like "$errors" "evil.ini:2: a profile inside the project" "  and the line is named"
printf '[Filesystem]\nWorkDir=ro\n' >fine.ini
kurung run -p ./fine.ini -- touch x
isnt "$status" 0 "a profile inside the project can narrow"
done_testing
