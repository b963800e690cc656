#!/bin/bash
# Attack 101: a stage or helper that was taken over says what its phase does not allow (tests/escape/intruder.c).
. "$SRCDIR/tests/escape/lib.sh"
none_left() { [ -z "$(ls -d "$HOME"/.cache/kurung/run-* 2>/dev/null)" ]; }

# intruder HOW NAME COMMAND...: the stage sends one message more: the command fails with 125 and one line, which matches.
intruder() {
    local how=$1 pattern=$2 got
    shift 2
    got=$(KURUNG_INTRUDER=$how "$@" 2>&1 </dev/null)
    is "$?:$(wc -l <<<"$got")" 125:1 "101 $stage, $how: it ends, with one line" && like "$got" "$pattern" "101 $stage, $how: which says why"
}

stage="setup while it makes the sandbox"
run=("$KURUNG_UNDEFENDED" run -q --overlay=none --)
for message in exit last started:7 stopped:19 terminal:0:1 namespaces:64:1; do
    for when in namespaces mounts; do
        intruder "$when:$message" "^kurung: the setup stage sent an unexpected message .* while it makes the sandbox: out of order$" "${run[@]}" echo ran
    done
done
for message in signal:9 sync:0 sync:4 4711 -1 missing:-1 started:0; do
    intruder "mounts:$message" "while it makes the sandbox: not one of its own$" "${run[@]}" echo ran
done
intruder mounts:namespaces:32:2 "wrong number of descriptors" "${run[@]}" echo ran
intruder mounts:missing:0:1 "wrong number of descriptors" "${run[@]}" echo ran
intruder mounts:tap "wrong number of descriptors" "${run[@]}" echo ran
intruder mounts:namespaces:32:1 "sent a namespace twice|one too many" "${run[@]}" echo ran
intruder mounts:missing:9999 "misses what is not in the plan" "${run[@]}" echo ran
intruder mounts:fuse:0:1 "an overlay that is not in the plan" "${run[@]}" echo ran
intruder mounts:mounts:0:1 "something other than its mounts" "${run[@]}" echo ran
intruder +mounts:mounts:0:1 "one too many" "${run[@]}" echo ran
intruder mounts:junk "something other than a message" "${run[@]}" echo ran
is "$(KURUNG_INTRUDER=sync:exit:0! undefended none run -q -- false 2>/dev/null; echo $?)" 125 "101 setup does not tell of a success before the start"
is "$(KURUNG_INTRUDER=sync:exit:0! undefended phases run -q -- false; echo $?)" 0 "101 without (phases) it does, and no command has run"

stage="setup while it starts the command"
for message in sync:2 mounts:0:1 tap:0:1 namespaces:32:1 missing fuse:0:1 exit; do
    intruder "started:$message" "while it starts the command: (out of order|not one of its own)$" "${run[@]}" sleep 1000
done
intruder started:terminal:0:1 "something other than a terminal" "${run[@]}" sleep 1000
is "$(KURUNG_INTRUDER=+terminal:terminal:0:1 on_tty 'expect(b"one too many"); print(wait())' "${run[@]}" sleep 1000)" 125 "101 $stage: a second terminal"
is "$(KURUNG_INTRUDER=terminal:exit on_tty 'expect(b"out of order"); print(wait())' "${run[@]}" sleep 1000)" 125 "101 $stage: an end before the terminal"

stage="init while the command runs"
for message in sync:2 mounts:0:1 tap:0:1 namespaces:32:1 namespaces:64:1 missing fuse:0:1 started:7 terminal:0:1 signal:9 junk 4711 exit:4991; do
    intruder "+started:$message" "unexpected message .* while the command runs|something other than a message" "${run[@]}" sleep 1000
done
for message in exit last error stopped:19 started:7; do
    intruder "+last:$message" "after the command's end: out of order$" "${run[@]}" true
done
is "$(KURUNG_INTRUDER=+last:exit undefended phases run -q -- sh -c 'exit 3'; echo $?)" 0 "101 without (phases) a second end replaces the first"
ok "101 none of them leaves a directory" none_left

# What one of them has written is kept, as after any other end that was not the command's.
intruder +last:exit "after the command's end" "$KURUNG_UNDEFENDED" run -q --keep=intruder -- touch result
is "$("$KURUNG" diff --name-only intruder):$("$KURUNG" discard intruder 2>&1)" "result:" "101 a kept sandbox stays whole"

stage=fuse-overlayfs
if [ -w /dev/fuse ]; then
    for message in mounts:exit +started:tap:0:1; do
        intruder "$message" "the setup stage sent an unexpected message" "$KURUNG_UNDEFENDED" run -q --overlay=fuse -- sleep 1000
    done
    intruder "+fuse:fuse:0:1" "did not wait for an overlay|not in the plan" "$KURUNG_UNDEFENDED" run -q --overlay=fuse -- sleep 1000
    ok "101 none of them leaves a directory" none_left
fi

# exec's stage, which joins a sandbox of somebody who is well.
mkfifo ready
"$KURUNG" run --read-write="$PWD/ready" -- sh -c 'echo >"$1"; exec sleep 1000' - "$PWD/ready" 2>/dev/null &
supervisor=$!
read -r _ <ready
recorded() { name=$("$KURUNG" ps --json | jq -er '.[0].name'); }
wait_for recorded
stage="exec's stage"
join=("$KURUNG_UNDEFENDED" exec "$name" sleep 1000)
for message in started:exit +started:junk +started:tap:0:1 +started:namespaces:32:1 +started:sync:1 +started:mounts:0:1 +started:started:7 \
    +started:exit:0:1 started:stopped:19 started:fuse:0:1; do
    intruder "$message" "the joining process sent (an unexpected message|something other than a message)" "${join[@]}"
done
is "$(KURUNG_INTRUDER=started:exit:0! undefended phases exec "$name" false; echo $?)" 0 "101 without (phases) exec's stage tells of a success that was none"
is "$(KURUNG_INTRUDER=started:exit:0! undefended none exec "$name" false 2>/dev/null; echo $?)" 125 "101 which is an error with it"
is "$("$KURUNG" exec "$name" echo well)" well "101 and the sandbox goes on"
"$KURUNG" stop "$name"
wait "$supervisor"

if [ -x "$(dirname "$KURUNG_UNDEFENDED")/kurung-net-undefended" ] && [ -c /dev/net/tun ]; then
    got=$(KURUNG_NET_ATTACK=publish "$KURUNG_UNDEFENDED" run -q --net=slirp -- sleep 1000 2>&1 </dev/null)
    is "$?:$got" "125:kurung: the net helper sent an unexpected message" "101 a net helper tells of no port that nobody asked for"
    like "$(KURUNG_NET_ATTACK=publish undefended phases run --net=slirp -- true 2>&1 </dev/null)" "published" "101 without (phases) it does"
else
    skip "101 a net helper tells of no port that nobody asked for" "no /dev/net/tun"
fi
done_testing
