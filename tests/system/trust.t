#!/bin/bash
# Profiles of a project: what they may say by themselves, and "kurung profile trust".
. "$SRCDIR/tests/lib.sh"

printf '[Profile]\nExtends=default\n[Filesystem]\nWorkDir=ro\nHide=/etc/hosts\n[Network]\nMode=none\n[Security]\nSeccomp=strict\n' >narrow.ini
kurung profile check ./narrow.ini
is "$status:$out:$errors" "0::" "a profile of the project that only narrows is content"
kurung run -p ./narrow.ini -- sh -c 'cat /etc/hosts; touch x'
like "$status:$errors" "^[1-9].*Read-only file system" "  and is used"
kurung profile show ./narrow.ini
like "$out" "MemoryMax=75%" "  and starts from the default, whatever it extends"
printf '[Filesystem]\nWorkDir=overlay\n' >looser.ini
kurung run -p ./narrow.ini -p ./looser.ini -- true
like "$status:$errors" "^125:.*looser.ini:2: .*WorkDir=overlay could grant" "what narrows depends on what was said before"

printf '[Filesystem]\nWorkDir=rw\n' >'my profile.ini'
kurung profile trust --dry-run './my profile.ini' ./narrow.ini
like "$status:$out" "^0:Grants:"$'\n'"$PWD/my profile.ini:2: WorkDir=rw"$'\n.*\nGrants nothing: it restricts only.\n' "trust --dry-run says what each would grant"
on_terminal() { python3 "$SRCDIR/tests/tools/on_terminal.py" "$1; print(wait())" env PAGER=cat "$KURUNG" profile trust './my profile.ini'; }
for no in 'n\n' '\x04' 'nonsense\nno\n'; do
    like "$(on_terminal "expect(b'o: '); send(b'$no')")" "125$" "on a terminal it asks ($no)"
done
kurung profile trust
is "$out" "" "  and what was declined is not trusted"
is "$(on_terminal "expect(b'WorkDir=rw'); expect(b'Trust '); expect(b'o: '); send(b'y\n')")" 0 "  what is accepted is"
kurung profile trust
like "$out" "^trusted " "  and listed"
kurung profile untrust './my profile.ini'
mkdir deep && ln -s '../my profile.ini' deep/link.ini
kurung profile check './my profile.ini'
is "$status" 125 "one that gives rights is refused by check, too"
like "$errors" "my profile.ini:2: a profile inside the project .*WorkDir=rw.* kurung profile trust" "  with key, file, line and remedy"
kurung profile trust deep/link.ini
like "$status:$out:$errors" "^0:Grants:"$'\n'"$PWD/my profile.ini:2: WorkDir=rw"$'\n\n.*\n'"Writes      $PWD: changes the files themselves, at once"$'\n.*:$' "it is trusted by any name, with what it grants"
kurung profile check './my profile.ini'
is "$status" 0 "  and then check is content"
kurung profile show './my profile.ini'
like "$out" "WorkDir=rw" "  and show shows it"
kurung profile trust
is "$out" "trusted   $PWD/my profile.ini" "trust without a file lists what is trusted"
is "$(stat -c %a "$HOME/.local/state/kurung" "$HOME/.local/state/kurung/trusted" | tr '\n' ' ')" "700 600 " "the list is the user's alone"
echo >>'my profile.ini'
kurung profile trust
like "$out" "^changed   " "one that was edited is told"
kurung profile trust --json
ok "the list as JSON" jq -e '.[0].state == "changed" and (.[0].hosts | length) == 0' "$HOME/.out"
kurung profile trust './my profile.ini' narrow.ini
is "$(grep -c '^profile.path ' "$HOME/.local/state/kurung/trusted")" 2 "trusted again it is there once"
rm 'my profile.ini'
kurung profile trust
like "$out" "gone      $PWD/my profile.ini" "one that is gone is told"
kurung profile untrust './my profile.ini' "$PWD/narrow.ini"
is "$status:$out:$errors" "0::" "trust is taken back, also of what is gone"
kurung profile trust
is "$out" "" "  and nothing is left"
kurung profile untrust narrow.ini
like "$status:$errors" "^125:.*is not trusted" "what is not trusted can't be untrusted"
printf '[Filesystem]\nWorkDirr=rw\n' >bad.ini
for words in "trust bad.ini" "trust nowhere.ini" "trust ." "trust --json narrow.ini" "untrust" "untrust --json"; do
    # shellcheck disable=SC2086 # words
    kurung profile $words
    is "$status:$(wc -l <"$HOME/.err")" "125:1" "an error in one line: profile $words"
done
kurung profile trust
is "$out" "" "  and nothing is trusted by it"
printf '[Filesystem]\nWorkDir=rw\n' >"$HOME/own.ini"
kurung run -q -p ../own.ini -- true
is "$status" 0 "a file elsewhere needs no trust"

# Of two at once none is lost.
for i in 1 2 3 4 5 6; do
    printf '[Filesystem]\nWorkDir=rw\n' >$i.ini
    "$KURUNG" profile trust $i.ini &
done
wait
kurung profile trust
is "$(grep -c ^trusted <<<"$out")" 6 "six that are trusted at once are all trusted"
done_testing
