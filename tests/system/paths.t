#!/bin/bash
# Shares and what is hidden: which path wins, paths that are not there, and that nothing is left on the host for a mount.
# shellcheck disable=SC2016,SC2088 # the sandbox's shell expands, and kurung the tilde
. "$SRCDIR/tests/lib.sh"

mkdir -p "$HOME/q/s/deep" "$HOME/.ssh" sub
echo secret | tee "$HOME/q/s/f" "$HOME/q/s/deep/f" "$HOME/.ssh/key" >/dev/null
echo seen >"$HOME/q/f"

# The more specific path wins, whatever the order; hiding wins on the same path.
for options in "--hide=$HOME/q/s --read-only=$HOME/q" "--read-only=$HOME/q --hide=$HOME/q/s"; do
    # shellcheck disable=SC2086 # words
    kurung run $options -- sh -c 'cat ~/q/f; ls ~/q/s'
    is "$status:$out" "0:seen" "hidden in what is shown ($options)" || diag "$errors"
done
kurung run --hide=~/q --read-only=~/q/s/deep --read-write=~/q/f -- sh -c 'cd ~/q; ls -R; cat s/deep/f; echo changed >f; echo x >new'
is "$out" ".:
f
s

./s:
deep

./s/deep:
f
secret" "shown in what is hidden, and nothing else"
is "$(<"$HOME/q/f")" changed "and writable where it was shared so"
like "$errors" "Read-only file system" "what is hidden cannot be written"
kurung run --hide=~/q --read-only=~/q -- ls -A "$HOME/q"
is "$out" "" "the same path: hidden"
cat >hides.ini <<END_OF_PROFILE
[Filesystem]
Hide=~/q/s
END_OF_PROFILE
kurung run -p ./hides.ini --read-only="$HOME/q" -- ls -A "$HOME/q/s"
is "$status:$out" "0:" "a profile's Hide= stays, whatever the command line shares"
kurung run -p ./hides.ini --read-only="$HOME/q" --show="$HOME/q" -- ls -A "$HOME/q/s"
is "$out" "deep"$'\n'"f" "but --show takes it back"
like "$errors" "^kurung: --show: shows '$HOME/q/s', which .*hides.ini:2 hides$" "and says so"
kurung run --show=~/nothing -- true
like "$errors" "^kurung: --show: no Hide= hides '$HOME/nothing'$" "a --show that undoes nothing says so"
kurung run --read-only=~/q --read-write=~/q -- true
is "$status:$errors" "125:kurung: --read-only and --read-write conflict for '$HOME/q': keep one of them" "two shares that disagree are an error"
kurung run --read-only=~/q --read-only=~/q -- cat "$HOME/q/f"
is "$status:$out" "0:changed" "two that agree are not"

# A hidden path that is a link of the host's: hidden under its own name, too.
ln -s "$HOME/q/s" "$HOME/linked"
for options in "--hide=$HOME/linked --read-only=$HOME/q" "--read-only=$HOME/q --hide=$HOME/linked" "--home=host --hide=$HOME/linked --read-only=$HOME/q" \
    "--home=host --hide=$HOME/linked"; do
    # shellcheck disable=SC2086 # words
    kurung run -q $options -- sh -c 'cat ~/linked/f ~/q/s/f; ls ~/q'
    is "$out" "f"$'\n'"s" "hidden by a link ($options)"
done

# What is hidden is so wherever it is seen: at another place, and by a link of the user's.
ln -s "$HOME/q" "$HOME/byname"
for options in "--hide=$HOME/q/s --read-only=$HOME/q:/opt/x" "--read-only=$HOME/q:/opt/x --hide=$HOME/linked" "-p ./hides.ini --read-write=$HOME/q:/opt/x"; do
    # shellcheck disable=SC2086 # words
    kurung run $options -- sh -c 'cat /opt/x/f; cat /opt/x/s/f; ls /opt/x/s'
    is "$out" changed "hidden in what is shown elsewhere ($options)"
    unlike "$errors" "nothing is hidden" "which is no news"
done
for options in "--hide=$HOME/q/s --read-only=$HOME/byname" "--home=host --hide=$HOME/q/s --read-only=$HOME/byname" "-p ./hides.ini --read-write=$HOME/byname" \
    "-p ./hides.ini -p build --read-only=$HOME/byname" "--hide=$HOME/q --home=host --read-only=$HOME/byname" "--hide=$HOME/q --read-only=$HOME/byname"; do
    # shellcheck disable=SC2086 # words
    kurung run -q $options -- sh -c 'cat ~/byname/s/f ~/q/s/f; ls ~/byname/s'
    is "$out" "" "hidden in what a link of the user's shows ($options)"
done
like "$(KURUNG_DEFENCE_OFF=masks "$KURUNG_UNDEFENDED" run -q -p ./hides.ini --read-only="$HOME/byname" -- cat "$HOME/byname/s/f")" secret "without (masks) it is read"
kurung run -q --hide="$HOME/q/s" --read-only="$HOME/q/s/f:/opt/f" -- cat /opt/f
is "$out" secret "but who names what is hidden, and a place for it, means it"
# A link into a hidden directory names no part of it: neither a share nor the working directory shows what is there.
ln -s "$HOME/q/s/deep" "$HOME/into"
for options in --read-only=~/into --read-write=~/into --read-only=~/into:/opt/x --root=~/into; do
    kurung run --hide=~/q "$options" -- sh -c 'cat ~/into/f /opt/x/f'
    like "$status:$out:$errors" "^125::kurung: [^']*: '$HOME/into' leads to '$HOME/q/s/deep', which --hide hides .to show it, name it without the link.$" \
        "a link into what is hidden is refused ($options)" || diag "$errors"
done
for options in "" --work-dir=rw --work-dir=ro; do
    # shellcheck disable=SC2086 # words
    is "$(cd ~/into && "$KURUNG" run --hide=~/q $options -- cat f 2>&1)" \
        "kurung: WorkDir=: '$HOME/into' leads to '$HOME/q/s/deep', which --hide hides (to show it, name it without the link)" \
        "nor is the working directory shown by such a link ($options)"
done
is "$(cd ~/q/s/deep && "$KURUNG" run --hide=~/q -- cat f 2>&1)" secret "who goes there by its name means it"
# Another root shows files of the host, too.
mkdir -p "$HOME/root/etc"
echo secret >"$HOME/root/etc/key"
cp -L "$PROBE" "$HOME/root/probe"
kurung run --dry-run -v --root="$HOME/root" --hide="$HOME/root/etc/key" -- /probe
like "$out" "op mask /etc/key" "hidden in another root"
kurung run --dry-run -v --root="$HOME/root" --hide="$HOME/root" -- /probe
is "$status:$errors" "125:kurung: --hide and Root= conflict for '$HOME/root': keep one of them" "but not that root as a whole"
rm -r "$HOME/into" "$HOME/root"
printf '[Filesystem]\nHide=%s\n' "$HOME/q/s" "$HOME/q/f" >two.ini
kurung run -p ./two.ini --read-only="$HOME/q" --show="$HOME/q" -- true
is "$(grep -c ": shows .*, which" <<<"$errors")" 2 "--show names each Hide= that it takes back"
# What is shared below a file system in memory stays in its place.
kurung run -q --read-only="$HOME/q:/tmp/a/b" -- sh -c 'mv /tmp/a /tmp/c; mkdir -p /tmp/a/b; cat /tmp/a/b/f'
is "$out" changed "a share below /tmp"
like "$errors" "mv: .*busy" "the directories that hold it are not renamed"
like "$(KURUNG_DEFENCE_OFF=pin "$KURUNG_UNDEFENDED" run -q --read-only="$HOME/q:/tmp/a/b" -- sh -c 'mv /tmp/a /tmp/c; ls /tmp/c')" b "without (pin) they are"
# Links in the project are whoever wrote that's: they are named in place of something else, wherever they lead.
mkdir -p hooks data
echo env >data/.env
ln -s hooks build
ln -s data cfg
ln -s . here.d
for options in --read-write=build --read-only=cfg "--hide=cfg" --read-write=here.d "--hide=data/.env --read-only=here.d" "--work-dir=rw --read-only=cfg" "--read-only=cfg/.env"; do
    # shellcheck disable=SC2086 # words
    kurung run -q $options -- sh -c 'echo ran; cat data/.env'
    like "$status:$out:$errors" "^125::.*is a symbolic link in '$PWD', where a sandbox can write, and leads to '$PWD" "a link in the project is not followed ($options)"
done
kurung run -q --read-write=hooks -- sh -c 'echo x >build/new'
is "$status:$(<hooks/new)" 0:x "what it leads to can be named"
rm -r hooks data build cfg here.d two.ini

# The working directory is one of the paths.
kurung run --work-dir=ro --read-write="$HOME" -- sh -c 'echo x >here; echo y >~/there'
is "$(ls here 2>&1):$(<"$HOME/there")" "ls: cannot access 'here': No such file or directory:y" "a read-only working directory in a writable home stays so"
kurung run --read-write="$HOME" -- sh -c 'echo x >here; cat here'
is "$out:$(ls here 2>/dev/null)" "x:" "and one whose writes are caught"
kurung run --hide=~ -- sh -c 'echo x >here; cat here; ls -A ~'
is "$out" "x"$'\n'"project" "the project is seen in a home that is hidden"
kurung run --work-dir=rw --read-only="$PWD" -- true
is "$status:$errors" "125:kurung: --read-only and WorkDir= conflict for '$PWD': keep one of them" "one that is shared otherwise is an error"

# A tilde, and what is not there.
is "$("$KURUNG" run --read-only=~/.ssh -- cat "$HOME/.ssh/key")" secret "a tilde after = is the home, though no shell expands it"
kurung run --read-only="~/.ssh" --hide="~/.ssh" -- ls -A "$HOME/.ssh"
is "$status:$out:$errors" "0::" "also as a word of its own, and for --hide"
kurung run --hide="$PWD/.env*" -- true
is "$status:$errors" "0:kurung: --hide: '$PWD/.env*' does not exist, so nothing is hidden (wildcards are not expanded)" "what hides nothing says so"
kurung run --hide="$PWD/.env" -- true
is "$status:$errors" "0:kurung: --hide: '$PWD/.env' does not exist, so nothing is hidden" "and a name that is not there"
kurung run -q --hide="$PWD/.env" -- true
is "$status:$errors" "0:" "but not with -q"
kurung run --read-only="$HOME/q:/opt/x" --hide="$HOME/q/none" -- true
is "$status:$errors" "0:kurung: --hide: '$HOME/q/none' does not exist, so nothing is hidden" "nor is it hidden in a share with another name"
kurung run -p ./hides.ini -- true
is "$status:$errors" "0:" "nor where a profile hides what may be there"
kurung run --read-only=~/none -- true
is "$status" 125 "a share that is not there is an error"
like "$errors" "--read-only: cannot open '$HOME/none': No such file" "that names it"

# Nothing is made on the host for a mount.
touch file
for options in "--tmpfs=$PWD/t" "--read-only=/etc/hostname:$PWD/h" "--read-only=/etc/hostname:$PWD/new/deep/h" "--read-only=$HOME/q:$PWD/t"; do
    # shellcheck disable=SC2086 # words
    kurung run --work-dir=rw $options -- true
    is "$status" 125 "a place that is not there in a shared directory is an error ($options)"
    like "$errors" "^kurung: ${options%%=*}: the mount point '$PWD/[a-z/]*' does not exist, .*: create it first" "that says what to do ($options)"
    is "$(ls)" "file"$'\n'"hides.ini"$'\n'"sub" "and nothing is left there ($options)"
done
is "$("$KURUNG" run --work-dir=rw --tmpfs="$PWD/sub" --read-only="/etc/hostname:$PWD/file" -- sh -c 'echo x >sub/x; ls sub; cat file')" \
    x$'\n'"$(</etc/hostname)" "a place that is there serves"
is "$("$KURUNG" run --tmpfs="$PWD/t" --read-only="/etc/hostname:$PWD/new/h" -- sh -c 'ls -d new/h t')$(ls)" \
    new/h$'\n'"tfile"$'\n'"hides.ini"$'\n'"sub" "in an overlay it is made"
is "$("$KURUNG" run --home=persist:p --read-only="$HOME/q/f:$HOME/a/b" -- cat "$HOME/a/b")" changed "in a kept home, too"
"$KURUNG" discard --home p 2>/dev/null

# After a share of / the links of the system are followed: a sandbox cannot have made them. One's own are not, which a line says.
rm -f "$HOME/.local/state/kurung/written"
kurung run --work-dir=hidden --read-write=/:/x -- true
like "$status:$errors" "^0:kurung: --read-write: this sandbox can write to your home directory, so later runs follow no symbolic links of yours in '/'" \
    "a share of the home says what it costs" || diag "$errors"
system_link=$(find /usr/bin /usr/lib -maxdepth 2 -type l -user 0 -xtype f -print -quit)
kurung run --work-dir=hidden --read-only="$system_link:/opt/linked" -- test -f /opt/linked
is "$status" 0 "links of the system are followed all the same" || diag "$errors"
ln -s "$HOME/q/f" "$HOME/mine"
kurung run -q --work-dir=hidden --read-only="$HOME/mine" -- true
like "$status:$errors" "^125:.*'$HOME/mine' is a symbolic link in '/', where a sandbox can write, and leads to '$HOME/q/f' .to use the target, name it instead.$" \
    "but not one that a sandbox could have made"
ln -s /etc/hostname /tmp/kurung-link.$$
kurung run -q --work-dir=hidden --read-only="/tmp/kurung-link.$$" -- true
like "$status:$errors" "^125:.*is a symbolic link in '/'" "nor one in a directory that everybody can write to"
rm "/tmp/kurung-link.$$" "$HOME/mine" "$HOME/.local/state/kurung/written"

# A file and a directory.
ln -s sub link
for options in "--read-only=/etc/hostname:$PWD/sub" "--read-only=/etc/hostname:$PWD/link"; do
    kurung run "$options" -- true
    is "$status:$errors" "125:kurung: --read-only: '${options#*:}' is a directory inside the sandbox, and a file cannot be mounted on it" \
        "a file on a directory: an error that says so (${options##*/})"
done
kurung run --tmpfs="$PWD/file" -- true
is "$status:$errors" "125:kurung: --tmpfs: '$PWD/file' is a file inside the sandbox, and a directory cannot be mounted on it" "and the other way round"
done_testing
