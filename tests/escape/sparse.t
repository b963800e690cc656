#!/bin/bash
# Attack 87, what concerns the size of files: diff, apply and export cost what files hold, not what they say.
. "$SRCDIR/tests/escape/lib.sh"

# The largest size that this disk takes, up to ext4's 16 TiB; in TiB.
size=15
until truncate -s "${size}T" "$HOME/large" 2>/dev/null || [ $size -le 1 ]; do size=$((size / 2)); done
rm -f "$HOME/large"
files=$(scaled 2000 200)
# What a command may read, write and use of memory; more is an error or a signal. Processor seconds bound what it does in memory.
bounded() { # COMMAND...
    (
        ulimit -t "$(scaled 60 300)" -v 4000000
        "$@" >"$HOME/.out" 2>"$HOME/.err" </dev/null
    )
    status=$?
    out=$(tr -d '\0' <"$HOME/.out")
    errors=$(tr -d '\0' <"$HOME/.err")
}
cat >"$HOME/make.py" <<'END'
import os, sys
size, n = int(sys.argv[1]) << 40, int(sys.argv[2])
os.mkdir("many")
for i in range(n):
    with open("many/%d" % i, "wb") as f:
        f.truncate(size)
        if i % 2:
            f.seek(size // 2)
            f.write(b"held\n")
with open("pieces", "wb") as f:
    for i in range(5000):
        f.seek(i * (1 << 28))
        f.write(b"%d\n" % i)
with open("first", "wb") as f:
    f.truncate(60 << 20)
    f.write(b"line\n")
END
kurung run --keep=k --read-only="$HOME/make.py" -- python3 "$HOME/make.py" $size "$files"
is "$status:$errors" "0:" "a sandbox with $files files of $size TiB is kept"

bounded "$KURUNG" diff --all k
is "$status:$(grep -c many/ <<<"$out")" "0:$((files + 1))" "87 diff names all of them"
bounded "$KURUNG" diff --stat k
is "$status:$(tail -n 1 <<<"$out" | grep -c '[TP]iB')" "0:1" "87 diff --stat adds them up"
bounded "$KURUNG" diff -p k
is "$status:$(grep -c '^Files larger than 64 MiB differ: nothing before' <<<"$out")" "0:$((files + 1))" "87 diff -p says how large they are"
is "$(grep -c '^Binary files differ: nothing before, 60.0 MiB now' <<<"$out")" 1 "87 and does not read holes"

bounded "$KURUNG" export k -o "$HOME/x.tar"
is "$status:$errors" "0:" "87 export packs them" || diag "$errors"
ok "87 in an archive of what they hold" test "$(stat -c %s "$HOME/x.tar")" -lt $((50000000 + 20000 * files))
tar -x -C "$HOME" -f "$HOME/x.tar" "${project#/}/many/1" "${project#/}/pieces" "${project#/}/many/0" 2>/dev/null
is "$(stat -c %s "$HOME$project/many/0" "$HOME$project/many/1" | tr '\n' ' ')" "$((size << 40)) $((size << 40)) " "87 and says how large they are"
is "$(tail -c $((size << 39)) "$HOME$project/many/1" | head -c 5)" held "87 with what they hold where it was"
is "$(python3 - "$HOME$project/pieces" <<'END'
import sys
f = open(sys.argv[1], "rb")
print(sum(not (f.seek(i << 28), f.readline() == b"%d\n" % i)[1] for i in range(5000)))
END
)" 0 "87 also in thousands of pieces"
rm -rf "${HOME:?}$project" "$HOME/x.tar"
bounded "$KURUNG" export k -o "$HOME/x.tar.gz"
is "$status:$errors" "0:" "87 export compresses what they hold"
rm -f "$HOME/x.tar.gz"

# Not the whole: they would be this machine's to keep until the end.
before=$(df --output=used -k . | tail -n 1)
bounded "$KURUNG" apply -q k many/0 many/1 pieces first
is "$status:$errors:$(stat -c %s many/1)" "0::$((size << 40))" "87 apply takes them"
ok "87 and holes stay holes" test "$(stat -c %b many/0 many/1 pieces first | awk '{ n += $1 } END { print n }')" -lt 200000
bounded "$KURUNG" diff k many/0 many/1 pieces first
is "$status:$out" "0:" "87 and they are compared with what is there"
printf x | dd of=many/1 bs=1 seek=$((size << 39)) conv=notrunc status=none
printf x | dd of=many/0 bs=1 seek=$((size << 39)) conv=notrunc status=none
bounded "$KURUNG" diff --name-only k many/0 many/1
is "$status:$out" "0:many/0
many/1" "87 also a byte in a hole is seen"
diag "$(($(df --output=used -k . | tail -n 1) - before)) KiB used"
rm -rf many pieces first

# What costs when holes are read: seen with a size that ends.
kurung run --keep=k2 -- truncate -s 3G three
(ulimit -f 100000; exec "$KURUNG" export k2 -o "$HOME/y.tar" >/dev/null 2>&1)
is $? 0 "87 three GiB of nothing are packed into less than 100 MB"
(ulimit -f 100000; KURUNG_DEFENCE_OFF=limits exec "$KURUNG_UNDEFENDED" export k2 -o "$HOME/y.tar" >/dev/null 2>&1)
isnt $? 0 "87 without (limits) they are not"
rm -f "$HOME"/y.tar*
kurung discard k2

# Ctrl-C, at any moment of a long export: the command ends, and leaves no archive.
mkfifo "$HOME/pipe"
"$KURUNG" export k -o - >"$HOME/pipe" 2>/dev/null &
exporting=$!
exec 8<"$HOME/pipe"
head -c 100 <&8 >/dev/null
kill -TERM $exporting
wait $exporting
is $? 143 "87 an export can be stopped"
exec 8<&-

# The process that reads the changes ends after the command.
is_free() { "$KURUNG" diff --name-only k >/dev/null 2>&1; }
wait_for is_free

# What was begun has no name yet, whatever ends the command.
mkdir "$HOME/archives"
KURUNG_FAILPOINT=progress "$KURUNG_UNDEFENDED" export k -o "$HOME/archives/x.tar" >/dev/null 2>&1
is "$?:$(ls -A "$HOME/archives")" "137:" "87 and leaves no file"

# Pieces, and a file beside them.
kurung run --keep=k3 -- python3 -c '
import os
with open("pieces", "wb") as f:
    for i in range(300):
        f.seek(i << 16); f.write(b"x")
open("other", "w").close()'
"$KURUNG" export k3 -o "$HOME/z.tar" 2>"$HOME/.err"
is "$?:$(tar -tf "$HOME/z.tar" | wc -l)" "0:2" "87 three hundred pieces are not too many"
kurung discard k k3

# Directories in directories: each entry of an archive has its whole path.
deep=$(scaled 600 60)
kurung run --keep=k4 -- python3 -c "
import os
open('beside', 'w').close()
for i in range($deep):
    os.mkdir('d' * 240)
    os.chdir('d' * 240)
open('lowest', 'w').close()"
kurung export k4 -o "$HOME/z.tar"
tar -tf "$HOME/z.tar" >"$HOME/list"
packed=$(wc -l <"$HOME/list")
is "$status:$errors" "0:kurung: left out: $((deep + 2 - packed)) entries whose paths are longer than 4095 bytes" \
    "87 what has too long a path is left out, and one line says how much"
is "$(grep -c 'beside$' "$HOME/list"):$(awk 'length > 4096' "$HOME/list" | wc -l):$((packed > 15))" "1:0:1" "87 and the rest is packed"
KURUNG_DEFENCE_OFF=limits "$KURUNG_UNDEFENDED" export k4 -o "$HOME/off.tar" >/dev/null 2>&1
square=$((100 * deep * deep))
is "$(($(stat -c %s "$HOME/z.tar") < square)):$(($(stat -c %s "$HOME/off.tar") > square))" "1:1" \
    "87 the archive does not grow with the square of the depth, as it does without (limits)"
rm -f "$HOME/z.tar" "$HOME/off.tar"
kurung discard k4
done_testing
