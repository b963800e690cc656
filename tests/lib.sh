# shellcheck shell=bash
# TAP for system tests. A test file sources it, calls ok, is, like..., and ends with done_testing.
# Each file has a home of its own, and its last test is that nothing is left behind: no mount, process or directory.

: "${KURUNG:?path of the kurung to test}" "${SRCDIR:?}"
export LC_ALL=C.UTF-8
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

# Processes of this user and of its subordinate ids that were not there before, but for ourselves and our parents.
tap_processes() {
    ps -eo pid=,ruid=,comm= | awk -v u="$(id -u)" -v subids="$tap_subids" '
        BEGIN { n = split(subids, range, /[:\n]/) }
        {
            mine = $2 == u
            for (i = 1; i < n; i += 2) mine = mine || ($2 >= range[i] && $2 < range[i] + range[i + 1])
            if (mine) print $1 ":" $3
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

# kurung ARGS...: runs it; $out, $errors and $status hold what came of it.
kurung() {
    "$KURUNG" "$@" >"$HOME/.out" 2>"$HOME/.err" </dev/null
    status=$?
    out=$(tr -d '\0' <"$HOME/.out")
    errors=$(tr -d '\0' <"$HOME/.err")
    return 0
}

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
        diag "directories: $left; processes: $(comm -13 <(echo "$tap_processes_before") <(tap_processes))"
    echo "1..$tap_n"
    cd / || exit 1
    chmod -R u+rwX "$tap_home" 2>/dev/null
    rm -rf "$tap_home"
    [ "$tap_failed" -eq 0 ]
    exit
}
