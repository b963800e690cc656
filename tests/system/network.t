#!/bin/bash
# The network of a sandbox as a user sees it, in a network that this file makes for itself.
. "$SRCDIR/tests/lib.sh"
export LOG=${LOG:-$PWD/reached}
run_in_network '
    serve internet in_internet python3 "$SRCDIR/tests/tools/servers.py" "$LOG" 198.51.100.2:80 198.51.100.2:80/udp "[2001:db8::2]:80" \
        "[2001:db8::2]:80/udp" 198.51.100.2:443
    serve host here python3 "$SRCDIR/tests/tools/servers.py" "$LOG" 127.0.0.1:9000 "[::1]:9000" 127.0.0.1:9000/udp
    serve iperf in_internet sh -c "echo; exec iperf3 -s -J >/dev/null"'
FETCH=(curl -sS -g -m 20)

kurung run -q --net=slirp -- "${FETCH[@]}" http://198.51.100.2/
is "$status:$out:$errors" "0:reached 198.51.100.2 80:" "a program reaches the internet by IPv4, and nothing is printed"
kurung run -q --net=slirp -- "${FETCH[@]}" "http://[2001:db8::2]/"
is "$out" "reached 2001:db8::2 80" "and by IPv6"
kurung run -q --net=slirp --run-as=root -- "${FETCH[@]}" http://198.51.100.2/
is "$out" "reached 198.51.100.2 80" "as root inside, too"
for overlay in fuse kernel none; do
    kurung run -q --net=slirp --overlay="$overlay" -- "${FETCH[@]}" http://198.51.100.2/
    is "$out" "reached 198.51.100.2 80" "under the engine $overlay"
done
udp='import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20)
s.connect((sys.argv[1], int(sys.argv[2])))
for size in 1, 1400, int(sys.argv[3]):
    s.send(b"x" * size); print(len(s.recv(65535)), end=" ")'
for address in 198.51.100.2 2001:db8::2; do
    kurung run -q --net=slirp -- python3 -c "$udp" "$address" 80 60000
    is "$out" "1 1400 60000 " "datagrams of all sizes go and come back ($address)"
done
kurung run -q --net=slirp -- python3 -c 'import socket; s = socket.create_connection(("10.0.2.2", 1), 20)'
like "$errors" "ConnectionRefused" "a refused connection gets a reset"
kurung run -q --net=slirp -- python3 -c "$udp" 10.0.2.2 1 1
like "$errors" "No route to host|Permission denied" "a refused datagram gets an ICMP message"
kurung run -q --net=slirp -- python3 -c "$udp" fd6b:7572:756e::2 1 1
like "$errors" "Permission denied|No route to host" "and by IPv6"

kurung run -q --net=slirp -- cat /etc/resolv.conf
is "$out" "nameserver 10.0.2.3" "/etc/resolv.conf names the sandbox's resolver"
# shellcheck disable=SC2016 # the inner shell's
kurung run -q --net=slirp -- sh -c 'getent hosts "$(hostname)" && getent hosts localhost'
is "$status" 0 "/etc/hosts has the sandbox's name and localhost"
kurung run -q --net=slirp --run-as=root -- sh -c 'echo x >/etc/resolv.conf'
isnt "$status" 0 "and neither can be written, not even by root inside"
for address in 10.0.2.2 fd6b:7572:756e::2; do
    for who in self root; do
        kurung run -q --net=slirp --run-as="$who" -- ping -n -c 1 -W 20 "$address"
        is "$status" 0 "ping to the gateway is answered ($address, as $who)" || diag "$out $errors"
    done
done
kurung run -q --net=slirp -- sh -c 'cat /sys/class/net/tap0/mtu; ls /sys/class/net'
is "$out" $'65520\nlo\ntap0' "there is loopback and tap0, with the largest MTU"

# What it tried
kurung run --net=slirp --id-map=single --allow=198.51.100.2:80 -- sh -c 'for i in 1 2 3; do curl -sS -m 20 http://198.51.100.2:443/; done
    curl -sS http://198.51.100.2/'
is "$(grep -c 'kurung: refused' <<<"$errors")" 1 "a refused destination is named once" || diag "$status: $errors"
like "$errors" "kurung: refused 198.51.100.2:443 \(no Allow= rule matches\)" "with the reason"
kurung run -v --net=slirp --allow=198.51.100.2:80 -- sh -c 'for i in 1 2 3; do curl -sS http://198.51.100.2:443/; done; curl -sS http://198.51.100.2/'
like "$errors" "refused 198.51.100.2:443, 3 times \(no Allow= rule matches\)" "-v shows how often it was tried"
like "$errors" "allowed 198.51.100.2:80, 1 times \(Allow=198.51.100.2:80\)" "and what was allowed, by which rule"
kurung run --net=slirp -- python3 -c '
import socket
for port in range(1, 3000):
    s = socket.socket(); s.setblocking(False)
    try: s.connect(("10.0.2.2", port))
    except BlockingIOError: pass
    s.close()'
like "$errors" "further refusals are not shown" "a payload that tries thousands of ports does not flood the terminal"
is "$(grep -c '^kurung: refused' <<<"$errors")" 20 "of which some are named"

# HostLoopback=
kurung run -q --net=slirp --host-loopback=9000 -- "${FETCH[@]}" http://10.0.2.2:9000/
is "$out" "reached 127.0.0.1 9000" "HostLoopback= opens one port of the host's loopback"
kurung run -q --net=slirp --host-loopback=9000 -- "${FETCH[@]}" "http://[fd6b:7572:756e::2]:9000/"
is "$out" "reached ::1 9000" "by IPv6, too"
kurung run -q --net=slirp --host-loopback=9000 -- python3 -c "$udp" 10.0.2.2 9000 1000
is "$out" "1 1400 1000 " "and datagrams"
kurung run -q --net=slirp --host-loopback=9001 -- "${FETCH[@]}" http://10.0.2.2:9000/
is "$status" 7 "and no other one"

# Publish=
server='import socket, sys
f = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
if sys.argv[2] == "udp":
    s = socket.socket(f, socket.SOCK_DGRAM); s.bind((sys.argv[1], 8000)); print("up", flush=True)
    while True: d, p = s.recvfrom(9999); s.sendto(d, p)
s = socket.create_server((sys.argv[1], 8000), family=f, backlog=128); print("up", flush=True)
while True: c, _ = s.accept(); c.recv(9999); c.sendall(b"HTTP/1.0 200 OK\r\n\r\ninside"); c.close()'
publish() { # OPTION LISTEN-ADDRESS PROTOCOL: serves in a sandbox; $port is the host's, $sandbox its process
    mkfifo up
    "$KURUNG" run --net=slirp --publish="$1" --read-write=up -- python3 -c "$server" "$2" "$3" >up 2>published &
    sandbox=$!
    read -r _ <up
    rm up
    port=$(sed -n 's/^kurung: published .*:\([0-9]*\) -> 8000.*/\1/p' published)
}
unpublish() {
    kill "$sandbox"
    wait "$sandbox"
}
publish 0:8000 0.0.0.0 tcp
like "$(cat published)" "published 127.0.0.1:$port -> 8000/tcp" "a published port is printed"
is "$("${FETCH[@]}" "http://127.0.0.1:$port/")" inside "and served from inside"
is "$(for _ in {1..50}; do "${FETCH[@]}" "http://127.0.0.1:$port/" & done | grep -o inside | wc -l)" 50 "fifty at once"
# The client ends first: libslirp would keep each such connection for ten seconds, with 256 KiB.
before=$(awk '/^VmPeak/ { print $2 }' "/proc/$(pgrep -P "$sandbox" -x kurung-net)/status")
is "$(python3 -c 'import socket, sys
n = 0
for i in range(100):
    c = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20); c.sendall(b"x"); c.shutdown(socket.SHUT_WR)
    while d := c.recv(99): n += b"inside" in d
print(n)' "$port")" 100 "a hundred, of which each client ends first"
after=$(awk '/^VmPeak/ { print $2 }' "/proc/$(pgrep -P "$sandbox" -x kurung-net)/status")
if [ "$before" -lt $((1 << 30)) ]; then
    ok "and none of them is kept ($before to $after kB)" test $((after - before)) -lt 2048
else
    skip "and none of them is kept" "this build has a sanitizer, which keeps memory that was freed"
fi
kurung run -q --net=slirp --publish="$port:8000" -- echo it ran
is "$status:$out" "125:" "a port that is used is an error before the payload starts"
like "$errors" "port $port of 127.0.0.1: Address already in use" "which says so"
unpublish
publish '[::1]:0:8000' :: tcp
is "$("${FETCH[@]}" "http://[::1]:$port/")" inside "IPv6"
unpublish
# Most development servers listen on the loopback addresses only.
for address in 127.0.0.1 ::1; do
    for host in 127.0.0.1 ::1; do
        [[ $host == *:* ]] && at="[$host]" || at=$host
        publish "$at:0:8000" "$address" tcp
        is "$("${FETCH[@]}" "http://$at:$port/")" inside "a server on $address is reached from $host"
        unpublish
    done
done
mkfifo up go
"$KURUNG" run --net=slirp --publish=0:8000 --publish=0:8001 --read-write=up --read-write=go -- sh -c \
    'echo >up; read -r _ <go; exec python3 -c "$1" 127.0.0.1 tcp >up' - "$server" 2>published &
sandbox=$!
read -r _ <up
port=$(sed -n 's/^kurung: published .*:\([0-9]*\) -> 8000.*/\1/p' published)
other=$(sed -n 's/^kurung: published .*:\([0-9]*\) -> 8001.*/\1/p' published)
like "$("${FETCH[@]}" "http://127.0.0.1:$port/" 2>&1)" "reset by peer|refused|Empty reply|connect to server" "before a server listens the connection is reset"
echo >go
read -r _ <up
is "$("${FETCH[@]}" "http://127.0.0.1:$port/")" inside "and once it listens, it is reached"
like "$("${FETCH[@]}" "http://127.0.0.1:$other/" 2>&1)" "reset by peer|refused|Empty reply|connect to server" "each port by its own number"
unpublish
rm up go
bulk='import hashlib, socket
s = socket.create_server(("127.0.0.1", 8000)); print("up", flush=True)
while True:
    c, _ = s.accept(); h = hashlib.sha256()
    while d := c.recv(1 << 20): h.update(d)
    for _ in range(512): c.sendall(b"y" * 65536)
    c.sendall(h.hexdigest().encode()); c.close()'
mkfifo up
"$KURUNG" run --net=slirp --publish=0:8000 --read-write=up -- python3 -c "$bulk" >up 2>published &
sandbox=$!
read -r _ <up
rm up
port=$(sed -n 's/^kurung: published .*:\([0-9]*\) -> 8000.*/\1/p' published)
is "$(python3 -c 'import hashlib, socket, sys
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60); h = hashlib.sha256()
for i in range(512): d = bytes([i % 256]) * 65521; h.update(d); c.sendall(d)
c.shutdown(socket.SHUT_WR); got = b""
while d := c.recv(1 << 20): got += d
print(len(got) - 64, got[:-64] == b"y" * (len(got) - 64), got[-64:].decode() == h.hexdigest())' "$port")" "33554432 True True" \
    "all bytes arrive in both directions, also after one of them has ended"
unpublish
publish 0:8000/udp 0.0.0.0 udp
is "$(python3 -c "$udp" 127.0.0.1 "$port" 5000)" "1 1400 5000 " "UDP"
unpublish
kurung run -q --net=slirp --publish=81:8000 -- echo it ran
like "$status:$out:$errors" "^125::.*port 81 of 127.0.0.1: Permission denied" "a privileged port is an error before the payload starts"

# NetworkBandwidthMax=: 2 MB/s, 5 s, within 10 %; small packets pass.
for direction in "" -R; do
    kurung run -q --net=slirp --network-bandwidth-max=2M -- iperf3 -J -t 5 -O 1 -c 198.51.100.2 $direction
    rate=$(jq '.end.sum_received.bits_per_second / 8 / 2097152 * 100 | round' <<<"$out")
    like "$rate" '^(9[0-9]|10[0-9]|110)$' "a limit is kept within 10 % (${direction:-up}: $rate %)"
done
kurung run -q --net=slirp --network-bandwidth-max="up 1M" -- sh -c 'iperf3 -t 3 -c 198.51.100.2 >/dev/null & ping -q -i 0.2 -c 10 -W 20 10.0.2.2; wait'
like "$out" " 0% packet loss" "small packets are not starved by bulk"

# Faults
helper_of() { pgrep -P "$1" -x kurung-net; }
mkfifo go up
"$KURUNG" run -q --net=slirp --read-write=go --read-write=up -- sh -c '
    curl -sS http://198.51.100.2/; echo >up; read -r _ <go; curl -sS -m 20 http://198.51.100.2/; echo "$?"' >died 2>&1 &
pid=$!
read -r _ <up
kill -KILL "$(helper_of "$pid")"
wait_for grep -q "lost its network" died
tap_result $? "the net helper is killed: the user is told"
echo >go
wait "$pid"
is "$(head -1 died)" "reached 198.51.100.2 80" "which it was before"
is "$(tail -1 died)" 7 "and the sandbox has no network then"
"$KURUNG" run -q --net=slirp --read-write=up -- sh -c 'echo >up; exec sleep 60' &
pid=$!
read -r _ <up
helper=$(helper_of "$pid")
# The payload does not wait for it.
locked() { grep -q '^Seccomp:.*2' "/proc/$helper/status"; }
wait_for locked
is "$(awk '/^(NoNewPrivs|Seccomp):/ { print $2 }' "/proc/$helper/status" | tr '\n' ' ')" "1 2 " "the helper has no_new_privs and a filter"
is "$(awk '/^Cap(Inh|Prm|Eff|Bnd|Amb):/ { print $2 }' "/proc/$helper/status" | sort -u)" 0000000000000000 "no capability"
is "$(ls -A "/proc/$helper/root/" 2>&1)" "" "and an empty root"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
wait_for tap_gone "$helper"
tap_result $? "it ends with the supervisor"
rm go up

for how in missing closed; do
    [ "$how" = missing ] && before='mount -t tmpfs none /dev/net' || before='touch .closed; chmod 0 .closed; mount --bind .closed /dev/net/tun'
    out=$(in_mounts "$before" "$KURUNG" run -q --net=slirp -- echo it ran 2>&1)
    like "$out" "^kurung: Mode=slirp: .*/dev/net/tun.*(modprobe tun|chmod 666)" "/dev/net/tun is $how: an error with the remedy"
done
kurung run -q --net=none -- sh -c 'ls /sys/class/net'
is "$out" lo "without being asked for there is no network"
done_testing
