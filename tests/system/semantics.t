#!/bin/bash
# The calls of fs_matrix.py on a root and on a project of overlays return and leave what they do on a tmpfs, but for the
# differences that docs/DIFFERENCES.md lists.
. "$SRCDIR/tests/lib.sh"

listed=$SRCDIR/docs/DIFFERENCES.md
tools=$SRCDIR/tests/tools

# The rows of the table of an engine: "CALL SUBJECT"; a call may be "a, b", a subject "all".
rows() { # ENGINE
    awk -F'|' -v engine="## Engine \`$1\`" '/^## / { wanted = $0 == engine } wanted && /^\| `/ {
        gsub(/[` ]/, "", $2); gsub(/ /, "", $3)
        n = split($2, call, ","); m = split($3 == "all" ? "host,own,missing" : $3, subject, ",")
        for (i = 1; i <= n; i++) for (k = 1; k <= m; k++) print call[i], subject[k]
    }' "$listed" | sort -u
}

# listed ENGINE TEXT: fails unless the table of the engine has a line that begins with the text.
listed() {
    ok "$1: the difference is listed: $2" awk -v engine="## Engine \`$1\`" -v text="| $2 |" '
        /^## / { wanted = $0 == engine } wanted && index($0, text) == 1 { found = 1 } END { exit !found }' "$listed"
}

# The calls that differ between two outputs, as "CALL SUBJECT".
differing() { # REFERENCE OUTPUT
    diff "$1" "$2" | sed -n 's/^[<>] \([a-z0-9_]* [a-z]*\):.*/\1/p' | sort -u
}

compare() { # ENGINE REFERENCE OUTPUT
    local engine=$1 calls missing
    # Before Linux 6.6 a tmpfs has no attributes of users (tmpfs(5)), and is no reference for them.
    if grep -q '^xattr_set own: ENOTSUP' "$2"; then
        diag "this kernel's tmpfs has no attributes: those calls are not compared"
        sed -i -E 's/^((xattr|dir_xattr)[a-z_]* [a-z]+):.*/\1: not compared/' "$2" "$3"
    fi
    calls=$(python3 "$tools/fs_matrix.py" --list | wc -l)
    is "$(wc -l <"$2") $(wc -l <"$3")" "$((calls * 3)) $((calls * 3))" "$engine: all calls were made on both"
    missing=$(comm -23 <(differing "$2" "$3") <(rows "$engine"))
    is "$missing" "" "$engine: every difference is listed" ||
        diag "$(diff "$2" "$3" | grep -E "^[<>] ($(echo "$missing" | paste -sd'|')):")"
}

# As many directories of the host as there are calls, each with a file that is not empty.
enough=$(find /usr/share/doc -mindepth 2 -maxdepth 2 -name copyright -type f -links 1 -size +0 | wc -l)
calls=$(python3 "$tools/fs_matrix.py" --list | wc -l)
if [ "$enough" -lt "$calls" ]; then
    skip "the calls on files of the host" "/usr/share/doc has $enough packages, $calls are needed"
    done_testing
fi

# Root inside, over the host's /usr/share/doc.
root=$HOME/root
mkdir "$root"
engines=(fuse view)
for engine in "${engines[@]}"; do
    "$KURUNG" run -p build --overlay="$engine" --tmpfs=/mnt --read-only="$tools" --read-write="$root" -- sh -c '
        cp -a /usr/share/doc /mnt/doc &&
        python3 "$0/fs_matrix.py" /mnt/doc >"$1/tmpfs" && python3 "$0/fs_matrix.py" /usr/share/doc >"$1/$2"' \
        "$tools" "$root" "$engine"
    is $? 0 "$engine: the calls are made"
    compare "$engine" "$root/tmpfs" "$root/$engine"
done

# The user's own files, over the project.
cp -a --no-preserve=ownership /usr/share/doc "$project/doc" 2>/dev/null
"$KURUNG" run --overlay=kernel --tmpfs=/mnt --read-only="$tools" --read-write="$root" -- sh -c '
    cp -a doc /mnt/doc && python3 "$0/fs_matrix.py" /mnt/doc >"$1/own" && python3 "$0/fs_matrix.py" doc >"$1/kernel"' \
    "$tools" "$root"
is $? 0 "kernel: the calls are made"
compare kernel "$root/own" "$root/kernel"

# Differences that no single call shows. A file with two names:
pair="find \"\$0\" -type f -links +1 -printf '%i %p\\n' | sort | awk '\$1 == last { print path, \$2; exit } { last = \$1; path = \$2 }'"
split="set -- \$($pair)"'; before=$(stat -c %s "$2"); echo more >>"$1"; [ "$(stat -c %s "$2")" = "$before" ] && echo one || echo both'
mkdir -p "$project/names"
echo text >"$project/names/a"
ln "$project/names/a" "$project/names/b"
kurung run -q --overlay=kernel -- sh -c "$split" "$project/names"
is "$out" one "kernel: a write through one name of a file does not change the other" || diag "$errors"
listed kernel "a file with two names"
if [ "$(sh -c "$pair" /usr/bin)" ]; then
    kurung run -q -p build --overlay=view -- sh -c "$split" /usr/bin
    is "$out" one "view: nor over the system" || diag "$errors"
    listed view "a file with two names"
    kurung run -q -p build --overlay=fuse -- sh -c "$split" /usr/bin
    is "$out" both "fuse: there it does" || diag "$errors"
else
    skip "a file of the system with two names" "there is none in /usr/bin"
fi

# A change that the host makes, between two that the sandbox makes: the events are in the order of the changes.
mkdir -p "$HOME/tell"
mkfifo "$HOME/tell/ready" "$HOME/tell/go"
watched() { # DIRECTORY OPTION...
    local dir=$1
    shift
    "$KURUNG" run -q --read-only="$tools" --read-write="$HOME/tell" "$@" -- sh -c '
        python3 "$0/watch_directory.py" "$1" "$2/ready" & read -r _ <"$2/ready"
        echo >"$1/begin"; echo >"$2/go"; read -r _ <"$2/go"; ls "$1" >/dev/null; echo >"$1/end"; wait' "$tools" "$dir" "$HOME/tell" &
    read -r _ <"$HOME/tell/go"
    echo >"$dir/host"
    echo >"$HOME/tell/go"
    wait $!
    rm "$dir/host"
}
got=$(watched "$project/names" --overlay=kernel)
is "$got" $'begin\nend' "kernel: inotify does not report what the host changes"
got=$(watched "$project/names" --work-dir=rw)
is "$got" $'begin\nhost\nend' "it does with --work-dir=rw"
rm "$project/names/begin" "$project/names/end"
listed kernel "inotify(7)"

# The size of the disk. Directories of a tmpfs take no memory.
size='stat -f -c "%S %b" /'
disk=$(stat -f -c '%S %b' "$HOME")
kurung run -q --overlay=kernel -- sh -c "$size; [ \"\$(stat -f -c %b /)\" -gt 0 ] && df --output=used / | tail -n 1"
isnt "$(head -n 1 <<<"$out")" "$disk" "kernel: the changes of the system take memory"
is "$(tail -n 1 <<<"$out" | tr -d ' ')" 0 "kernel: none is taken at first"
listed kernel "statfs(2), df(1)"
for engine in view fuse; do
    kurung run -q -p build --overlay="$engine" -- sh -c "$size"
    is "$out" "$disk" "$engine: those of root inside take the disk's space, and df shows it"
done
listed view "names below each other"

rm -rf "$project/names" "$HOME/tell"

# Nothing was lost or changed on the host.
ok "the host's files are as they were" diff -r --no-dereference /usr/share/doc "$project/doc"

rm -rf "${project:?}/doc" "$root"
done_testing
