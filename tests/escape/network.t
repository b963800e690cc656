#!/bin/bash
# Attacks 24, 43, 45, 47-52 and 55-59: the network. All of it is a network that this file makes for itself.
. "$SRCDIR/tests/lib.sh"
private=(10.9.9.9 172.20.0.9 192.168.50.9 100.64.0.9 fd00:9::9)
export LOG=${LOG:-$PWD/reached}
run_in_network '
    in_internet sh -ec "for a in 169.254.169.254 '"${private[*]:0:4}"' 203.0.113.9; do ip addr add \$a/32 dev lo; done
        ip -6 addr add fd00:9::9/128 dev lo"
    words=
    for a in 198.51.100.2 169.254.169.254 203.0.113.9 10.9.9.9 172.20.0.9 192.168.50.9 100.64.0.9 "[2001:db8::2]" "[fd00:9::9]"; do
        words="$words $a:80 $a:80/udp"
    done
    for p in 53 853 8080; do words="$words 198.51.100.2:$p 198.51.100.2:$p/udp [2001:db8::2]:$p"; done
    serve internet in_internet python3 "$SRCDIR/tests/tools/servers.py" "$LOG" $words
    serve host here python3 "$SRCDIR/tests/tools/servers.py" "$LOG" 0.0.0.0:80 0.0.0.0:80/udp [::]:80 [::]:80/udp'
. "$SRCDIR/tests/escape/lib.sh"
cp "$SRCDIR/tests/tools/frames.py" .

NET=(run -q --net=slirp)
FETCH=(curl -sS -g -m 10)
url() { case $1 in *:*) echo "http://[$1]:$2/" ;; *) echo "http://$1:$2/" ;; esac; }

# refused NAME ADDRESS [PORT] [OPTION...]: a connection is refused at once (7, not 28: a time-out), and is seen to
# succeed without both walls.
refused() {
    local name=$1 where
    where=$(url "$2" "${3:-80}")
    "$KURUNG" "${NET[@]}" "${@:4}" -- "${FETCH[@]}" "$where" >"$HOME/.out" 2>&1
    is $? 7 "$name" || diag "$(cat "$HOME/.out")"
    each_alone net-filter,net-wall "$name" '^curl: \([0-9]+\)' "$KURUNG_UNDEFENDED" "${NET[@]}" "${@:4}" -- "${FETCH[@]}" "$where"
    like "$(undefended net-filter,net-wall "${NET[@]}" "${@:4}" -- "${FETCH[@]}" "$where" 2>&1)" ^reached \
        "$name: succeeds without (net-filter,net-wall)"
}

# Each wall holds alone: what the filter lets through the second one stops.
refused_by_wall() {
    local name=$1
    undefended net-filter "${NET[@]}" -- "${FETCH[@]}" "$(url "$2" 80)" >"$HOME/.out" 2>&1
    isnt $? 0 "$name: with the frame filter off the second wall holds" || diag "$(cat "$HOME/.out")"
}
reached() { # NAME ADDRESS PORT [OPTION...]
    like "$("$KURUNG" "${NET[@]}" "${@:4}" -- "${FETCH[@]}" "$(url "$2" "$3")" 2>&1)" ^reached "$1"
}

OPTIONS=(-q --net=slirp)
attack "24 netlink GENERIC, with a network" seccomp socket 16 3 16
attack_if_any "24 netlink NETFILTER, with a network" seccomp socket 16 3 12
attack "25 AF_PACKET, with a network" kernel socket 17 3 3
canary abstract listen "@kurung-net-$$"
attack "43 45 an abstract socket of the host's, with a network" outside connect "@kurung-net-$$"
kill "$canary"
wait "$canary" 2>/dev/null

# Two looks at a destination: the filter's at the frame's, the wall's at what libslirp is about to reach. Each holds alone.
datagram='import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(int(sys.argv[2])); s.connect((sys.argv[1], 80)); s.send(b"canary")
try: print("reached", len(s.recv(99)))
except OSError as e: print("refused", e.strerror)'
looks() { # NAME ADDRESS [OPTION...]
    local protocol held reached
    for protocol in tcp udp; do
        held=("${FETCH[@]}" "$(url "$2" 80)")
        reached=("${held[@]}")
        # A datagram that the wall refuses has no answer.
        [ "$protocol" = tcp ] || held=(python3 -c "$datagram" "$2" 1) reached=(python3 -c "$datagram" "$2" 20)
        : >"$LOG"
        each_alone first-look,second-look "$1, $protocol" '^(refused|curl: \([0-9]+\))' \
            "$KURUNG_UNDEFENDED" "${NET[@]}" "${@:3}" -- "${held[@]}"
        is "$(cat "$LOG")" "" "$1, $protocol: nobody was reached"
        like "$(undefended first-look,second-look "${NET[@]}" "${@:3}" -- "${reached[@]}" 2>&1)" ^reached \
            "$1, $protocol: succeeds without (first-look,second-look)"
    done
}
# Another port of the loopback is open: else libslirp itself would close it.
looks "47 two looks: the gateway's address" 10.0.2.2 --host-loopback=81
looks "49 two looks: the host's own address" 198.51.100.1
looks "50 two looks: a private address (IPv6)" fd00:9::9
looks "55 two looks: an address that is not on the list" 198.51.100.2 --allow=good.example
looks "55 two looks: an address that is not on the list (IPv6)" 2001:db8::2 --allow=203.0.113.9

reached "47 the internet is reached (IPv4)" 198.51.100.2 80
reached "47 the internet is reached (IPv6)" 2001:db8::2 80
refused "47 the gateway's address" 10.0.2.2
refused "47 the gateway's address (IPv6)" fd6b:7572:756e::2
refused_by_wall "47 the gateway's address" 10.0.2.2
reached "47 unless asked for" 10.0.2.2 80 --host-loopback=80
reached "47 unless asked for (IPv6)" fd6b:7572:756e::2 80 --host-loopback=80
kurung "${NET[@]}" --host-loopback=80 -- "${FETCH[@]}" http://10.0.2.2:81/
is "$status" 7 "47 and no other port then"

# Raw frames: the system call filter and the capability come first, so both are off for it.
RAW=(run -q --net=slirp --run-as=root --cap-add=CAP_NET_RAW)
raw() { # DEFENCES KIND ADDRESS PORT [OPTION...]
    undefended "seccomp${1:+,}$1" "${RAW[@]}" "${@:5}" -- python3 frames.py "$2" "$3" "$4" 2>&1
}
# raw_held NAME KIND ADDRESS PORT [ANSWER]: the frame reaches no server.
raw_held() {
    : >"$LOG"
    like "$(raw "" "$2" "$3" "$4")" "^sent ${5:-}" "$1"
    is "$(cat "$LOG")" "" "$1: nobody was reached"
}
raw_reaches() { # NAME KIND ADDRESS PORT: without both walls
    : >"$LOG"
    raw net-filter,net-wall "$2" "$3" "$4" >/dev/null
    wait_for test -s "$LOG"
    tap_result $? "$1: reaches without (net-filter,net-wall)"
}
like "$("$KURUNG" "${RAW[@]}" -- python3 frames.py udp 198.51.100.2 80 2>&1)" "not supported" \
    "48 with NET_RAW granted there is no raw socket all the same"
: >"$LOG"
is "$(raw "" udp 198.51.100.2 80)" "sent reply" "48 a raw frame to the internet is served as any other"
for address in 127.0.0.1 127.9.9.9 ::1; do
    raw_held "48 a raw frame to $address" udp "$address" 80 prohibited
    raw_held "48 a raw connection to $address" tcp "$address" 80 reset
    raw_reaches "48 a raw frame to $address" udp "$address" 80
done
for address in 0.0.0.0 0.1.2.3 :: ::ffff:127.0.0.1 ::127.0.0.1 255.255.255.255 10.0.2.255; do
    raw_held "48 a raw frame to $address" udp "$address" 80
    raw_held "48 a raw connection to $address" tcp "$address" 80
done

refused "49 the host's own address" 198.51.100.1
refused "49 the host's own address (IPv6)" 2001:db8::1
refused_by_wall "49 the host's own address" 198.51.100.1
reached "49 unless just it is named" 198.51.100.1 80 --allow=198.51.100.1:80
kurung "${NET[@]}" --allow=198.51.100.0/24 -- "${FETCH[@]}" http://198.51.100.1/
is "$status" 7 "49 a network that holds it does not name it"
# One that is added while the sandbox runs, and is reached before as somebody else's.
mkfifo go gone
"$KURUNG" "${NET[@]}" --read-write=go --read-write=gone -- sh -c '
    curl -sS -m 10 http://203.0.113.9/; echo >gone; read -r _ <go; curl -sS -m 10 http://203.0.113.9/; echo "$?"' >later 2>&1 &
pid=$!
read -r _ <gone
as_network_root ip addr add 203.0.113.9/32 dev lo
echo >go
wait "$pid"
like "$(cat later)" $'^reached.*\n.*\n7$' "49 one that is added later is refused from then on"
as_network_root ip addr del 203.0.113.9/32 dev lo

refused "50 the cloud's metadata" 169.254.169.254
for address in "${private[@]}"; do
    refused "50 a private address, $address" "$address"
    reached "50 with AllowPrivate=yes, $address" "$address" 80 --allow-private
    case $address in *:*) rule="[$address]:80" ;; *) rule=$address:80 ;; esac
    reached "50 with it being named, $address" "$address" 80 --allow="$rule"
done
refused "50 a private address under an allowlist" 10.9.9.9 80 --allow=198.51.100.2
kurung "${NET[@]}" --allow-private -- "${FETCH[@]}" http://169.254.169.254/
is "$status" 7 "50 the metadata is not private but link-local"
for address in fe80::1 ff02::1 ff0e::1 224.0.0.1 239.1.2.3; do
    raw_held "50 a raw frame to $address" udp "$address" 80
done

refused_dns() {
    kurung "${NET[@]}" -- "${FETCH[@]}" "$(url "$1" "$2")"
    is "$status" 7 "51 the resolver's address, port $2 ($1)"
}
for address in 10.0.2.3 fd6b:7572:756e:53::3; do
    refused_dns "$address" 80
    refused_dns "$address" 853
done
query='import socket, struct, sys
q = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\4evil\7example\0\0\1\0\1"
f = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
u = socket.socket(f, socket.SOCK_DGRAM); u.settimeout(20); u.connect((sys.argv[1], 53)); u.send(q); a = u.recv(1500)
t = socket.create_connection((sys.argv[1], 53), 20); t.sendall(struct.pack(">H", len(q)) + q); b = t.recv(1500)[2:]
print(a[:2] == b[:2] == q[:2], a[3] & 15, b[3] & 15)'
for address in 10.0.2.3 fd6b:7572:756e:53::3; do
    is "$("$KURUNG" "${NET[@]}" --allow=good.example -- python3 -c "$query" "$address" 2>&1)" "True 5 5" \
        "51 port 53, UDP and TCP: our resolver answers, REFUSED for what is not allowed ($address)"
done
for port in 53 853; do
    refused "52 another resolver under an allowlist, port $port" 198.51.100.2 "$port" --allow=198.51.100.0/24
    reached "52 unless just that port is named, $port" 198.51.100.2 "$port" --allow=198.51.100.2:"$port"
done

refused "55 nothing with an empty allowlist" 198.51.100.2 80 --allow=
refused "55 an address that was not learnt by name" 198.51.100.2 80 --allow=good.example
refused "55 another port" 198.51.100.2 8080 --allow=198.51.100.2:80

for family in 198.51.100.2 2001:db8::2; do
    for kind in fragment extension ip-short ip-long udp-long truncated vlan sctp spoofed spoofed-mac tcp-fin; do
        raw_held "56 $kind ($family)" "$kind" "$family" 80 nothing
    done
    raw_reaches "56 a forged source ($family)" spoofed "$family" 80
done
for kind in arp dhcp tftp; do
    [ "$kind" = tftp ] && address=10.0.2.2 || address=10.0.2.1
    like "$(raw "" "$kind" "$address" 69)" "^sent (nothing|prohibited)" "56 libslirp's own $kind is not reached"
done
like "$(raw net-filter,net-wall arp 10.0.2.2 0)" "^sent reply" "56 libslirp's own arp: reached without (net-filter,net-wall)"
: >"$LOG"
is "$(undefended seccomp "${RAW[@]}" -- sh -c 'for k in fragment vlan ip-long truncated sctp; do python3 frames.py $k 198.51.100.2 80 >/dev/null; done
    curl -sS http://198.51.100.2/' 2>&1)" "reached 198.51.100.2 80" "56 and the helper is alive afterwards"

relay='import socket, sys, threading
s = socket.create_server(("127.0.0.1", 8888)); print("ready", flush=True); c, _ = s.accept(); c.recv(9999)
try: socket.create_connection((sys.argv[1], 80), 10); c.sendall(b"HTTP/1.0 200 OK\r\n\r\nrelayed")
except OSError as e: c.sendall(b"HTTP/1.0 502 Bad\r\n\r\nrefused")'
for pair in "203.0.113.9 refused" "198.51.100.2 relayed"; do
    is "$("$KURUNG" "${NET[@]}" --allow=198.51.100.2 -- bash -c '
        python3 -c "$1" "$2" >ready & until [ -s ready ]; do :; done; curl -sS -m 20 http://127.0.0.1:8888/' - "$relay" "${pair% *}" 2>&1)" \
        "${pair#* }" "57 a relay inside towards ${pair% *}"
done

serve='import socket, sys
s = socket.create_server(("0.0.0.0", 8000)); c, _ = s.accept(); c.recv(9999); c.sendall(b"HTTP/1.0 200 OK\r\n\r\ninside")'
published() { # OPTION ADDRESS: fetches from outside while it is served once
    mkfifo up
    "$KURUNG" run --net=slirp --publish="$1" --read-write=up -- sh -c 'python3 -c "$1" & echo >up; wait' - "$serve" 2>published &
    pid=$!
    read -r _ <up
    rm up
    port=$(sed -n 's/^kurung: published .*:\([0-9]*\) -> 8000.*/\1/p' published)
    # Its server is there a moment later: what comes before is reset.
    got=$(curl -sS -m 20 --retry 50 --retry-all-errors --retry-delay 0 --retry-max-time 20 "http://$2:$port/" 2>&1 | tail -1)
}
published 0:8000 127.0.0.1
is "$got" inside "58 a published port is reached at 127.0.0.1"
wait "$pid"
mkfifo up
"$KURUNG" run --net=slirp --publish=0:8000 --read-write=up -- sh -c 'echo >up; sleep 60' 2>published &
pid=$!
read -r _ <up
rm up
port=$(sed -n 's/^kurung: published 127.0.0.1:\([0-9]*\) -> 8000.*/\1/p' published)
like "$port" '^[0-9]+$' "58 it says which port it became"
curl -sS -m 10 "http://198.51.100.1:$port/" >/dev/null 2>&1
is $? 7 "58 and is not bound to the host's other addresses"
kill "$pid"
wait "$pid"
published 0.0.0.0:0:8000 198.51.100.1
is "$got" inside "58 unless it is said"
wait "$pid"

for what in open exec ptrace unix kill; do
    export KURUNG_NET_ATTACK=$what
    like "$("$KURUNG_UNDEFENDED" run --net=slirp -- echo it ran 2>&1)" "no network: the net helper exited \(status 159\)" \
        "59 the helper tries $what: killed, and the run fails"
    case $what in
    exec) then="helper exited \(status 0\)" ;; # it became true(1)
    kill) then="unexpected message|signal 15|^$" ;; # kurung itself was told to end
    *) then="^reached" ;;
    esac
    like "$(undefended confine run -q --net=slirp -- "${FETCH[@]}" http://198.51.100.2/ 2>&1 | tail -1)" "$then" \
        "59 without (confine) it may try $what"
    unset KURUNG_NET_ATTACK
done
# It connects to what the policy allows, too, but no frame asked for.
export KURUNG_NET_ATTACK=elsewhere
: >"$LOG"
like "$("$KURUNG_UNDEFENDED" run --net=slirp -- true 2>&1)" "refused 203.0.113.9:80" "59 the helper connects elsewhere than the frame goes: refused, and told"
is "$(cat "$LOG")" "" "59 and nobody was reached"
undefended second-look run -q --net=slirp -- true
wait_for grep -q "^tcp 203.0.113.9 80" "$LOG"
tap_result $? "59 without (second-look) it is reached"
unset KURUNG_NET_ATTACK
done_testing
