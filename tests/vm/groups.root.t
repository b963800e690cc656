#!/bin/bash
# A directory that the user may enter only by a supplementary group. root makes it: a user has no such directory alone.
. "$SRCDIR/tests/vm/lib.sh"

team=$HOME/team
mkdir -p "$team/open" "$HOME/one"
echo content >"$team/file"
echo content >"$team/open/file"
chown -R root:4242 "$team"
chmod -R o-rwx "$team"
chmod o+rx "$team/open"
chmod o+r "$team/open/file"
chown one: "$HOME/one"
chmod 755 "$HOME"
as_one() { # WORDS OF KURUNG...
    setpriv --reuid one --regid one --groups "$(id -g one),4242" env -u XDG_RUNTIME_DIR HOME="$HOME/one" USER=one "$KURUNG" "$@" \
        >"$HOME/.out" 2>"$HOME/.err" </dev/null
    status=$?
    out=$(<"$HOME/.out")
    errors=$(<"$HOME/.err")
}
cd "$team" || exit 1
as_one run -- cat file
isnt "$status" 0 "the sandbox has no access"
like "$errors" "you have access to '$team' only by a supplementary group.*--id-map=single" "  and a line says why, and what helps"
as_one run --id-map=single -- cat file
is "$status:$out" "0:content" "  which helps"
unlike "$errors" "supplementary" "  without the line"
cd open || exit 1
as_one run -- cat file
like "$errors" "you have access to '$team' only by" "a directory on the way is named"
cd "$HOME/one" || exit 1
as_one run --read-only="$team/file" -- cat "$team/file"
like "$errors" "you have access to '$team/file' only by" "so is what is shared"
as_one run -- true
unlike "$errors" "supplementary" "no line where no group is needed"
cd / || exit 1

done_testing
