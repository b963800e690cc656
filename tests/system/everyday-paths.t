#!/bin/bash
# Paths as users have them: through links, long, for a group, in a system whose own links lead elsewhere.
. "$SRCDIR/tests/lib.sh"

# The project is reached through a link, and its scripts name the link.
mkdir -p "$HOME/disk/work/bin"
ln -s disk "$HOME/link"
work=$HOME/link/work
cp "$(type -P true)" "$HOME/disk/work/bin/python"
printf '#!%s/bin/python\n' "$work" >"$HOME/disk/work/bin/pip"
chmod +x "$HOME/disk/work/bin/pip"
echo file >"$HOME/disk/work/file"
cd "$work" || exit 1
kurung run -- bin/pip
is "$status:$errors" "0:" "an interpreter is found by the link's name"
PATH=$work/bin:$PATH kurung run -- pip
is "$status:$errors" "0:" "  also in PATH"
kurung run -- cat "$work/file"
is "$out" file "a file is found by the link's name"
kurung run -- sh -c "echo changed >$work/file; cat file; pwd"
is "$out:$(cat file)" "changed
$HOME/disk/work:file" "  a change by it is caught, and is there by both"
kurung run --hide="$work/file" -- sh -c "cat $work/file; cat $HOME/disk/work/file"
is "$out" "" "  what is hidden is hidden by both"
kurung run --keep=named -- sh -c "echo new >$work/new"
kurung diff named
is "$out" "A  new" "  a kept change is one of the working directory, and nothing else"
"$KURUNG" discard named
kurung run -- sh -c "mv $HOME/link $HOME/elsewhere"
isnt "$status" 0 "  the name stays"
unlike "$errors" "^kurung" "  and the sandbox goes on"
kurung run --read-only=/etc/hostname:"$work/name" -- cat "$work/name"
is "$status" 0 "what the user puts there stays visible"

cd "$HOME/disk/work" || exit 1
kurung run -- "$work/bin/pip"
is "$status:$errors" "0:" "the command's own words may have the link, wherever kurung is started"
kurung run --work-dir=hidden -- cat "$work/file"
isnt "$status" 0 "  not where the directory is hidden"
mkdir secret "$HOME/secret"
echo canary >"$HOME/secret/file"
ln -s "$HOME/secret" "$HOME/other"
kurung run -- cat "$HOME/other/file"
unlike "$out" canary "  a link that leads elsewhere shows nothing"
ln -s "$HOME/disk" /tmp/kurung-link.$$
kurung run -- cat /tmp/kurung-link.$$/work/file
is "$out" file "the link may be in another directory that is empty inside"
rm /tmp/kurung-link.$$

# The repository above is visible by the name, too.
if command -v git >/dev/null; then
    git -C "$HOME/disk/work" init -q
    mkdir sub
    cd "$work/sub" || exit 1
    kurung run -- sh -c "git rev-parse --show-prefix; cat $work/file"
    is "$out" "sub/
file" "in a subdirectory the repository has the name"
fi

# HOME itself is a link.
cd "$HOME/disk/work" || exit 1
mkdir -p "$HOME/disk/.nvm/versions/bin"
cp "$(type -P true)" "$HOME/disk/.nvm/versions/bin/nodeish"
export HOME=$HOME/link
kurung run -- true # what is told once is told
kurung run -- ~/work/bin/pip
is "$status:$errors" "0:" "HOME is a link: a project in it is found by it"
kurung run --read-only="$HOME/.nvm" -- "$HOME/.nvm/versions/bin/nodeish"
is "$status:$errors" "0:" "  so is a share"
PATH=$HOME/.nvm/versions/bin:$PATH kurung run --tools -- nodeish
is "$status:$errors" "0:" "  and the programs of version managers"
kurung run --home=persist:named -- "$work/bin/pip"
is "$status:$errors" "0:" "  in a kept home"
kurung run --home=persist:named -- sh -c 'cd / && chmod -R u+w ~/work; rmdir ~/work; ls ~'
kurung run --home=host -- ~/work/bin/pip
is "$status:$errors" "0:" "  in the host's home"
"$KURUNG" discard --home named
HOME=$tap_home
cd "$project" || exit 1

# The system's resolv.conf is a link into a directory that is empty inside, as on WSL.
for network in none host slirp; do
    [ "$network" != slirp ] || [ -w /dev/net/tun ] || continue
    in_mounts 'mount -t tmpfs tmpfs /mnt; mkdir /mnt/wsl /mnt/etc; echo canary >/mnt/secret; echo "nameserver 192.0.2.53" >/mnt/wsl/resolv.conf
        cp -a /etc/. /mnt/etc/ 2>/dev/null || :; ln -sf /mnt/wsl/resolv.conf /mnt/etc/resolv.conf; mount --bind /mnt/etc /etc' \
        "$KURUNG" run -q --net=$network -- sh -c 'cat /etc/resolv.conf; ls -R /mnt; cat /mnt/secret' >"$HOME/.out" 2>/dev/null
    like "$(<"$HOME/.out")" "^nameserver [^ ]*.*wsl" "/etc/resolv.conf leads to /mnt (--net=$network)"
    unlike "$(<"$HOME/.out")" "canary|secret" "  nothing else of /mnt is there"
done

# Long paths: a profile's line, its own path, and what is shared.
part=$(printf 'd%.0s' {1..200})
long=$HOME
while [ ${#long} -lt 3800 ]; do
    mkdir "$(printf %s "$part")" && cd "$part" || exit 1
    long+=/project/$part
    long=$PWD
done
mkdir -p "$HOME/.config/kurung/profiles"
echo seen >seen
printf '[Profile]\nExtends=default\n[Filesystem]\nReadOnly=%s\n' "$long" >"$HOME/.config/kurung/profiles/long.ini"
cd "$HOME" && kurung run -q -p long -- sh -c 'cd "$0" && cat seen' "$long"
is "$status:$out:$errors" "0:seen:" "a path of ${#long} bytes in a profile"
printf '[Environment]\nSet=LONG=%s\n' "$(head -c 100000 /dev/zero | tr '\0' x)" >"$HOME/.config/kurung/profiles/long.ini"
kurung run -q -p long --work-dir=hidden -- sh -c 'echo ${#LONG}'
is "$status:$out" "0:100000" "a line of 100 kB"
printf '[Filesystem]\nReadOnly=/%s\n' "$(head -c 5000 /dev/zero | tr '\0' x)" >"$HOME/.config/kurung/profiles/long.ini"
kurung run -q -p long -- true
like "$status:$errors" "^125:[^
]*long.ini:2: a path of 5001 characters exceeds the limit of 4095\$" "a path that is too long is named by its length, in one line"
cd "$long" && printf '[Environment]\nSet=FROM=here\n' >here.ini
cd "$HOME" && kurung run -p "$long/here.ini" -- true
like "$status:$errors" "^125:.* .*here.ini:2: a profile inside the project may only restrict" "an error with a long path keeps its reason"
mkdir "$HOME/beside" && cd "$HOME/beside" && kurung run -q -p "$long/here.ini" --work-dir=hidden -- sh -c 'echo $FROM'
is "$status:$out" "0:here" "a profile whose own path is long"
cd "$project" && rm -rf "$part"

done_testing
