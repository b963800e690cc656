#!/bin/bash
# The attacks on the file system (31 to 34, 37, 38, 60 to 63, 66, 70) under every engine and with every installed profile, as root
# and as oneself. That each succeeds without its defence is shown by root.t, policy.t and changes.t.
# shellcheck disable=SC2016 # the sandbox's shell expands
. "$SRCDIR/tests/escape/root.sh"
mkdir "$HOME/given"

# A root with all the links at once.
make_root
for name in tmp run dev proc sys; do ln -s "$canary" "$HOME/root/$name"; done
ln -s "$canary" "$HOME/root/outer/link"
ln -s /proc/self/fd/3 "$HOME/root/outer/fd"
ln -s "../../../../../../../../../../../..$canary" "$HOME/root/outer/up"
mkdir "$HOME/root/var"
ln -s /run "$HOME/root/var/run"
link_places=(--tmpfs=/outer/link/a/b --tmpfs=/outer/up --hide=/outer/link/file "--read-only=$PWD/probe:/outer/link/probe"
    "--read-write=$HOME/given:/outer/fd/a" --tmpfs=/var/run/place)

# Inside a shared project: each line that does what it must not prints "escaped".
cat >attack.sh <<'END_OF_ATTACK'
cd "$1" || exit
here=$2
try() { name=$1; shift; ("$@") >/dev/null 2>&1 && echo "escaped: $name"; }
try "70 rename over a read-only path" mv .git .git2
try "70 rename over a hidden path" mv deep elsewhere
try "70 exchange" sh -c 'mv deep/a deep/z && mkdir -p deep/a/b'
try "38 write to what is read-only" sh -c 'echo evil >.git/hooks/sample'
try "38 create in what is read-only" sh -c 'echo evil >.git/hooks/pre-commit'
try "38 remove what is read-only" rm -f .git/hooks/sample
try "38 link to what is read-only" ln .git/hooks/sample linked
try "38 truncate what is read-only" truncate -s 0 .git/hooks/sample
try "38 change its mode" chmod 777 .git/hooks/sample
try "33 read what is hidden" grep -r canary deep/a/b/secret
try "33 remove what is hidden" rm -rf deep/a/b/secret
try "33 unmount a mask" umount -l "$PWD/deep/a/b/secret"
try "28 write a setting" sh -c 'cat /proc/sys/kernel/hostname >/proc/sys/kernel/hostname'
try "29 read the kernel's memory map" grep -q . /proc/kcore
try "34 leave by a link of a process" ls "/proc/1/root$here/canary"
try "34 leave by a descriptor" sh -c 'for f in /proc/self/fd/*; do ls "$f/../canary/file" && exit; done; exit 1'
try "63 leave by a link" sh -c 'ln -s "$1/canary" out && cat out/file' - "$here"
try "63 leave by .." cat ../canary/file
try "23 make a device" sh -c 'mknod disk b 8 0 && head -c 1 disk'
try "60 a set-user-ID file" sh -c 'cp /bin/true suid && chmod 4755 suid && [ -u suid ]'
echo ran
END_OF_ATTACK

# What is kept and taken over: names, links, bits.
make_changes='mkdir -p new/.wh.x "new/ $(printf "\\033")[2J" && echo x >new/.wh.y; ln -s '"$canary"' new/link; ln -s ../canary new/up
cp /bin/true new/suid; chmod 6755 new/suid; mkfifo new/fifo; rm -rf gone; ln -s '"$canary"' gone; mv swapped other && ln -s '"$canary"' swapped; echo made'

fresh_project() {
    rm -rf "$HOME/share"
    mkdir -p "$HOME/share/.git/hooks" "$HOME/share/deep/a/b/secret" "$HOME/share/gone" "$HOME/share/swapped"
    echo mine >"$HOME/share/.git/hooks/sample"
    echo canary >"$HOME/share/deep/a/b/secret/file"
    echo mine >"$HOME/share/gone/file"
    echo mine >"$HOME/share/swapped/file"
    cp attack.sh "$HOME/share/attack.sh"
}
protected() { (cd "$HOME/share" && find .git deep -printf '%p %y %m %s\n' | sort && cat .git/hooks/sample deep/a/b/secret/file); }
fresh_project
untouched=$(protected)
(cd "$HOME/share" && sh attack.sh "$PWD" "$HOME") >outside 2>&1
like "$(<outside)" "escaped: 70.*escaped: 38.*escaped: 33.*escaped: 63" "the attacks succeed outside"

engines=(kernel none)
[ ! -w /dev/fuse ] || engines+=(fuse view)
who=(self)
[ -z "$tap_subids" ] || who+=(root)
# Those that only name another one make the same sandbox.
mapfile -t profiles < <(grep -lE '^(WorkDir|Home|RunAs|Mode|AllowFrom|Pass|Set|Tools|MemoryMax)=' "$SRCDIR"/profiles/*.ini)
profiles=("${profiles[@]##*/}")
[ -z "${KURUNG_VM:-}" ] || profiles=(build.ini)
for profile in "${profiles[@]%.ini}"; do
    for as in "${who[@]}"; do
        for engine in "${engines[@]}"; do
            how="-p $profile --run-as=$as --overlay=$engine"
            run=("$KURUNG" run -q -p "$profile" "--run-as=$as" "--overlay=$engine" --net=none)
            for work_dir in rw overlay; do
                [ "$engine:$work_dir" != none:overlay ] || continue
                fresh_project
                got=$(cd "$HOME/share" && "${run[@]}" "--work-dir=$work_dir" --read-only=.git/hooks --hide=deep/a/b/secret -- \
                    sh attack.sh "$HOME/share" "$HOME" 2>&1 </dev/null)
                # In an overlay a copy may get the bits: it is nobody's but the sandbox's.
                [ "$work_dir" = rw ] || got=$(grep -v 'escaped: 60' <<<"$got")
                is "$got" ran "28 29 33 34 38 60 63 70 in a project ($how --work-dir=$work_dir)"
                is "$(protected)$(state)" "$untouched$before" "28 29 33 34 38 60 63 70 all is as it was ($how --work-dir=$work_dir)" || restore
            done
            got=$("${run[@]}" --root="$HOME/root" --work-dir=hidden "${link_places[@]}" -- /bin/sh -c \
                'cat /tmp/file /run/file /outer/link/file /outer/up/file /dev/file /proc/file; echo x >/outer/link/a/b/new; echo x >/outer/fd/a/new; echo ran' 2>&1 </dev/null)
            [ "$(state)" = "$before" ] && [[ $got != *untouched* ]] && [[ $got == *ran* || $got == kurung:* ]]
            tap_result $? "31 32 33 34 37 a root full of links ($how)" || { diag "$got"; restore; }
            rm -rf "$HOME"/given/*
            [ "$engine" != none ] || continue
            fresh_project
            got=$(cd "$HOME/share" && "${run[@]}" --keep=all --work-dir=overlay -- sh -c "$make_changes" 2>&1 </dev/null)
            like "$got" "made" "60 61 62 63 65 66 changes are made ($how)"
            (cd "$HOME/share" && "$KURUNG" apply all && "$KURUNG" apply --force all new gone swapped) >taken 2>&1 </dev/null
            is "$(state):$(find "$HOME/share" -perm /6000):$(find "$HOME/share" -type p)" "$before::" \
                "60 61 62 63 65 66 taking them over reaches nothing else, and takes no bit and no fifo ($how)" || { diag "$(<taken)"; restore; }
            is "$(readlink "$HOME/share/new/link" "$HOME/share/gone"):$(<"$HOME/share/other/file")" "$canary"$'\n'"$canary:mine" \
                "60 61 62 63 65 66 and what can be taken is ($how)" || diag "$(<taken)"
            "$KURUNG" discard all >/dev/null 2>&1
        done
    done
done
done_testing
