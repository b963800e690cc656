#!/bin/bash
# Mounts below what a sandbox shows appear with their content, under each engine: a separate /opt, a bind, a tmpfs.
. "$SRCDIR/tests/lib.sh"

mkdir -p "$HOME/bound" tree/deep/er
echo bound >"$HOME/bound/file"
echo lower >tree/file
over='mount -t tmpfs none "$HOME/project/tree/deep"; mkdir "$HOME/project/tree/deep/er"; echo tmpfs >"$HOME/project/tree/deep/file"
    mount --bind "$HOME/bound" "$HOME/project/tree/deep/er"
    mount -t tmpfs none /opt; echo separate >/opt/file
    mount --bind "$HOME/bound" /usr/games'
all="cat tree/file tree/deep/file tree/deep/er/file /opt/file /usr/games/file"
content=$'lower\ntmpfs\nbound\nseparate\nbound'
for engine in auto kernel none fuse view; do
    is "$(in_mounts "$over" "$KURUNG" run -q --overlay=$engine -- sh -c "$all" 2>&1)" "$content" "$engine: what is mounted below is there"
    is "$(in_mounts "$over" "$KURUNG" run -q --overlay=$engine --run-as=root -- sh -c "$all" 2>&1)" "$content" \
        "$engine: also for root inside"
    for mode in ro rw; do
        is "$(in_mounts "$over" "$KURUNG" run -q --overlay=$engine --work-dir=$mode -- sh -c "$all" 2>&1)" "$content" \
            "$engine: with the working directory $mode"
    done
done
got=$(in_mounts "$over" sh -c '"$KURUNG" run -q -- sh -c "echo new >tree/file; echo new >tree/deep/file; echo new >tree/deep/er/file; cat tree/file tree/deep/file tree/deep/er/file" 2>/dev/null
    cat tree/file tree/deep/file tree/deep/er/file')
is "$(tail -n 3 <<<"$got")" $'lower\ntmpfs\nbound' "writes to none of them reach the host" || diag "$got"
is "$(in_mounts "$over" "$KURUNG" run -q --read-only="$PWD/tree:/mnt/tree" -- cat /mnt/tree/deep/er/file 2>&1)" bound "a read-only bind takes along what is mounted below"
is "$(in_mounts 'mount -t tmpfs none "$HOME/project/tree/deep"; mount -t tmpfs none "$HOME/project"; mkdir "$HOME/project/x"' \
    sh -c 'cd "$HOME/project" && "$KURUNG" run -q -- ls')" x "a working directory that is a mount itself"
done_testing
