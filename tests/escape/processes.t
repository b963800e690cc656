#!/bin/bash
# Attacks 7-17: our processes and descriptors. 15 and 16 are in live.t.
. "$SRCDIR/tests/escape/lib.sh"

is "$(./probe with-fds / "$KURUNG" run -- ./probe fds)" "held: none" "7 descriptors 3-50 of the caller's do not come along"
is "$(KURUNG_DEFENCE_OFF=close-fds ./probe with-fds / "$KURUNG_UNDEFENDED" run -- ./probe fds)" escaped "7 they do without (close-fds)"

touch "$HOME/on-the-host"
like "$(./probe with-fds "$HOME" "$KURUNG" run --chdir=/proc/self/fd/20 -- ls 2>&1)" "cannot be a working directory" \
    "8 a working directory by descriptor is refused"
ln -s /proc/self/fd/20 link
like "$(./probe with-fds "$HOME" "$KURUNG" run --chdir="$PWD/link" -- ls 2>&1)" "No such file|not inside the sandbox" "8 by a link: the descriptor is not there"
like "$(KURUNG_DEFENCE_OFF=close-fds ./probe with-fds "$HOME" "$KURUNG_UNDEFENDED" run --chdir="$PWD/link" -- ls 2>&1)" \
    "not inside the sandbox" "8 and were it there it would be refused"
like "$(KURUNG_DEFENCE_OFF=close-fds,cwd ./probe with-fds "$HOME" "$KURUNG_UNDEFENDED" run --chdir="$PWD/link" -- ls 2>&1)" \
    "on-the-host" "8 without (close-fds,cwd) it leads out"
# Our own descriptors, too, while the sandbox is made: whatever one leads to is an error or a directory of the sandbox.
for number in $(seq 3 31); do
    ln -sfn "/proc/self/fd/$number" link
    "$KURUNG" run --chdir="$PWD/link" -- sh -c '[ . -ef "$(pwd -P)" ] || { pwd -P; ls; }'
done >leads-out 2>/dev/null
is "$(cat leads-out)" "" "8 no descriptor of ours leads out"
is "$("$KURUNG" run -- ls -a /../)" "$("$KURUNG" run -- ls -a /)" "8 the root's parent is the root"

# A hostile root brings its own loader, which runs in a process of ours.
loader=$(LC_ALL=C readelf -l "$KURUNG" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
root=$HOME/root
mkdir -p "$root/proc" "$root$(dirname "$loader")"
cp "${PROBE%/*}/fake-loader" "$root$loader"
printf '#!/proc/self/exe\n' >"$root/script"
chmod 755 "$root/script"
# A program of ours that the user owns, elsewhere.
own=own/bin/kurung
mkdir -p own/bin
for how in "$KURUNG" "$KURUNG_UNDEFENDED"; do
    cp "$how" "$own"
    chmod 755 "$own"
    before=$(sha256sum <"$own")
    got=$(KURUNG_DEFENCE_OFF=sealed-program "./$own" run --root="$root" --work-dir=hidden -- /script 2>&1 </dev/null)
    like "$got" "the loader ran" "9 #!/proc/self/exe starts the hostile root's loader (${how##*/})"
    if [ "$how" = "$KURUNG" ]; then
        is "$(stat -c %a "$own")" 755 "9 and our program stays as it was"
    else
        is "$(stat -c %a "$own")" 777 "9 which without (sealed-program) changes our program"
    fi
    is "$(sha256sum <"$own")" "$before" "9 its content is the same (${how##*/})"
done
cp "$KURUNG_UNDEFENDED" "$own"
OPTIONS=(--run-as=root)
is "$("$KURUNG" run --run-as=root -- ./probe open-write /proc/1/exe)" "held: EACCES" "9 /proc/1/exe can't be written"
export KURUNG_CANARY=canary-of-the-host
# With the host's network there is Landlock's domain as well, where the kernel has it (ABI 6).
for how in "" --net=host; do
    off=not-dumpable
    [ -z "$how" ] || ! "$KURUNG" run -v --dry-run --net=host -- true | grep -q '^landlock scope' || off+=,landlock
    OPTIONS=(-q --run-as=root ${how:+"$how"})
    attack "9 /proc/1/exe can't be changed $how" $off readlink /proc/1/exe
    attack "10 ptrace of init $how" $off ptrace 1
    attack "10 process_vm_readv of init $how" $off vm-readv 1
    attack "10 pidfd_getfd of init $how" $off,seccomp pidfd-getfd 1 3
    attack "11 /proc/1/environ $how" $off read /proc/1/environ canary-of-the-host
    attack "11 /proc/1/root $how" $off readlink /proc/1/root
    attack "11 /proc/1/cwd $how" $off readlink /proc/1/cwd
done
for as in self root; do
    OPTIONS=(--run-as="$as")
    attack "10 limits of init can't be changed as $as" seccomp prlimit 1
    # Whoever has reaped one and then another waits without them.
    is "$(undefended seccomp run --run-as="$as" -- sh -c './probe prlimit 1; for i in 1 2 3 4 5 6 7 8 9; do
        orphan=$(sh -c ": & echo \$!"); while [ -e /proc/$orphan ]; do :; done; done; echo goes on' 2>&1)" $'escaped\ngoes on' \
        "10 and where they can (seccomp) init goes on without descriptors as $as"
    is "$("$KURUNG" run --run-as="$as" -- sh -c 'prlimit --pid 1 --noheadings --output SOFT --nofile && ulimit -n 7 && ulimit -n' | tail -1)" 7 \
        "10 others' limits can be read, and one's own set as $as"
done
for how in --run-as=self --run-as=root; do
    # shellcheck disable=SC2206 # words
    OPTIONS=(-q $how --hide=/some/secret-name)
    attack "11 /proc/1/cmdline $how" arguments read /proc/1/cmdline secret-name
    # shellcheck disable=SC2086 # words
    is "$("$KURUNG" run $how -- sh -c 'tr -d "\\0" </proc/1/cmdline')" kurung-init "11 /proc/1/cmdline says what init is $how"
done
OPTIONS=(--run-as=root)
attack "11 the payload's own environment" environment read /proc/self/environ canary-of-the-host
is "$("$KURUNG" run --run-as=root -- sh -c 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\0" "\n" | grep -c canary-of-the-host')" 0 "11 no process's environment has it"

# 12: what a profile sets reaches the payload, never our helpers.
mkdir "$HOME/loot" "$HOME/bin"
cat >evil.c <<'X'
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void loaded(void)
{
        char name[64] = "";
        FILE *comm = fopen("/proc/self/comm", "r"), *loot = fopen(LOOT, "a");
        if (comm && loot && fgets(name, sizeof(name), comm))
                fputs(name, loot);
        if (loot)
                fclose(loot);
}
X
cc -shared -fPIC -DLOOT="\"$HOME/loot/loaded-by\"" -o "$HOME/loot/evil.so" evil.c
for helper in newuidmap newgidmap fuse-overlayfs; do
    printf '#!/bin/sh\necho "$0" >>%s\nexit 1\n' "$HOME/loot/loaded-by" >"$HOME/bin/$helper"
    chmod 755 "$HOME/bin/$helper"
done
mkdir -p "$HOME/.config/kurung/profiles"
cat >"$HOME/.config/kurung/profiles/evil.ini" <<X
[Profile]
Extends=build
[Filesystem]
ReadWrite=$HOME/loot
[Environment]
Set=LD_PRELOAD=$HOME/loot/evil.so
Set=GCONV_PATH=$HOME/loot
Set=PATH=$HOME/bin:/usr/bin:/bin
X
"$KURUNG" run -p evil -- /usr/bin/sleep 0
is "$(sort -u "$HOME/loot/loaded-by")" sleep "12 LD_PRELOAD, GCONV_PATH and PATH of a profile reach the command alone"
rm "$HOME/loot/loaded-by"
for server in fuse-overlayfs kurung-view; do
    engine=${server#kurung-}
    rm -f "$HOME/loot/loaded-by"
    undefended environment run -p evil --overlay="${engine%-overlayfs}" -- /usr/bin/true
    unlike "$(cat "$HOME/loot/loaded-by" 2>/dev/null)" $server "12 nor is there such a file where $server is confined"
    undefended environment,confine run -p evil --overlay="${engine%-overlayfs}" -- /usr/bin/true
    like "$(cat "$HOME/loot/loaded-by" 2>/dev/null)" $server "12 without (environment, confine) they reach $server"
done

# The filter can't be loaded without no_new_privs, so it is always off where something is.
gain() { # KURUNG COMMAND-ON-THE-PROGRAM
    KURUNG_DEFENCE_OFF=${KURUNG_DEFENCE_OFF:-},seccomp "$1" run --run-as=root -- sh -c "cp probe /tmp/program && $2 /tmp/program && ./probe setuid-program /tmp/program" 2>&1 </dev/null
}
for how in 'chown 5:5 /tmp/program; chmod 6755' 'setcap cap_dac_override,cap_chown+ep'; do
    is "$(gain "$KURUNG" "$how")" "held: nothing gained" "13 nothing is gained by: ${how%% *} ${how##* }"
    each_alone no-new-privileges,mount-flags "13 ${how%% *} ${how##* }" '^held' gain "$KURUNG_UNDEFENDED" "$how"
    is "$(KURUNG_DEFENCE_OFF=no-new-privileges,mount-flags gain "$KURUNG_UNDEFENDED" "$how")" escaped \
        "13 without (no-new-privileges,mount-flags) it is"
done
is "$("$KURUNG" run -- sh -c 'for f in /usr/bin/su /usr/bin/passwd /usr/bin/mount; do [ ! -u $f ] || findmnt -nro OPTIONS -T $f | grep -qw nosuid || echo $f; done')" "" \
    "13 the system's own set-user-ID programs are on nosuid mounts"
OPTIONS=()
attack "14 keyctl" seccomp keyctl
attack "14 add_key" seccomp add-key
attack "14 request_key" seccomp request-key

"$KURUNG" run --work-dir=rw -- sh -c '(setsid sh -c "trap \"\" TERM INT HUP; ./probe wait-for-signal the-daemon-of-17 >ready17" &); until [ -s ready17 ]; do :; done'
is "$(pgrep -f the-daemon-of-17)" "" "17 who ignores signals and forks twice is gone with the sandbox"
sh -c '(setsid sh -c "trap \"\" TERM INT HUP; ./probe wait-for-signal the-daemon-of-17 >ready17b" &); until [ -s ready17b ]; do :; done'
daemon=$(pgrep -f 'probe wait-for-signal the-daemon-of-17' | head -1)
isnt "$daemon" "" "17 outside of any sandbox it stays"
for pid in $(pgrep -f the-daemon-of-17); do kill -KILL "$pid"; done
done_testing
