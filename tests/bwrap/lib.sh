# shellcheck shell=bash
# For the tests of kurung-bwrap: the program, the program that it stands in for, and comparisons of the two.
. "$SRCDIR/tests/lib.sh"
bwrap_ours=$(dirname "$KURUNG")/kurung-bwrap
bwrap_theirs=$(command -v bwrap || :)
unset OLDPWD
# The command gets every descriptor, and those of the tests' own caller would be among them.
for tap_fd in "/proc/$$/fd"/*; do
    tap_fd=${tap_fd##*/}
    [ "$tap_fd" -le 2 ] || [ "$tap_fd" -eq 255 ] || eval "exec $tap_fd>&-"
done

bwrap() { captured "$bwrap_ours" "$@"; }

# one_of PROGRAM ARGS...: status, output and errors in one text.
one_of() {
    local status=0
    "$@" >"$HOME/.out" 2>"$HOME/.err" </dev/null || status=$?
    printf 'status %s\n%s\n%s\n' "$status" "$(tr -d '\0' <"$HOME/.out")" "$(tr -d '\0' <"$HOME/.err")"
}

# alike NAME ARGS...: both programs have the same status, output and errors.
alike() {
    local name=$1
    shift
    if [ -z "$bwrap_theirs" ]; then
        skip "$name" "bwrap is not installed"
        return
    fi
    is "$(one_of "$bwrap_ours" "$@")" "$(one_of "$bwrap_theirs" "$@")" "$name"
}

# fails NAME TEXT ARGS...: status 1, no output, and one line on standard error, "bwrap: TEXT".
fails() {
    local name=$1 text=$2
    shift 2
    bwrap "$@"
    is "$status:$out:$errors" "1::bwrap: $text" "$name"
}
