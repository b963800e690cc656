#!/bin/bash
# What kurung-bwrap does beyond bubblewrap.
. "$SRCDIR/tests/bwrap/lib.sh"
root=(--ro-bind / / --dev /dev --tmpfs /tmp)

if [ -x "$(dirname "$KURUNG")/kurung-net" ]; then
    bwrap "${root[@]}" --kurung-net slirp sh -c 'ls /sys/class/net >/dev/null; cut -d: -f1 /proc/self/net/dev | tail -n +3 | tr -d " " | sort | paste -sd" "; cat /etc/resolv.conf'
    is "$status:$out" "0:lo tap0
nameserver 10.0.2.3" "--kurung-net slirp: a network of its own, and its resolver ($errors)"
    printf '%s\n' 'import socket, sys' 's = socket.socket(); s.settimeout(20)' 'try: s.connect((sys.argv[1], 9)); print("connected")' 'except OSError as e: print(e.__class__.__name__)' >connect.py
    bwrap "${root[@]}" --kurung-allow example.org --kurung-report "$HOME/report" --chdir "$PWD" python3 connect.py 192.0.2.1
    is "$status:$out" "0:ConnectionRefusedError" "--kurung-allow: another address is refused ($errors)"
    is "$(jq -c '.network.destinations[0] | [.address, .allowed]' "$HOME/report")" '["192.0.2.1",false]' "--kurung-report: it is in the report"
else
    skip "--kurung-net" "there is no kurung-net"
fi
bwrap "${root[@]}" --kurung-limit RuntimeMaxSec=1 --unshare-pid sleep 1000
is "$status" 143 "--kurung-limit RuntimeMaxSec=: the command ends by SIGTERM ($errors)"
is "$errors" "bwrap: ended after 1s (RuntimeMaxSec=)" "  and a line says why"
fails "--kurung-limit of an unknown key" "--kurung-limit: unknown key 'Nonsense'" "${root[@]}" --kurung-limit Nonsense=1 true
fails "--kurung-limit without a value" "--kurung-limit: 'MemoryMax' is not KEY=VALUE" "${root[@]}" --kurung-limit MemoryMax true
bwrap "${root[@]}" --kurung-limit MemoryMax=nonsense true
is "$status:$(wc -l <"$HOME/.err")" 1:1 "--kurung-limit with a wrong value"
fails "--kurung-net of another kind" "--kurung-net: 'host' is not 'slirp'" "${root[@]}" --kurung-net host true
if [ -n "$tap_subids" ] && [ -u "$(command -v newuidmap)" ]; then
    bwrap "${root[@]}" --kurung-id-map subid --uid 0 --gid 0 --cap-add CAP_CHOWN sh -c ': >/tmp/f && chown 5:7 /tmp/f && stat -c %u:%g /tmp/f; wc -l </proc/self/uid_map'
    is "$status:$(head -1 <<<"$out")" 0:5:7 "--kurung-id-map subid: files of other users ($errors)"
else
    skip "--kurung-id-map subid" "there are no subordinate ids, or no newuidmap"
fi
mkfifo told
"$bwrap_ours" "${root[@]}" --kurung-forward-signals sh -c 'trap "echo got; exit 5" TERM; echo ready; while :; do sleep 0.05; done' >told 2>&1 &
sandbox=$!
exec 8<told
read -r _ <&8
kill -TERM $sandbox
wait $sandbox
is "$?:$(cat <&8)" 5:got "--kurung-forward-signals: the command gets SIGTERM, and decides"
exec 8<&-
mkfifo alive
"$bwrap_ours" "${root[@]}" --kurung-forward-signals --unshare-pid --sync-fd 7 sh -c 'sleep 1000 & echo; exit 0' 7>alive >told 2>&1 &
sandbox=$!
exec 8<alive
read -r _ <told
wait $sandbox
is "$(cat <&8; echo eof)" eof "  processes that are left in its pid namespace end with the command"
exec 8<&-
touch lock
bwrap "${root[@]}" --kurung-forward-signals --bind "$PWD/lock" /tmp/lock --lock-file /tmp/lock --json-status-fd 1 python3 -c 'import fcntl
f = open("/tmp/lock", "a")
try: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print("free")
except OSError: print("locked")'
like "$out" 'locked.*"exit-code": 0' "  locks and descriptors are those of bubblewrap ($errors)"
done_testing
