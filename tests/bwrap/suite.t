#!/bin/bash
# bubblewrap's own tests, of Debian's source package, pass with kurung-bwrap where they pass with bwrap.
. "$SRCDIR/tests/lib.sh"
bwrap_ours=$(dirname "$KURUNG")/kurung-bwrap

why=''
dsc=$(ls "${DEBS:-/nonexistent}"/bubblewrap_*.dsc 2>/dev/null | tail -1)
bwrap_theirs=$(command -v bwrap) || why="bwrap is not installed"
[ -n "$dsc" ] || why="there is no source package of bubblewrap (tests/bwrap/fetch)"
command -v dpkg-source >/dev/null || why="dpkg-source is not installed"
if [ -z "$why" ]; then
    dpkg-source --no-check -x "$dsc" "$HOME/source" >"$HOME/unpacked" 2>&1 || why="dpkg-source: $(tail -1 "$HOME/unpacked")"
fi
if [ -z "$why" ]; then
    ok "its program for the tests of filters builds" gcc -o "$HOME/source/tests/try-syscall" "$HOME/source/tests/try-syscall.c"
fi

# run_suite PROGRAM NAME: of each test, "ok NAME" or "not ok NAME", without numbers; and "skip NAME". All in $HOME/NAME.
run_suite() {
    local script
    for script in test-run.sh test-specifying-userns.sh test-specifying-pidns.sh test-seccomp.py; do
        local interpreter=bash
        [ "$script" = "${script%.py}" ] || interpreter=python3
        # A shell of its own ends what a test that failed left.
        BWRAP=$1 G_TEST_SRCDIR=$HOME/source G_TEST_BUILDDIR=$HOME/source timeout 300 \
            "$interpreter" "$HOME/source/tests/$script" >"$HOME/out" 2>"$HOME/$2-$script.err" </dev/null
        echo "end $script $?"
        grep -E '^(not )?ok' "$HOME/out"
    done | sed -E 's/^ok( [0-9]+)?( -)?.*# *(SKIP.*)/skip \3/; s/^((not )?ok)( [0-9]+)?( -)? ?(.*)$/\1 \5/; s/ - <unittest.*//' >"$HOME/$2"
}

if [ -n "$why" ]; then
    skip "bubblewrap's own tests" "$why"
else
    run_suite "$bwrap_theirs" theirs
    run_suite "$bwrap_ours" ours
    for name in theirs ours; do
        diag "$name: $(grep -c '^ok' "$HOME/$name") passed, $(grep -c '^skip' "$HOME/$name") skipped, $(grep -c '^not ok' "$HOME/$name") failed; $(
            grep '^end' "$HOME/$name" | sed 's/^end //' | paste -sd' ')"
    done
    # A script that failed with bwrap itself tells nothing.
    while read -r _ script code; do
        if [ "$code" -ne 0 ]; then
            skip "$script ends alike" "bwrap itself fails it (status $code): $(tail -1 "$HOME/theirs-$script.err")"
        else
            is "$(sed -n "s/^end $script //p" "$HOME/ours")" 0 "$script passes" || diag "$(tail -5 "$HOME/ours-$script.err")"
        fi
    done < <(grep '^end' "$HOME/theirs")
    is "$(grep -v '^end' "$HOME/ours" | grep -v '^skip' | sort)" "$(grep -v '^end' "$HOME/theirs" | grep -v '^skip' | sort)" \
        "every test that bwrap passes is passed"
    is "$(grep '^skip' "$HOME/ours" | sort)" "$(grep '^skip' "$HOME/theirs" | sort)" "no other test is skipped"
fi
done_testing
