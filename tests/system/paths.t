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
like "$errors" "^kurung: --show: $HOME/q/s is shown, though .*hides.ini:2 hides it$" "and says so"
kurung run --show=~/nothing -- true
like "$errors" "^kurung: --show: no Hide= hides $HOME/nothing$" "a --show that undoes nothing says so"
kurung run --read-only=~/q --read-write=~/q -- true
is "$status:$errors" "125:kurung: --read-only and --read-write disagree about $HOME/q: keep one of them" "two shares that disagree are an error"
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

# The working directory is one of the paths.
kurung run --work-dir=ro --read-write="$HOME" -- sh -c 'echo x >here; echo y >~/there'
is "$(ls here 2>&1):$(<"$HOME/there")" "ls: cannot access 'here': No such file or directory:y" "a read-only working directory in a writable home stays so"
kurung run --read-write="$HOME" -- sh -c 'echo x >here; cat here'
is "$out:$(ls here 2>/dev/null)" "x:" "and one whose writes are caught"
kurung run --hide=~ -- sh -c 'echo x >here; cat here; ls -A ~'
is "$out" "x"$'\n'"project" "the project is seen in a home that is hidden"
kurung run --work-dir=rw --read-only="$PWD" -- true
is "$status:$errors" "125:kurung: --read-only and WorkDir= disagree about $PWD: keep one of them" "one that is shared otherwise is an error"

# A tilde, and what is not there.
is "$("$KURUNG" run --read-only=~/.ssh -- cat "$HOME/.ssh/key")" secret "a tilde after = is the home, though no shell expands it"
kurung run --read-only="~/.ssh" --hide="~/.ssh" -- ls -A "$HOME/.ssh"
is "$status:$out:$errors" "0::" "also as a word of its own, and for --hide"
kurung run --hide="$PWD/.env*" -- true
is "$status:$errors" "0:kurung: --hide: nothing is at $PWD/.env* that could be hidden (wildcards are not expanded)" "what hides nothing says so"
kurung run --hide="$PWD/.env" -- true
is "$status:$errors" "0:kurung: --hide: nothing is at $PWD/.env that could be hidden" "and a name that is not there"
kurung run -q --hide="$PWD/.env" -- true
is "$status:$errors" "0:" "but not with -q"
kurung run -p ./hides.ini -- true
is "$status:$errors" "0:" "nor where a profile hides what may be there"
kurung run --read-only=~/none -- true
is "$status" 125 "a share that is not there is an error"
like "$errors" "--read-only: $HOME/none: No such file" "that names it"

# Nothing is made on the host for a mount.
touch file
for options in "--tmpfs=$PWD/t" "--read-only=/etc/hostname:$PWD/h" "--read-only=/etc/hostname:$PWD/new/deep/h" "--read-only=$HOME/q:$PWD/t"; do
    # shellcheck disable=SC2086 # words
    kurung run --work-dir=rw $options -- true
    is "$status" 125 "a place that is not there in a shared directory is an error ($options)"
    like "$errors" "^kurung: ${options%%=*}: $PWD/[a-z/]* does not exist, and its directory is the host's own: make it first" "that says what to do ($options)"
    is "$(ls)" "file"$'\n'"hides.ini"$'\n'"sub" "and nothing is left there ($options)"
done
is "$("$KURUNG" run --work-dir=rw --tmpfs="$PWD/sub" --read-only="/etc/hostname:$PWD/file" -- sh -c 'echo x >sub/x; ls sub; cat file')" \
    x$'\n'"$(</etc/hostname)" "a place that is there serves"
is "$("$KURUNG" run --tmpfs="$PWD/t" --read-only="/etc/hostname:$PWD/new/h" -- sh -c 'ls -d new/h t')$(ls)" \
    new/h$'\n'"tfile"$'\n'"hides.ini"$'\n'"sub" "in an overlay it is made"
is "$("$KURUNG" run --home=persist:p --read-only="$HOME/q/f:$HOME/a/b" -- cat "$HOME/a/b")" changed "in a kept home, too"
"$KURUNG" discard --home p 2>/dev/null

# A file and a directory.
ln -s sub link
for options in "--read-only=/etc/hostname:$PWD/sub" "--read-only=/etc/hostname:$PWD/link"; do
    kurung run "$options" -- true
    is "$status:$errors" "125:kurung: --read-only: ${options#*:} is a directory inside the sandbox, and a file can't be mounted on it" \
        "a file on a directory: an error that says so (${options##*/})"
done
kurung run --tmpfs="$PWD/file" -- true
is "$status:$errors" "125:kurung: --tmpfs: $PWD/file is a file inside the sandbox, and a directory can't be mounted on it" "and the other way round"
done_testing
