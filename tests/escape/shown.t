#!/bin/bash
# Attack 85: what is shown of a sandbox's names and contents hides nothing.
. "$SRCDIR/tests/escape/lib.sh"

# Of standard input: what a terminal would not show as itself, as U+XXXX; colours of ours (SGR) don't count.
cat >"$HOME/hidden.py" <<'END'
import re, sys, unicodedata
text = re.sub(rb"\x1b\[[0-9]*m", b"", sys.stdin.buffer.read()).decode("utf-8", "surrogateescape")
ignorable = [(0x34f, 0x34f), (0x115f, 0x1160), (0x17b4, 0x17b5), (0x180b, 0x180f), (0x2065, 0x2065), (0x2800, 0x2800), (0x3164, 0x3164),
             (0xfe00, 0xfe0f), (0xffa0, 0xffa0), (0xfff0, 0xfff8), (0xe0000, 0xe0fff)]
found = set()
for c in text:
    kind = unicodedata.category(c)
    if c not in "\n\t " and (kind in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs") or any(a <= ord(c) <= b for a, b in ignorable)):
        found.add(ord(c))
print(" ".join("U+%04X" % c for c in sorted(found)[:20]), end="")
END
hidden() { python3 "$HOME/hidden.py"; }
# All such characters, a line each with what they would hide or turn round, as bytes; and invalid UTF-8.
cat >"$HOME/make.py" <<'END'
import os, sys, unicodedata
odd = [chr(c) for c in range(1, 0x110000) if unicodedata.category(chr(c)) in ("Cc", "Cf", "Zl", "Zp", "Zs") and chr(c) not in "\n\t "]
odd += [chr(c) for c in (0x34f, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180f, 0x2065, 0x2800, 0x3164, 0xfe0f, 0xffa0, 0xfff0, 0xe0000, 0xe0100, 0xe0fff)]
bad = [b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xe2\x80"]
pieces = [c.encode() for c in odd] + bad
def file(name, before):
    with open(name, "wb") as f:
        f.write(before)
        for p in pieces + [b"\0"]:
            f.write(b"plain" + p + b"after this\n")
        f.write(b"\0\0this is behind a NUL\nthe last line\0 is not\n")
file("near", b"first\n")
file("far", b"0123456789\n" * 20000)
file("one-line", b"x" * 300000)
# As many as a name takes.
os.mkdir("names")
for i in range(0, len(pieces), 40):
    with open(b"names/%d" % i + b"".join(p for p in pieces[i:i + 40] if b"/" not in p), "w"):
        pass
os.symlink(b"to" + "\u202e".encode(), b"link" + "\u202e".encode())
END
kurung run --keep=k --read-only="$HOME/make.py" -- python3 "$HOME/make.py"
is "$status:$errors" "0:" "a sandbox with all of it is kept"

for command in "diff --all k" "diff --all --stat k" "diff --all --name-only k" "diff --all --json k" "diff -p k" "apply -n k"; do
    # shellcheck disable=SC2086 # words
    "$KURUNG" $command >"$HOME/.out" 2>&1 </dev/null
    is "$(hidden <"$HOME/.out")" "" "85 $command shows no character that is not seen"
    # shellcheck disable=SC2086 # words
    undefended escape $command >"$HOME/.out" 2>&1 </dev/null
    isnt "$(hidden <"$HOME/.out")" "" "85 $command without (escape) does"
done
"$KURUNG" diff --all --json k >"$HOME/.out"
got=$(python3 -c 'import json, sys; print(sum("\u202e" in e["path"] for e in json.load(open(sys.argv[1]))))' "$HOME/.out")
ok "85 JSON still says the names exactly" test "$got" -ge 2

"$KURUNG" diff -p k near far one-line >"$HOME/.out"
is "$(grep -c "after this" "$HOME/.out")" "$(grep -ac "after this" < <("$KURUNG" diff -p --raw k near far one-line))" "85 every line is shown whole"
is "$(grep -c 'x00\\x00this is behind a NUL' "$HOME/.out")" 3 "85 also what is behind a NUL, near or far"
is "$(grep -c 'the last line\\x00 is not' "$HOME/.out")" 3 "85 and in the middle of a line"
is "$(grep -c '^+x*plain\\x01after this' "$HOME/.out")" 3 "85 a line of 300,000 characters is shown to its end"
is "$(env PAGER=cat python3 "$SRCDIR/tests/tools/on_terminal.py" 'print(hidden := expect(b"diff --git").count(b"\xe2\x80\xae")); wait()' "$KURUNG" diff -p --raw k near)" 0 \
    "85 a terminal gets them escaped, whatever was asked for"
"$KURUNG" diff -p --raw k near | grep -aq $'\u202e'
is $? 0 "85 a program that asks for them gets the bytes"
on_tty 'print(expect(b"is not").replace(b"\x1b[7m\x1b[32m", b"<").replace(b"\x1b[m\x1b[32m", b">").decode(errors="replace")); wait()' env PAGER=cat "$KURUNG" diff -p k near >"$HOME/.out" 2>&1
like "$(<"$HOME/.out")" 'the last line<\\x00> $' "85 with colours an escape is told from the same text in a file"
kurung diff --raw k
is "$status" 125 "85 --raw alone is refused"

# A script stays one with a NUL in its first line, and with a hole as long as itself.
kurung run --keep=k2 -- sh -c 'printf "#!/bin/sh\0\necho evil\n" >script; cp script holes; truncate -s 40000000 holes; cp /bin/true program; printf "%s\n" 1 2 >numbers'
"$KURUNG" diff -p k2 >"$HOME/.out" 2>&1
is "$(grep -c '^+echo evil' "$HOME/.out")" 1 "85 a script with a NUL in it is shown"
like "$(<"$HOME/.out")" "Binary files differ: nothing before, 38.1 MiB now" "85 what is mostly no text is named as that, with its size"
is "$(grep -c "^Binary files" "$HOME/.out")" 2 "85 a program, too"

# What diff(1) can't take does not keep the rest from being shown; nor does what is refused.
kurung run --keep=k3 -- sh -c 'chmod 700 .; mkdir d; mkfifo fifo; echo 1 >last'
"$KURUNG" diff -p k3 >"$HOME/.out" 2>&1
like "$(<"$HOME/.out")" "[+]1" "85 a file behind a fifo is shown"
kurung discard k k2 k3

# Our own messages: a name at any length, and its end.
name=$(printf 'n%.0s' {1..200})
deep=$name/$name/$name/$name/$name
kurung run --keep=k -- sh -c "mkdir -p $deep; mkfifo $deep/\$(printf 'end\\342\\200\\256')"
kurung apply -q k
kurung apply k
like "$errors" 'end\\xe2\\x80\\xae: devices' "85 a long name is named to its end"
kurung discard k

# Names of the command: of a process that runs, of one that failed to start.
kurung run -- "$(printf 'no\342\200\256such')"
like "$errors" 'no\\xe2\\x80\\xaesuch' "85 a command that is not there"
"$KURUNG" run --keep=named -- sh -c 'exec sleep infinity' "$(printf 'a\342\200\256b')" 2>"$HOME/.err" &
runs=$!
is_listed() { "$KURUNG" ps | grep -q '^named '; }
wait_for is_listed
for command in "ps" "ps --json" "inspect --json named" "inspect named"; do
    # shellcheck disable=SC2086 # words
    "$KURUNG" $command >"$HOME/.out" 2>&1
    is "$(grep -q infinity "$HOME/.out"; echo $?):$(hidden <"$HOME/.out")" "0:" "85 $command shows no character that is not seen"
done
"$KURUNG" stop named
wait $runs
kurung discard named
done_testing
