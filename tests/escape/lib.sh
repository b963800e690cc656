# shellcheck shell=bash
# For the attacks of the threat model: each test's name begins with the attack's number, which never changes.
. "$SRCDIR/tests/lib.sh"
: "${PROBE:?the attacker}" "${KURUNG_UNDEFENDED:?kurung with switches for its defences}"

cp "$PROBE" probe
OPTIONS=() # of run, for the attacks that follow
on_tty() { /usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" "$@"; }

# What holds where another defence has failed, and is off where one is tried: the watch on mounts (mounts.t is about that), and
# that capabilities do not reach what belongs to the sandbox's own user namespace (root.t).
behind=mount-watch,payload-userns

# undefended DEFENCE[,DEFENCE...] ARGS...: kurung with these defences off.
undefended() {
    KURUNG_DEFENCE_OFF=$1,$behind "$KURUNG_UNDEFENDED" "${@:2}"
}

# each_alone DEFENCE[,DEFENCE...] NAME PATTERN COMMAND...: of several defences each one stops the attack without the
# others: COMMAND, with all of them off but one ($KURUNG_DEFENCE_OFF), prints what matches PATTERN. One of four attacks
# where all takes long.
alone_n=0
each_alone() {
    local list=$1 name=$2 pattern=$3 one others
    shift 3
    [[ $list == *,* ]] || return 0
    alone_n=$((alone_n + 1))
    [ $((alone_n % $(scaled 1 4))) -eq 0 ] || return 0
    for one in ${list//,/ }; do
        others=$(tr , '\n' <<<"$list" | grep -vx -e "$one" | paste -sd,)
        like "$(KURUNG_DEFENCE_OFF=$others,$behind "$@" 2>&1 </dev/null)" "$pattern" "$name: stopped by $one alone"
    done
}

# attack NAME DEFENCE[,DEFENCE...]|outside|kernel ATTACK [ARG...]
# The probe's attack is held inside, by each of the named defences without the others, and is seen to succeed with all of
# them off, or outside of any sandbox.
# "kernel": the kernel holds it without us, too, so that it can't be seen to succeed as an ordinary user.
attack() {
    local name=$1 off=$2 got
    shift 2
    got=$("$KURUNG" run "${OPTIONS[@]}" -- ./probe "$@" 2>&1 </dev/null)
    like "$got" '^held' "$name" || return 0
    case $off in
    kernel) return 0 ;;
    outside) got=$(./probe "$@" 2>&1 </dev/null) ;;
    *)
        each_alone "$off" "$name" '^held' "$KURUNG_UNDEFENDED" run "${OPTIONS[@]}" -- ./probe "$@"
        got=$(undefended "$off" run "${OPTIONS[@]}" -- ./probe "$@" 2>&1 </dev/null)
        ;;
    esac
    like "$got" '^escaped' "$name: succeeds without ($off)"
}

# attack_if_any: the same for what not every kernel has: shown to succeed only where it does outside.
attack_if_any() {
    if ./probe "${@:3}" 2>/dev/null </dev/null | grep -q '^escaped'; then
        attack "$@"
    else
        attack "$1" kernel "${@:3}"
        skip "$1: succeeds without ($2)" "this kernel does not let an ordinary user do it"
    fi
}

# canary NAME ATTACK [ARG...]: starts a probe that prints a line once it is ready; its pid in $canary, output in NAME.
canary() {
    local name=$1
    shift
    mkfifo "$name.fifo"
    ./probe "$@" >"$name.fifo" &
    canary=$!
    exec 9<"$name.fifo"
    read -r _ <&9
    cat <&9 >"$name" &
    canary_reader=$!
    exec 9<&-
    rm "$name.fifo"
}

# end_canary: ends the last one; its output is whole afterwards.
end_canary() {
    kill "$canary"
    wait "$canary" "$canary_reader" 2>/dev/null
}
