#!/bin/bash
# Attack 92: core dumps, which a handler of the host's may read as root.
. "$SRCDIR/tests/escape/lib.sh"
ulimit -S -c "$(ulimit -H -c)"

is "$("$KURUNG" run -- sh -c 'grep "core file" /proc/self/limits | tr -s " "')" "Max core file size 1 1 bytes " \
    "92 the limit is 1 byte: for no other value the kernel leaves a handler alone"
for user in self root; do
    OPTIONS=(--run-as="$user")
    attack "92 the limit can't be lowered to 0 ($user)" seccomp core-limit
done
is "$("$KURUNG" run -- sh -c 'ulimit -c 0 && echo done')" "done" "92 who asks for no core dumps is told that there are none"
is "$("$KURUNG" run -- sh -c 'ulimit -n 64 && ulimit -n')" 64 "92 other limits can be set"

OPTIONS=(--work-dir=rw)
attack_if_any "92 a core file in a shared directory" core core
if [ "$(ulimit -H -c)" != 0 ] && ! ./probe core | grep -q '^escaped'; then
    diag "no process of this machine leaves a core: $(cat /proc/sys/kernel/core_pattern)"
fi
rm -f core core.*
mkfifo go
"$KURUNG" run -q --work-dir=rw -- sh -c 'echo ready >go; read -r _ <go' &
runs=$!
read -r _ <go
name=$("$KURUNG" ps --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["name"])')
is "$("$KURUNG" exec "$name" sh -c 'grep "core file" /proc/self/limits | tr -s " "')" "Max core file size 1 1 bytes " "92 kurung exec: the same limit"
# Those of ours as well: they read what the payload sends.
is "$(for pid in "$runs" $(pgrep -P "$runs"); do grep -h "core file" "/proc/$pid/limits" | tr -s ' '; done | sort -u)" \
    "Max core file size 1 1 bytes " "92 the supervisor and its children have it, too"
echo >go
wait "$runs"
done_testing
