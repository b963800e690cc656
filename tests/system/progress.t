#!/bin/bash
# What apply, export and discard show on a terminal once they take longer than a second.
# shellcheck disable=SC2016 # the sandbox's shell expands
. "$SRCDIR/tests/lib.sh"
: "${KURUNG_UNDEFENDED:?kurung that can be made slow at a step}"
kept=$HOME/.local/state/kurung/kept
files='mkdir new; for i in 1 2 3 4 5 6 7 8; do head -c 1000 /dev/zero >new/$i; done; echo x >other'
keep() { # OPTIONS...
    "$KURUNG" run -q --keep=k "$@" -- sh -c "$files"
}
# shown STEP ARGS...: what is written to a terminal when it takes more than a second at STEP; a line for each \r.
shown() {
    /usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" 'code = wait(); print(seen.decode().replace("\r", "\n")); print("status", code)' \
        env KURUNG_STALL="$1" "$KURUNG_UNDEFENDED" "${@:2}"
}
end=$'\n\e\\[K\nstatus 0$'

keep
got=$(shown progress:4 apply k)
like "$got" $'\n'"applying: [1-9] of 10 files, [0-9.]+ ?[a-zA-Z]+, 0:0[0-9] left" "apply: files, bytes and time left"
like "$got" $'\n\e\\[Kapplied: 10 added\n+status 0$' "apply: the line is taken away at the end"
is "$(find new other -type f | wc -l)" 9 "apply: and all is done"
rm -r new other
got=$(shown progress:4 export k -o "$HOME/k.tar")
like "$got" $'\n'"packing: [1-9] of 10 files, [0-9.]+ ?[a-zA-Z]+, 0:0[0-9] left" "export: files, bytes and time left"
like "$got" "$end" "export: the line is taken away at the end"
KURUNG_STALL=progress:4 "$KURUNG_UNDEFENDED" apply k >"$HOME/.out" 2>&1 </dev/null
is "$?:$(cat "$HOME/.out")" "0:applied: 10 added" "only the result is shown where there is no terminal"
rm -r new other
got=$(/usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" 'expect(b"Apply?"); send(b"y\n"); before = expect(b"Apply?"); send(b"y\n"); print(wait(), before)' \
    env KURUNG_STALL=progress:4 "$KURUNG_UNDEFENDED" apply -i k)
like "$got" "0 b'.*\\\\rapplying: [0-9]+ files, .*\\\\r\\\\x1b\\[KA  other" "a question takes the line's place"
"$KURUNG" discard k
rm -r new other

# Files of one's own; of subordinate ids, which another process removes; and a home.
keep
got=$(shown discarded:5 discard k)
like "$got" $'\n'"discarding: [1-9][0-9]* of [1-9][0-9]* files, [0-9.]+ ?[a-zA-Z]+, 0:0[0-9] left" "discard: files, bytes and time left"
like "$got" "$end" "discard: the line is taken away at the end"
is "$(ls "$kept")" "" "discard: and all is gone"
if [ -n "$tap_subids" ]; then
    files="$files; chown -R 5:6 new" keep -p build
    got=$(shown discarded:9 discard k)
    like "$got" $'\n'"discarding: [1-9][0-9]* of [1-9][0-9]* files, [0-9.]+ ?[a-zA-Z]+, 0:0[0-9] left" "discard of files of subordinate ids: the same"
    like "$got" "$end" "discard of files of subordinate ids: the line is taken away"
    is "$(ls "$kept")" "" "discard of files of subordinate ids: all is gone"
else
    skip "discard of files of subordinate ids: the same" "there are none"
fi
"$KURUNG" run -q --home=persist:mine -- sh -c 'for i in 1 2 3 4 5 6 7 8; do echo x >~/$i; done'
like "$(shown discarded:5 discard --home mine)" $'\n'"discarding: [1-9][0-9]* of [1-9][0-9]* files, " "discard of a home: the same"
done_testing
