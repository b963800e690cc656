#!/bin/bash
# Attacks 52-55 and 57 by name: the resolver, what it pins, and the names in TLS. All of it is a network that this file makes
# for itself, with names of the reserved domains.
. "$SRCDIR/tests/lib.sh"
export LOG=${LOG:-$PWD/reached} ASKED=${ASKED:-$PWD/asked} ETC=${ETC:-$PWD}
run_in_network '
    cat >zone <<END
good.example A 60 198.51.100.10
good.example AAAA 60 2001:db8::10
other.example A 60 198.51.100.11
shared.example A 60 198.51.100.10
evilgood.example A 60 198.51.100.11
good.example.evil A 60 198.51.100.11
deep.sub.example A 60 198.51.100.12
sub.example A 60 198.51.100.12
private.example A 60 10.9.9.9
loopback.example A 60 127.0.0.1
mapped.example AAAA 60 ::ffff:127.0.0.1
host.example A 60 198.51.100.1
rebind.example A 0 198.51.100.10|127.0.0.1
alias.example CNAME 60 good.cdn.example
good.cdn.example A 60 198.51.100.12
trap.example CNAME 60 step.example
step.example CNAME 60 private.example
moved.example A 0 198.51.100.10|198.51.100.12
END
    echo "nameserver 198.51.100.2" >resolv.conf
    printf "127.0.0.1 localhost\n198.51.100.12 hosts.example\n10.9.9.9 inner.example\n" >hosts
    mount --bind resolv.conf /etc/resolv.conf
    mount --bind hosts /etc/hosts
    in_internet sh -ec "for a in 10.9.9.9 198.51.100.10 198.51.100.11 198.51.100.12; do ip addr add \$a/32 dev lo; done
        ip -6 addr add 2001:db8::10/128 dev eth0 nodad"
    serve names in_internet python3 "$SRCDIR/tests/tools/names.py" "$ASKED" 198.51.100.2 zone
    words=
    for a in 198.51.100.10 198.51.100.11 198.51.100.12 10.9.9.9 "[2001:db8::10]"; do
        words="$words $a:80 $a:443 $a:443/udp $a:8080"
    done
    serve internet in_internet python3 "$SRCDIR/tests/tools/servers.py" "$LOG" $words
    serve host here python3 "$SRCDIR/tests/tools/servers.py" "$LOG" 0.0.0.0:80'
. "$SRCDIR/tests/escape/lib.sh"

NET=(run -q --net=slirp)
# get NAME URL EXPECTED [OPTION...]: what is fetched, or curl's status: 6 no such name, 7 refused, 35 and 56 reset.
get() {
    local got status
    got=$("$KURUNG" "${NET[@]}" "${@:4}" -- curl -sSgk -m 20 "$2" 2>"$HOME/.err")
    status=$?
    [ "$status" -eq 0 ] || got=$status
    is "${got%% 80}" "$3" "$1" || diag "$(cat "$HOME/.err")"
}
LIST=(--allow=good.example --allow='*.sub.example')

reached=198.51.100

get "55 an allowed name is reached" http://good.example/ "reached $reached.10" "${LIST[@]}"
get "55 at a name below a wildcard" http://deep.sub.example/ "reached $reached.12" "${LIST[@]}"
get "55 an address that no name led to" http://$reached.10/ 7 "${LIST[@]}"
get "55 a port that the rule does not have" http://good.example:8080/ 7 --allow=good.example:80
# The same address is open once a name led to it.
is "$("$KURUNG" "${NET[@]}" "${LIST[@]}" -- sh -c "curl -sS -m 9 http://$reached.10/ 2>/dev/null; echo \$?
    getent ahostsv4 good.example >/dev/null; curl -sS -m 9 http://$reached.10/" 2>&1)" \
    $'7\nreached '$reached.10' 80' "55 an address opens when its name is looked up, not before"
each_alone net-filter,net-wall "55 an address that no name led to" '^curl: \([0-9]+\)' \
    "$KURUNG_UNDEFENDED" "${NET[@]}" "${LIST[@]}" -- curl -sS -m 9 http://$reached.11/
like "$(undefended net-filter,net-wall "${NET[@]}" "${LIST[@]}" -- curl -sS -m 9 http://$reached.11/ 2>&1)" ^reached \
    "55 an address that no name led to: succeeds without (net-filter,net-wall)"

for name in evilgood.example good.example.evil sub.example xgood.example example; do
    get "54 $name is not good.example nor below sub.example" "http://$name/" 6 "${LIST[@]}"
done
for name in GOOD.example good.example. Deep.SUB.Example; do
    like "$("$KURUNG" "${NET[@]}" "${LIST[@]}" -- curl -sS -m 20 "http://$name/" 2>&1)" ^reached "54 $name is the same name"
done
ask='import socket, sys
name = b"".join(bytes([len(p)]) + p for p in eval(sys.argv[1]))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(10); u.connect(("10.0.2.3", 53))
u.send(b"\1\2\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1"); print(u.recv(1500)[3] & 15)'
: >"$ASKED"
for labels in '[b"good\0", b"example"]' '[b"good", b"example\0evil"]' '[b"good.example"]' '[b"a.sub", b"sub", b"example", b"evil"]' \
    '[b"a b", b"sub", b"example"]' '[b"\xc5\xbf", b"sub", b"example"]' '[b"*", b"sub", b"example"]'; do
    is "$("$KURUNG" "${NET[@]}" "${LIST[@]}" -- python3 -c "$ask" "$labels" 2>&1)" 5 "54 REFUSED: $labels"
done
is "$("$KURUNG" "${NET[@]}" "${LIST[@]}" -- python3 -c "$ask" '[b"a" * 64, b"sub", b"example"]' 2>&1)" 1 "54 FORMERR: a label of 64 bytes"
is "$(cat "$ASKED")" "" "54 and nobody upstream was asked"

ALL=(--allow='*.example')
for name in private loopback mapped host trap inner; do
    get "53 $name.example has no address that may be reached" "http://$name.example/" 6 --allow="$name.example"
done
for name in private trap inner; do
    get "53 $name.example, with AllowPrivate=yes" "http://$name.example/" "reached 10.9.9.9" --allow="$name.example" --allow-private
done
get "53 a name that is an alias" http://alias.example/ "reached $reached.12" --allow=alias.example
get "53 a name of /etc/hosts" http://hosts.example/ "reached $reached.12" --allow=hosts.example
get "53 Deny= holds for what a name is an alias of" http://alias.example/ 6 --allow=alias.example --deny=good.cdn.example
is "$("$KURUNG" "${NET[@]}" --allow=rebind.example -- sh -c '
    curl -sS -m 9 http://rebind.example/; curl -sS -m 9 http://rebind.example/ 2>/dev/null; echo $?' 2>&1)" \
    "reached $reached.10 80"$'\n6' "53 a second answer that is the loopback"
is "$("$KURUNG" "${NET[@]}" --allow=moved.example -- sh -c "
    curl -sS -m 9 http://moved.example/; curl -sS -m 9 http://moved.example/; curl -sS -m 9 http://$reached.10/" 2>&1)" \
    $'reached '$reached$'.10 80\nreached '$reached$'.12 80\nreached '$reached'.10 80' \
    "53 a second answer elsewhere opens that, and the first stays for its grace"
each_alone net-filter,net-wall "53 a private address" '^curl: \([0-9]+\)' \
    "$KURUNG_UNDEFENDED" "${NET[@]}" "${ALL[@]}" -- curl -sS -m 9 http://10.9.9.9/
like "$(undefended net-filter,net-wall "${NET[@]}" "${ALL[@]}" -- curl -sS -m 9 http://127.0.0.1/ http://10.9.9.9/ 2>&1)" "reached 10.9.9.9" \
    "53 a private address: succeeds without (net-filter,net-wall)"

: >"$ASKED"
get "52 another resolver, by its name" http://ns.example:53/ 6 --allow=good.example
is "$("$KURUNG" "${NET[@]}" --allow=good.example --allow=$reached.0/24 -- python3 -c "${ask/10.0.2.3/$reached.2}" '[b"good", b"example"]' 2>&1 | tail -1)" \
    "OSError: [Errno 113] No route to host" "52 another resolver under an allowlist is refused at once"
is "$(cat "$ASKED")" "" "52 and was not asked"

# TLS: what the client says first does not reach the server unless it names what is allowed.
hello='import socket, ssl, sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
socket.getaddrinfo("good.example", 443)
s = socket.create_connection((sys.argv[1], 443), 20)
try: c.wrap_socket(s, server_hostname=sys.argv[2] or None)
except ConnectionResetError: print("ended")
except ssl.SSLError as e: print(e.reason == "WRONG_VERSION_NUMBER" and "answered" or repr(e))'
tls() { # NAME SNI EXPECTED [OPTION...]
    : >"$LOG"
    is "$("$KURUNG" "${NET[@]}" "${@:4}" -- python3 -c "$hello" "$reached.10" "$2" 2>&1 | tail -1)" "$3" "$1"
    if [ "$3" = ended ]; then unlike "$(cat "$LOG")" data "$1: nothing of it reached the server"; else
        like "$(cat "$LOG")" data "$1: it reached the server"
    fi
}
tls "53 TLS that names what is allowed" good.example answered "${LIST[@]}"
tls "53 TLS that names another allowed name" x.sub.example answered "${LIST[@]}"
tls "53 TLS that names what shares the address" shared.example ended "${LIST[@]}"
tls "53 TLS that names nothing" "" ended "${LIST[@]}"
tls "53 TLS that names what is allowed at another port" other.example ended --allow=good.example --allow=other.example:80
tls "53 TLS with CheckSNI=no" shared.example answered "${LIST[@]}" --check-sni=no
tls "53 TLS to an address that is named itself" shared.example answered --allow=$reached.10 --allow=good.example
tls "53 TLS that names what Deny= does, without a list" shared.example ended --deny=shared.example
is "$(undefended net-wall "${NET[@]}" "${LIST[@]}" -- python3 -c "$hello" "$reached.10" shared.example 2>&1 | tail -1)" answered \
    "53 TLS that names what shares the address: succeeds without (net-wall)"
# It ends by a reset, never by an end of the stream, which a client could take for the server's: whatever the server does
# meanwhile, and in however many pieces the name comes.
ends='import collections, socket, ssl, sys
def hello(name):
    out = ssl.MemoryBIO(); c = ssl.create_default_context()
    try: c.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
    except ssl.SSLWantReadError: return out.read()
def end(address, pieces):
    s = socket.create_connection((address, 443), 20); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    h = hello("shared.example"); n = -(-len(h) // pieces)
    try:
        for i in range(0, len(h), n): s.sendall(h[i:i + n])
        return "data" if s.recv(9) else "end"
    except ConnectionResetError: return "reset"
    except BrokenPipeError: return "reset"
socket.getaddrinfo("good.example", 443)
print(*collections.Counter(end(a, p) for _ in range(10) for a in ("198.51.100.10", "2001:db8::10") for p in (1, 3)).items())'
is "$("$KURUNG" "${NET[@]}" "${LIST[@]}" -- python3 -c "$ends" 2>&1 | tail -1)" "('reset', 40)" "53 TLS that is refused always ends by a reset"
quic='import socket
socket.getaddrinfo("good.example", 443); u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(20)
u.connect(("198.51.100.10", 443)); u.send(b"x")
try: print(u.recv(9))
except ConnectionRefusedError: print("refused")
except OSError as e: print(e.strerror)'
is "$("$KURUNG" "${NET[@]}" "${LIST[@]}" -- python3 -c "$quic" 2>&1)" "No route to host" "53 QUIC, which hides its name, is refused"
is "$("$KURUNG" "${NET[@]}" --allow=good.example/udp -- python3 -c "$quic" 2>&1)" "b'x'" "53 unless UDP is named"

relay='import socket, sys, threading
s = socket.create_server(("127.0.0.1", 8888)); print("ready", flush=True); c, _ = s.accept(); c.recv(9999)
try: socket.create_connection((sys.argv[1], 80), 10); c.sendall(b"HTTP/1.0 200 OK\r\n\r\nrelayed")
except OSError as e: c.sendall(b"HTTP/1.0 502 Bad\r\n\r\nrefused")'
for pair in "other.example refused" "good.example relayed"; do
    is "$("$KURUNG" "${NET[@]}" "${LIST[@]}" -- bash -c '
        python3 -c "$1" "$2" >ready & until [ -s ready ]; do :; done; curl -sS -m 20 http://127.0.0.1:8888/' - "$relay" "${pair% *}" 2>&1)" \
        "${pair#* }" "57 a relay inside towards ${pair% *}"
done

# The host's resolver is gone: names fail, what /etc/hosts has goes on, and nothing opens.
echo "nameserver $reached.11" >"$ETC/resolv.conf"
get "55 with the host's resolver gone no name is reached" http://good.example/ 6 "${LIST[@]}"
get "55 nor an address" http://$reached.10/ 7 "${LIST[@]}"
get "55 but for those of /etc/hosts" http://hosts.example/ "reached $reached.12" --allow=hosts.example
done_testing
