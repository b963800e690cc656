# shellcheck shell=bash
# TAP for system tests. A test file sources it, calls ok, is, like..., and ends with done_testing.
# Each file has a home of its own, and its last test is that nothing is left behind: no mount, process or directory.

: "${KURUNG:?path of the kurung to test}" "${SRCDIR:?}"
# Once is enough, and a second home would be left behind.
[ "${tap_me:-}" != $$ ] || return 0
# Of the caller's environment only what the tests mean: another one has a locale, a git hook's GIT_DIR, registries of tools.
for tap_name in $(compgen -e); do
    case $tap_name in
    PATH | HOME | USER | LOGNAME | SHELL | TERM | TMPDIR | PWD | OLDPWD | SRCDIR | KURUNG* | PROBE | FUZZERS | DEBS | CARGO | SECONDS) ;;
    WEB | LOG | ASKED | ETC | ROUNDS | ROUND_TRIPS | WALK_* | FUZZ_* | internet | network_root | DBUS_SESSION_BUS_ADDRESS | XDG_* | *SAN_OPTIONS | HARNESS_* | LLVM_*) ;;
    *) unset "$tap_name" ;;
    esac
done
umask 022
export LC_ALL=C.UTF-8
# The front end of the tests, built with the kurung that is tested; in the test machine that is installed elsewhere.
fill_spec=$(dirname "$KURUNG")/fill-spec
[ -x "$fill_spec" ] || fill_spec=$SRCDIR/build/fill-spec
tap_n=0
tap_failed=0
tap_home=$(mktemp -d /var/tmp/kurung-home.XXXXXX)
export HOME=$tap_home
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR XDG_DATA_HOME XDG_STATE_HOME
project=$HOME/project
mkdir "$project"
cd "$project" || exit 1
# What is told once is told now: where control groups can't be had a line says so at the first start.
"$KURUNG" run -- true >/dev/null 2>&1
tap_mounts_before=$(cut -d' ' -f5 /proc/self/mountinfo | sort)
tap_me=$$
tap_subids=$(awk -F: -v name="$(id -un)" '$1 == name { print $2 ":" $3 }' /etc/subuid 2>/dev/null)

# Processes of this user and of its subordinate ids that were not there before, but for ourselves and our parents. Those of
# the kernel, which are children of 2, come and go as root's.
tap_processes() {
    ps -eo pid=,ppid=,ruid=,comm= | awk -v u="$(id -u)" -v subids="$tap_subids" '
        BEGIN { n = split(subids, range, /[:\n]/) }
        {
            mine = $3 == u && !(u == 0 && $2 == 2)
            for (i = 1; i < n; i += 2) mine = mine || ($3 >= range[i] && $3 < range[i] + range[i + 1])
            if (mine) print $1 ":" $4
        }' | sort
}
tap_processes_before=$(tap_processes)

tap_result() { # STATUS NAME
    tap_n=$((tap_n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_n - $2"
    else
        echo "not ok $tap_n - $2"
        tap_failed=$((tap_failed + 1))
    fi
    return "$1"
}

# scaled MANY FEW: how many; few in the test machine, where all takes many times as long.
scaled() {
    if [ -z "${KURUNG_VM:-}" ]; then echo "$1"; else echo "$2"; fi
}

diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }

# ok NAME COMMAND...
ok() {
    local name=$1
    shift
    "$@" >/dev/null
    tap_result $? "$name"
}

not_ok() {
    local name=$1
    shift
    ! "$@" >/dev/null
    tap_result $? "$name"
}

# is GOT EXPECTED NAME
is() {
    [ "$1" = "$2" ]
    tap_result $? "$3" || { diag "got '$1', expected '$2'"; return 1; }
}

isnt() {
    [ "$1" != "$2" ]
    tap_result $? "$3" || { diag "got '$1'"; return 1; }
}

# like GOT PATTERN NAME (a pattern of bash's [[ =~ ]])
like() {
    [[ $1 =~ $2 ]]
    tap_result $? "$3" || { diag "got '$1', expected to match '$2'"; return 1; }
}

unlike() {
    ! [[ $1 =~ $2 ]]
    tap_result $? "$3" || { diag "got '$1', expected not to match '$2'"; return 1; }
}

skip() { # NAME REASON
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP $2"
}

# captured COMMAND...: runs it; $out, $errors and $status hold what came of it.
captured() {
    "$@" >"$HOME/.out" 2>"$HOME/.err" </dev/null
    status=$?
    out=$(tr -d '\0' <"$HOME/.out")
    errors=$(tr -d '\0' <"$HOME/.err")
    return 0
}

kurung() { captured "$KURUNG" "$@"; }

# wait_for COMMAND...: until it succeeds, without guessing a time; at most a minute, as an emulated machine is slow.
wait_for() {
    local end=$((SECONDS + 60))
    until "$@" 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] || return 1
        read -rt 0.02 <> <(:) || :
    done
}

# in_mounts COMMANDS PROGRAM [ARG...]: runs it as oneself in a user and mount namespace in which the shell COMMANDS were
# run first, as their root: so an ordinary user can have mounts that are not the machine's. Subordinate ids are not there.
in_mounts() {
    local before=$1
    shift
    unshare --user --map-root-user --mount sh -ec "$before"'
        id=$1 group=$2; shift 2; exec unshare --user --map-user="$id" --map-group="$group" "$@"' - "$(id -u)" "$(id -g)" "$@"
}

# in_network COMMANDS PROGRAM [ARG...]: the same with a network of its own, in which loopback is up and a second one,
# "the internet", is at the other end of a veth: $internet is a process in it, whose parent is PROGRAM. Addresses:
#   the host's own 198.51.100.1 and 2001:db8::1, its default route goes by 198.51.100.2 and 2001:db8::2
in_network() {
    local before=$1
    shift
    unshare --user --map-root-user --net --mount sh -ec '
        id=$1 group=$2; shift 2
        ip link set lo up
        setpriv --pdeathsig KILL unshare --net sh -c "echo; exec sleep infinity" >.internet & internet=$!
        until [ -s .internet ]; do :; done
        ip link add eth0 mtu 65520 type veth peer name eth0 netns $internet
        ip addr add 198.51.100.1/24 dev eth0; ip -6 addr add 2001:db8::1/64 dev eth0 nodad; ip link set eth0 up
        in_internet() { nsenter -t "$internet" -n "$@"; }
        # A program in the background, which ends with the tests: serve NAME in_internet|here PROGRAM...
        serve() {
            name=$1 where=$2; shift 2
            [ "$where" = here ] && where= || where="nsenter -t $internet -n"
            (exec $where setpriv --pdeathsig KILL "$@" >".$name") &
            until [ -s ".$name" ]; do :; done
        }
        # Commands that need the root of this network, one a line: as_network_root.
        mkfifo .root-does .root-did
        (exec setpriv --pdeathsig KILL sh -c "while :; do read -r c <.root-does && { sh -c \"\$c\"; echo done >.root-did; }; done") &
        export network_root=$PWD
        in_internet sh -ec "ip link set lo up; ip link set eth0 mtu 65520 up; ip addr add 198.51.100.2/24 dev eth0
            ip -6 addr add 2001:db8::2/64 dev eth0 nodad"
        ip route add default via 198.51.100.2; ip -6 route add default via 2001:db8::2
        '"$before"'
        export internet; exec unshare --user --map-user="$id" --map-group="$group" "$@"' - "$(id -u)" "$(id -g)" "$@"
}

as_network_root() {
    echo "$*" >"$network_root/.root-does"
    read -r _ <"$network_root/.root-did"
}

# run_in_network COMMANDS: the rest of the test file runs in in_network.
run_in_network() {
    [ -z "${internet:-}" ] || return 0
    local file=$0
    [[ $file == /* ]] || file=$OLDPWD/$file
    in_network "$1" bash "$file"
    local status=$?
    cd / || exit 1
    rm -rf "$tap_home"
    exit "$status"
}

tap_gone() { [ ! -e "/proc/$1" ]; }

# Whatever began since the file began has ended; processes that are just ending get the time to.
tap_none_left() {
    local now
    now=$(tap_processes | grep -v -e "^$tap_me:" | grep -vE ':(ps|awk|sort|bash|grep|cut|comm|tr)$')
    [ -z "$(comm -13 <(echo "$tap_processes_before") <(echo "$now"))" ]
}

done_testing() {
    local left mounts
    left=$(ls -d "${XDG_CACHE_HOME:-$HOME/.cache}"/kurung/run-* "$HOME"/.cache/kurung/run-* 2>/dev/null)
    mounts=$(cut -d' ' -f5 /proc/self/mountinfo | sort)
    [ -z "$left" ] && [ "$mounts" = "$tap_mounts_before" ] && wait_for tap_none_left
    tap_result $? "nothing is left behind: no mount, process or directory" ||
        diag "directories: $left; mounts: $(diff <(echo "$tap_mounts_before") <(echo "$mounts") | grep '^[<>]'); processes: $(comm -13 <(echo "$tap_processes_before") <(tap_processes))"
    echo "1..$tap_n"
    cd / || exit 1
    chmod -R u+rwX "$tap_home" 2>/dev/null
    rm -rf "$tap_home"
    [ "$tap_failed" -eq 0 ]
    exit
}
