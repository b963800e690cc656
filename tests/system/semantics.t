#!/bin/bash
# The calls of fs_matrix.py on a root and on a project of overlays return and leave what they do on a tmpfs, but for the
# differences that docs/DIFFERENCES.md lists.
. "$SRCDIR/tests/lib.sh"

listed=$SRCDIR/docs/DIFFERENCES.md
tools=$SRCDIR/tests/tools

# The rows of the table for an engine: "CALL SUBJECT"; a call may be "a, b", a subject "all".
rows() { # ENGINE
    awk -F'|' -v engine="$1" '/^\| `/ {
        gsub(/[` ]/, "", $2); gsub(/ /, "", $3)
        if (index($4, engine) == 0) next
        n = split($2, call, ","); m = split($3 == "all" ? "host,own,missing" : $3, subject, ",")
        for (i = 1; i <= n; i++) for (k = 1; k <= m; k++) print call[i], subject[k]
    }' "$listed" | sort -u
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

# Nothing was lost or changed on the host.
ok "the host's files are as they were" diff -r --no-dereference /usr/share/doc "$project/doc"

rm -rf "${project:?}/doc" "$root"
done_testing
