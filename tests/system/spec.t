#!/bin/bash
# How a command is executed, as front ends other than profiles ask for it: descriptors, filters, capabilities, limits, ids.
. "$SRCDIR/tests/lib.sh"

# fill WORD... -- COMMAND...: runs it in such a sandbox; $out, $errors and $status hold what came of it.
fill() {
    "$fill_spec" "$@" >"$HOME/.out" 2>"$HOME/.err" </dev/null
    status=$?
    out=$(cat "$HOME/.out")
    errors=$(cat "$HOME/.err")
    return 0
}

# refused PATTERN NAME: nothing was started, and one line says why.
refused() {
    like "$status:$out:$errors" "^125::kurung: [^
]*$1[^
]*$" "$2"
}

# A file for marks that a command leaves when it is started after all: /tmp of the sandbox is its own, this is the host's.
mkdir marks
marks=(bind="$PWD/marks:$PWD/marks")
mark="$PWD/marks/started"

# Descriptors

echo canary-7 >seven
echo canary-8 >eight
echo canary-9 >nine
mine() { (cd /proc/self/fd && echo *); }
fill keep=7 keep=9 -- bash -c "$(declare -f mine)"'; mine; cat <&7 <&9; cat /dev/fd/7' 7<seven 8<eight 9<nine
like "$out" "^0 1 2( 3)? 7 9
" "the payload has the descriptors that it is to keep, and no other"
unlike "$out" " 8" "not the one between them"
like "$out" "canary-9
canary-7" "they are the caller's"
fill keep=7 -- bash -c 'echo written >&7; exec true <&7' 7<>seven
is "$status:$(cat seven)" "0:written" "what is written to one reaches the caller's file"
printf 'canary-7\n' >seven
fill keep=20 keep=3 keep=255 -- bash -c 'cat <&3; cat <&20; cat <&255; ls /proc/self/fd' 3<seven 20<eight 255<nine 4<nine
is "$out" "canary-7
canary-8
canary-9
0
1
2
20
255
3
4" "any number can be kept (4 is what ls opens)"
fill keep=3 proc=/proc id-map=subid capabilities=80:80:80:80:80 -- bash -c 'cat <&3; ls /proc/self/fd' 3<seven 4<eight
like "$out" "canary-7
0
1
2
3
4$" "also where the payload has a user namespace of its own"

fill keep=3 proc=/proc init=payload terminal=session -- bash -c 'echo $$; cat <&3; ls /proc/self/fd' 3<seven 4<eight
like "$out" "^1
canary-7
0
1
2
3
4$" "and where it is executed in the place of init"

fill "${marks[@]}" keep=7 -- touch "$mark" 6<seven 8<eight
refused "cannot keep descriptor 7: it is not open" "one that is not open is an error"
# Where nothing of the caller's is, kurung may have one of its own by then.
for fd in {3..40}; do
    [ ! -e "/proc/self/fd/$fd" ] || continue
    fill "${marks[@]}" keep="$fd" -- touch "$mark"
    [ "$status:$errors" = "125:kurung: cannot keep descriptor $fd: it is not open, or is close-on-exec" ] || break
done
is "$fd:$errors" "40:kurung: cannot keep descriptor 40: it is not open, or is close-on-exec" "and none of kurung's own is taken for it"
fill "${marks[@]}" keep=2 -- touch "$mark"
refused "cannot keep descriptor 2" "0 to 2 are not to be kept"
fill "${marks[@]}" keep=7 keep=7 -- touch "$mark" 7<seven
refused "cannot keep descriptor 7 twice" "none is kept twice"

# ended_by_payload WORD...: whether the other end of a pipe is told once the payload alone has closed it: neither kurung,
# init nor a helper has it. The payload goes on until it is told to.
ended_by_payload() {
    local got
    rm -f pipe go
    mkfifo pipe go
    "$fill_spec" keep=7 "$@" -- bash -c 'echo canary >&7; exec 7>&-; read -r _ <"$0"; echo end' "$PWD/go" 7>pipe >"$HOME/.out" &
    local pid=$!
    got=$(timeout 60 cat pipe && echo ended)
    is "$got:$(cat "$HOME/.out")" "canary
ended:" "the end of a kept pipe is seen while the payload runs ($*)"
    echo >go
    wait "$pid"
    is "$?:$(cat "$HOME/.out")" "0:end" "which then goes on ($*)"
}
ended_by_payload network=none
if [ -w /dev/net/tun ]; then
    ended_by_payload network=slirp
else
    skip "the end of a kept pipe with a net helper" "/dev/net/tun cannot be opened"
fi

# A helper that serves files can be inspected, so its descriptors show what it inherited; the pipe shows it of each.
if [ -w /dev/fuse ] && [ -w /dev/net/tun ]; then
    ended_by_payload fuse network=slirp
    "$fill_spec" keep=7 keep=8 fuse network=slirp -- bash -c 'echo >"$0"; read -r _ <"$1"' "$PWD/pipe" "$PWD/go" 7<seven 8<eight &
    pid=$!
    read -r _ <pipe
    helpers=$(pgrep -P "$pid" -x 'program|kurung-net' | wc -l)
    server=$(pgrep -P "$pid" -x program)
    held=$(find "/proc/$server/fd" -lname /lower)
    kept=$(find "/proc/$pid/fd" "/proc/$server/fd" -lname '*/seven' -o -lname '*/eight')
    echo >go
    wait "$pid"
    is "$?:$helpers" "0:2" "a run with both helpers"
    like "$held" "^/proc/$server/fd/" "  whose server of files shows its descriptors"
    is "$kept" "" "  none of them is a kept one, and neither are the supervisor's"
else
    skip "the end of a kept pipe with fuse-overlayfs" "/dev/fuse or /dev/net/tun cannot be opened"
fi

# Filters

# filter FILE CALL=ERRNO...: a filter that refuses these calls and lets all others through.
filter() {
    python3 - "$@" <<'END'
import os, struct, sys
numbers = {"x86_64": {"uname": 63, "capset": 126, "prctl": 157, "close_range": 436, "prlimit64": 302, "fcntl": 72},
           "aarch64": {"uname": 160, "capset": 91, "prctl": 167, "close_range": 436, "prlimit64": 261, "fcntl": 25}}[os.uname().machine]
def instruction(code, jt, jf, k):
    return struct.pack("=HBBI", code, jt, jf, k)
program = instruction(0x20, 0, 0, 0)
for word in sys.argv[2:]:
    call, errno = word.split("=")
    program += instruction(0x15, 0, 1, numbers[call]) + instruction(0x06, 0, 0, 0x00050000 | int(errno))
open(sys.argv[1], "wb").write(program + instruction(0x06, 0, 0, 0x7fff0000))
END
}
filter one uname=1
filter other uname=13
filter late capset=1 prctl=1 close_range=1 prlimit64=1 fcntl=1
status_of=(grep -E "^(NoNewPrivs|Seccomp|Seccomp_filters|Cap[A-Z][a-z]+):" /proc/self/status)
said() { tr -d '\t' <<<"$out" | tr '\n' ' '; }

fill -- "${status_of[@]}"
like "$(said)" "NoNewPrivs:1 Seccomp:2 Seccomp_filters:2" "by default the two programs of kurung's own are loaded"
fill filter=none -- "${status_of[@]}"
like "$(said)" "NoNewPrivs:1 Seccomp:0 Seccomp_filters:0" "filter=none: none is"
fill filter=9 -- "${status_of[@]}" 9<one
like "$(said)" "NoNewPrivs:1 Seccomp:2 Seccomp_filters:1" "a given one is loaded alone"
fill filter=9 -- sh -c 'uname; echo "$?"; unshare --user true && echo unshared' 9<one
like "$out:$errors" "^1
unshared:.*Operation not permitted" "it answers, and nothing else does"
fill filter=9 filter=8 -- uname 9<one 8<other
like "$errors" "Permission denied" "of two the one that is loaded last is asked first"
fill filter=8 filter=9 -- uname 9<one 8<other
like "$errors" "Operation not permitted" "in the order in which they are given"
fill filter=9 -- uname 9< <(cat one)
like "$errors" "Operation not permitted" "one can come from a pipe"
fill filter=9 umask=27 rlimit=7:50:60 capabilities=20:20:20:20:20 keep=8 -- grep -E '^(canary|Max open|CapEff|Umask)' /proc/self/{fd/8,limits,status} 9<late 8<eight
is "$status:$(tr -s ' ' <<<"$out" | sed 's, $,,')" "0:/proc/self/fd/8:canary-8
/proc/self/limits:Max open files 50 60 files
/proc/self/status:Umask:	0027
/proc/self/status:CapEff:	0000000000000020" "it is loaded last: what leaving privileges takes is not asked of it"
fill filter=9 -- sh -c 'cat <&9' 9<one
isnt "$status" 0 "its descriptor is not the payload's"

head -c 15 one >part
head -c 32776 /dev/zero >long
: >empty
for file in part long empty; do
    fill "${marks[@]}" filter=8 filter=9 -- touch "$mark" 8<one 9<"$file"
    refused "descriptor 9 holds no system call filter: it must be 1 to 4096 instructions of 8 bytes" "no filter: $file"
done
fill "${marks[@]}" filter=9 -- touch "$mark" 8<one
refused "cannot read a system call filter from descriptor 9: it is not open, or is close-on-exec" "a descriptor that is not open is an error"
head -c 8 /dev/zero >invalid
fill "${marks[@]}" filter=9 -- touch "$mark" 9<invalid
refused "cannot load the system call filter: Invalid argument" "so is a program that the kernel refuses"

loads_libseccomp() { # WORD...
    rm -f "$HOME"/.ld.*
    LD_DEBUG=files LD_DEBUG_OUTPUT=$HOME/.ld "$fill_spec" "$@" -- true 9<one
    grep -q libseccomp "$HOME"/.ld.*
}
ok "kurung's own filter is compiled" loads_libseccomp
not_ok "for a given one no library is loaded" loads_libseccomp filter=9
ok "(the loader said so)" grep -q libc.so "$HOME"/.ld.*
rm -f "$HOME"/.ld.*

# Without no_new_privs

fill new-privileges filter=9 -- "${status_of[@]}" 9<one
is "$(said)" "CapInh:0000000000000000 CapPrm:0000000000000000 CapEff:0000000000000000 CapBnd:0000000000000000 \
CapAmb:0000000000000000 NoNewPrivs:0 Seccomp:2 Seccomp_filters:1 " \
    "without no_new_privs the filter is loaded by a capability that the payload does not have"
fill new-privileges filter=9 run-as=0:0 capabilities=e0:e0:0:e0:0 -- "${status_of[@]}" 9<one
is "$(said)" "CapInh:0000000000000000 CapPrm:00000000000000e0 CapEff:00000000000000e0 CapBnd:00000000000000e0 \
CapAmb:0000000000000000 NoNewPrivs:0 Seccomp:2 Seccomp_filters:1 " "nor root inside, which has others (CAP_SYS_ADMIN is bit 21)"
fill new-privileges filter=9 keep=8 -- sh -c 'uname || cat <&8' 9<late 8<eight
like "$out" "Linux" "it is loaded last then, too"
fill "${marks[@]}" new-privileges -- touch "$mark"
refused "NoNewPrivileges=" "with kurung's own filter no_new_privs stays"

# Capabilities: permitted, effective, inheritable, bounding, ambient. exec makes of them what capabilities(7) says.

sets() { "$@" -- "${status_of[@]}"; said | grep -o 'Cap.*Amb:[0-9a-f]*' | sed 's/Cap...:0\{8\}//g'; }
is "$(sets fill capabilities=0:0:0:0:0)" "00000000 00000000 00000000 00000000 00000000" "none of the five"
is "$(sets fill capabilities=21:1:20:ff:20)" "00000020 00000020 00000020 000000ff 00000020" \
    "a user has the ambient set after exec; inherits and is bounded as given"
is "$(sets fill run-as=0:0 filter=none new-privileges capabilities=21:1:20:cf:20)" "00000020 000000ef 000000ef 000000cf 00000020" \
    "root has the inheritable and the bounding set"
is "$(sets fill run-as=0:0 capabilities=21:1:20:cf:20)" "00000020 00000021 00000021 000000cf 00000020" \
    "and of them what is permitted, where no_new_privs forbids to gain any"
is "$(sets fill run-as=1:1 proc=/proc id-map=subid capabilities=e0:e0:e0:e0:c0)" "000000e0 000000c0 000000c0 000000e0 000000c0" \
    "the same for another user, with subordinate ids"
fill id-map=subid run-as=5:5 capabilities=1:1:1:1:1 tmpfs=/opt -- sh -c 'touch /opt/file 2>&1; id -u; chown 7:8 /tmp && stat -c %u:%g /tmp'
like "$out" "5
7:8$" "an ambient capability has its effect (CAP_CHOWN)"
fill id-map=subid run-as=5:5 capabilities=0:0:0:1:0 -- sh -c 'chown 7:8 /tmp 2>/dev/null || stat -c %u:%g /tmp'
isnt "$out" "7:8" "one that is only bounded has none"
fill "${marks[@]}" capabilities=1:3:0:0:0 -- touch "$mark"
refused "effective only if it is permitted" "what is effective has to be permitted"
fill "${marks[@]}" capabilities=1:1:0:0:1 -- touch "$mark"
refused "ambient only if it is permitted and inheritable" "what is ambient has to be inheritable"

# Limits, umask, groups, OOM score, name

fill rlimit=7:50:60 rlimit=3:1048576:2097152 -- bash -c 'ulimit -Sn; ulimit -Hn; ulimit -Ss; ulimit -Hs'
is "$out" "50
60
1024
2048" "limits are set, soft and hard"
# 4 is RLIMIT_CORE, of which kurung has one of its own. Two below what the caller may have.
core=$(ulimit -Hc)
[ "$core" = unlimited ] && core=4096
fill -- bash -c 'ulimit -Hc'
is "$out" 0 "without one core files are forbidden"
if [ "$core" -gt 2 ]; then
    fill rlimit=4:1024:2048 -- bash -c 'ulimit -Sc; ulimit -Hc'
    is "$out" "1
2" "a given limit stands in the place of kurung's own"
else
    skip "a given limit stands in the place of kurung's own" "this process may have no core files"
fi
is "$(bash -c 'ulimit -n 1000; "$0" rlimit=7:50:2000 -- true 2>&1; echo "$?"' "$fill_spec")" \
    "kurung: cannot set the limit of 'nofile' (setrlimit(2)): Operation not permitted
125" "a limit that would be raised is an error"
fill "${marks[@]}" rlimit=7:3:2 -- touch "$mark"
refused "soft limit of 'nofile' is above the hard one" "a soft limit is not above the hard one"
fill "${marks[@]}" rlimit=99:1:1 -- touch "$mark"
refused "99 is no resource" "an unknown resource is an error"
fill rlimit=7:4:4 -- sh -c 'ulimit -n'
is "$status:$out" "0:4" "starting takes no descriptor of the payload's few"

umask 022
fill -- sh -c umask
is "$out" 0022 "the umask is the caller's"
fill umask=137 -- sh -c 'umask; cd /tmp; >new; stat -c %a new'
is "$out" "0137
640" "or as given"

fill id-map=subid group=5 group=77 -- id -G
is "$out" "$(id -g) 5 77" "supplementary groups are inside's"
fill id-map=subid -- id -G
is "$out" "$(id -g)" "without any there is none"
fill proc=/proc id-map=subid run-as=0:0 group=5 -- id -G
is "$out" "0 5" "of root, too"
fill "${marks[@]}" group=5 -- touch "$mark"
refused "the kernel then refuses setgroups.2." "they take subordinate ids"
fill "${marks[@]}" id-map=subid group=70000 -- touch "$mark"
refused "group 70000: no group is mapped" "and are mapped"

# As root of a user namespace that the caller has made: engines call runtimes like that.
as_root() { unshare --user --map-auto --map-root-user "$fill_spec" ns=user=caller proc=/proc "$@" </dev/null; }
if unshare --user --map-auto --map-root-user true 2>/dev/null; then
    is "$(as_root run-as=5:6 group=7 capabilities=21:1:20:ff:20 -- sh -c 'id -u; id -G; grep ^Cap /proc/self/status' | tr -d '\t' | tr '\n' ' ')" \
        "5 6 7 CapInh:0000000000000020 CapPrm:0000000000000020 CapEff:0000000000000020 CapBnd:00000000000000ff CapAmb:0000000000000020 " \
        "in a user namespace of the caller's root becomes another user, with the groups and capabilities that are given"
    is "$(as_root run-as=5:6 capabilities=0:0:0:0:0 -- id -G)" 6 "and without any group of the caller's"
else
    skip "in a user namespace of the caller's" "unshare(1) can't map subordinate ids"
fi

before=$(cat /proc/self/oom_score_adj)
fill oom-score=$((before + 5)) -- cat /proc/self/oom_score_adj
is "$out" $((before + 5)) "the OOM score is raised"
if [ "$before" -gt -1000 ]; then
    fill "${marks[@]}" oom-score=-1000 -- touch "$mark"
    refused "cannot set the OOM score adjustment to -1000: only a privileged process" "it is not lowered without privilege"
else
    skip "it is not lowered without privilege" "it cannot be lower"
fi
fill "${marks[@]}" oom-score=1001 -- touch "$mark"
refused "1001 is not within -1000 to 1000" "there is no higher one than 1000"

fill proc=/proc argv0=-login-shell -- sh -c 'echo "$0"; tr "\0" " " </proc/$$/cmdline; readlink "/proc/$$/exe"'
like "$out" "^-login-shell
-login-shell -c .*/(dash|bash|sh)$" "the payload's name is as given, its program is the command"
fill argv0=name -- ./missing
is "$status:$errors" "127:kurung: cannot execute './missing': No such file or directory" "an error names the program"

not_ok "no command was started that should not have been" test -e "$mark"
done_testing
