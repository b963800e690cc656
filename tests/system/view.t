#!/bin/bash
# Overlay=view: root inside changes the host's system by the kernel's overlay, over a view of it.
. "$SRCDIR/tests/lib.sh"

if [ ! -w /dev/fuse ]; then
    skip "a view of the host's system" "/dev/fuse can't be opened"
    done_testing
fi
if ! unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w &&
        mount -t overlay -o lowerdir=/usr,upperdir=/mnt/u,workdir=/mnt/w,userxattr none /mnt' 2>/dev/null; then
    skip "a view of the host's system" "no overlay can be mounted in a user namespace"
    done_testing
fi
root=(run -q -p build --overlay=view)
doc=$(find /usr/share/doc -mindepth 1 -maxdepth 1 -type d | LC_ALL=C sort | sed -n 1p)

# What hides nothing in /usr leaves the data to the kernel where it can; what hides something leaves them to the view.
for how in "" --hide=/usr/games; do
    name=${how:-direct}
    kurung "${root[@]}" $how -- sh -c 'stat -c "%u:%g %a" /usr/bin/env /etc/passwd; cat /proc/self/uid_map | wc -l'
    is "$out" "$(stat -c '%u:%g %a' /usr/bin/env /etc/passwd; echo 2)" "$name: files have the owners that they have on the host"
    sums='cd /usr && find bin lib/x86_64-linux-gnu -type f | LC_ALL=C sort | sed -n 1,400p | xargs sha256sum'
    kurung "${root[@]}" $how -- sh -c "$sums"
    is "$out" "$(sh -c "$sums")" "$name: and their content"
    is "$(wc -l <<<"$out")" 400 "$name: of many of them"
    kurung "${root[@]}" $how -- sh -c 'cd /usr && find share/doc | LC_ALL=C sort'
    is "$out" "$(cd /usr && find share/doc | LC_ALL=C sort)" "$name: directories have their names"
    # shellcheck disable=SC2016
    kurung "${root[@]}" $how -- sh -ec '
        echo x >>/etc/passwd; tail -n 1 /etc/passwd
        chown 0:0 /usr/bin/env; chown 7:8 /usr/bin/cut; chmod 4711 /usr/bin/cut; stat -c "%u:%g %a" /usr/bin/cut
        cat /usr/bin/head >>/usr/bin/cut; [ "$(stat -c %s /usr/bin/cut)" -gt "$(stat -c %s /usr/bin/head)" ]
        rm -r "$0"; [ ! -e "$0" ]
        mkdir -p "$0/new" /usr/new; echo new >"$0/new/file"; ls "$0"
        mv /usr/bin/tail /usr/new/tail; echo one | /usr/new/tail; [ ! -e /usr/bin/tail ]
        ln -s nowhere /etc/hostname.new; ln /usr/bin/nl /usr/bin/nl.new; cmp /usr/bin/nl /usr/bin/nl.new
        touch -d @1000 /usr/bin/comm; stat -c %Y /usr/bin/comm
        setfattr -n user.mine -v yes /usr/bin/join; getfattr --only-values -n user.mine /usr/bin/join' "$doc"
    is "$status:$out" $'0:x\n7:8 4711\nnew\none\n1000\nyes' "$name: root inside changes them" || diag "$errors"
done
isnt "$(tail -n 1 /etc/passwd)" x "the host's own are as they were"

# What the user cannot read: the accounts are locked, other files are empty.
kurung "${root[@]}" -- sh -c 'stat -c "%u:%g %a" /etc/shadow; cut -d: -f2 /etc/shadow | sort -u; useradd -m eve && id -un eve && stat -c %U /home/eve'
is "$out" "$(stat -c '%u:%g %a' /etc/shadow)"$'\n*\neve\neve' "a file that the user cannot read is a placeholder" || diag "$errors"

# The payload has no other way to the view, and no attribute of the overlay is its own.
kurung "${root[@]}" -- sh -c 'grep -c " - fuse" /proc/self/mountinfo; setfattr -n user.overlay.redirect -v /etc/shadow /usr/bin/env &&
    getfattr --only-values -n user.overlay.redirect /usr/bin/env; echo; touch /usr/bin/env && head -c 4 /usr/bin/env | tail -c 3
    getfattr -m - -d /usr/bin/cut'
unlike "$out" "[1-9].* - fuse|user.overlay.metacopy" "the view is not visible inside"
like "$out" "ELF" "and an attribute of the overlay's does not lead a file elsewhere" || diag "$errors"

# Hidden paths, also below what is hidden in the view's own lower.
kurung "${root[@]}" --hide=/usr/bin/env --hide="$doc" -- sh -c 'wc -c </usr/bin/env; ls "$0" /home | grep -v :$; find /var/log ! -type d' "$doc"
is "$out" $'0' "what is hidden is hidden" || diag "$out"

# A kept sandbox: only what changed is a change, and files that were only copied are none.
kurung run -q --keep=view -p build --overlay=view -- sh -c 'echo more >>/etc/hosts; chown 0:0 /usr/bin/env; touch -a /usr/bin/cut; rm /usr/bin/nl; mkdir /opt/kept /new; echo 1 >/opt/kept/1; echo >/new/file; echo >made'
is "$status" 0 "a sandbox is kept" || diag "$errors"
kurung diff view
is "$(awk '{ sub(/ *!.*/, "") } 1' <<<"$out" | LC_ALL=C sort)" $'A  /new/\nA  /opt/kept/\nA  made\nD  /usr/bin/nl\nM  /etc/hosts' "diff shows what changed, and no copy of what did not" || diag "$out"
kurung run -q --in view -- sh -c 'tail -n 1 /etc/hosts; cat /opt/kept/1; ls /usr/bin/nl; ls made /new'
like "$out" $'^more\n1\nmade\n\n/new:\nfile$' "it is resumed with its changes" || diag "$out $errors"
kurung export view -o view.tar
like "$(tar tf view.tar)" "opt/kept/1" "and exported" || diag "$errors"
kurung apply view made
is "$status:$(ls)" $'0:made\nview.tar' "and applied" || diag "$errors"
kurung discard view
is "$status:$(find "$HOME/.cache/kurung" -name 'run-*' -o -name 'view' | wc -l)" 0:0 "and discarded" || diag "$errors"

# For one who is not root inside, and with one id.
kurung run -q --overlay=view -- sh -c 'stat -c "%u:%g" /usr/bin/env; touch /usr/bin/env; cat /etc/shadow'
is "$out:$(grep -c ermission <<<"$errors")" "0:0:2" "the modes of the host's files hold for other users inside" || diag "$errors"
kurung run -q --overlay=view --run-as=root --id-map=single -- sh -c 'stat -c "%u" /usr/bin/env; echo x >>/etc/passwd && tail -n 1 /etc/passwd
    chmod 600 /etc/shadow && stat -c "%u:%g %a" /etc/shadow'
is "$out" $'0\nx\n0:0 600' "with one id, root's files are root's" || diag "$errors"

# Errors are one line.
kurung run --overlay=view --root=/usr -- true
like "$status:$errors" "^125:kurung: Overlay=view: only the host's system has a view" "another root has none"
mkdir bin && cp "$KURUNG" bin/kurung
[ ! -e "${KURUNG%/*}/installed" ] || { out=$(bin/kurung run --overlay=view -- true 2>&1); status=$?
    like "$status:$out" "^125:kurung: Overlay=view: cannot find kurung-view" "nor is there one without the program"; }

# Its processes end with the sandbox; when one of them ends, so does the sandbox, and says why.
mkfifo up
children() { pgrep -P "$1"; }
for victim in program kurung; do
    "$KURUNG" run -q --work-dir=rw -p build --overlay=view -- sh -c 'echo >up; while :; do ls /usr/share/doc/*; done' >/dev/null 2>errors &
    sandbox=$!
    read -r _ <up
    # The view, and beside it a process with the supervisor's name that serves no sandbox: init is in another pid namespace.
    case $victim in
    program) pid=$(pgrep -P $sandbox -x program) ;;
    kurung) pid=$(for p in $(children $sandbox); do
        [ "$(readlink "/proc/$p/exe" 2>/dev/null)" ] || [ "$(sed -n 's/^Seccomp_filters:\t//p' "/proc/$p/status")" = 0 ] ||
            [ "$(wc -w <<<"$(sed -n 's/^NSpid://p' "/proc/$p/status")")" != 1 ] || echo "$p"
    done) ;;
    esac
    is "$(wc -w <<<"$pid")" 1 "$victim: the process is found" || diag "$(ps --ppid "$sandbox")"
    [ -z "$pid" ] || kill -KILL "$pid"
    wait "$sandbox"
    is "$?" 125 "$victim: the sandbox ends with it"
    like "$(cat errors)" "kurung-view exited .*: the sandbox was killed" "$victim: and says why"
done
like "$(cat errors)" "knows the owners" "and what was missing"

# The host's files change while they are shown: in a directory of one's own, which is the system's only here. It is one of
# programs, or of the rest.
mkfifo go
changed() { # COMMANDS-INSIDE-BEFORE COMMANDS-OUTSIDE COMMANDS-INSIDE-AFTER OPTION...
    in_mounts "mount -t tmpfs none $place; mkdir $place/d; for f in file d/gone d/grown; do echo old >$place/\$f; done" sh -c '
        place=$1 before=$2 between=$3 after=$4; shift 4
        "$KURUNG" run -q --work-dir=rw --overlay=view --run-as=root "$@" -- sh -c "cd $place; $before; echo >\"\$OLDPWD/up\"; read -r _ <\"\$OLDPWD/go\"; $after" &
        read -r _ <up; (cd "$place" && eval "$between"); echo >go; wait $!' - "$place" "$@" 2>&1
}
for how in "/opt --overlay=view" "/opt --hide=/opt/d/none" "/usr/share/doc --overlay=view"; do
    read -r place how <<<"$how"
    got=$(changed 'stat -c %s d/gone >/dev/null' 'rm d/gone' 'cat d/gone || echo failed' "$how")
    like "$got" $'^cat: d/gone: (No such file or directory|Stale file handle|Input/output error)\nfailed$' "a file that the host removed is an error ($place, $how)"
    got=$(changed 'stat -c %s d/grown >/dev/null' 'echo new >>d/grown' 'cat d/grown' "$how")
    like "$got" $'^old(\nnew)?$' "one that grew has its old content, or also the new ($place, $how)"
    got=$(changed 'stat file >/dev/null' 'echo other >file.new; mv file.new file' 'cat file || echo failed' "$how")
    like "$got" $'^(other|cat: file: Stale file handle\nfailed)$' "one that was replaced is the new one, or an error ($place, $how)"
    got=$(changed 'ls d >/dev/null' 'mkdir d/new; echo new >d/new/file' 'cat d/new/file || echo failed' "$how")
    like "$got" $'^new$' "a name that nobody looked up is found ($place, $how)"
done

# A file capability of the host's gives nothing inside, and is not copied. A bind of the same file shows that it is there.
sets='for f in "$0" /bin/cat; do "$f" /proc/self/status | grep ^Cap; done | sort -u | wc -l
    chmod 711 "$0"; getfattr --absolute-names --only-values -n security.capability "$0" 2>/dev/null | wc -c'
granted() { # OPTION...
    in_mounts 'mount -t tmpfs none /opt; cp /bin/cat /opt/cat; setcap cap_dac_override,cap_net_raw+ep /opt/cat' \
        "$KURUNG" run -q --run-as=root "$@" -- sh -c "$sets" /opt/cat 2>/dev/null
}
isnt "$(granted --overlay=none | sed -n 2p)" 0 "a program has a file capability on the host"
# Five lines of capabilities, the same for both programs.
is "$(granted --overlay=view)" $'5\n0' "it has none over a view, nor has its copy"
program=$(getcap -r /usr/bin 2>/dev/null | sed -n '1s/ .*//p')
for how in "" --hide=/usr/games; do
    if [ "$program" ]; then
        kurung "${root[@]}" $how -- sh -c 'getcap "$0"; touch "$0"; getcap "$0"' "$program"
        is "$status:$out" "0:" "and none of a program of the system (${how:-direct})" || diag "$errors"
    else
        skip "a program of the system with a file capability (${how:-direct})" "there is none in /usr/bin"
    fi
done
done_testing
