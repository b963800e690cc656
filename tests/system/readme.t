#!/bin/bash
# The README's examples work when they are pasted.
. "$SRCDIR/tests/lib.sh"

mkdir "$HOME/bin"
ln -s "$KURUNG" "$HOME/bin/kurung"
PATH=$HOME/bin:$PATH
printf 'all: made\nmade:\n\t@echo made >made; cat made\nclean:\n' >Makefile
echo 'alias ll=ls' >"$HOME/.bashrc"
printf '[Profile]\nExtends=build\n' >kurung.ini

# The image that an example uses.
/usr/bin/python3 "$SRCDIR/tests/tools/images.py" docker "$HOME/debian.tar" <<<'{"layers":[["busybox",{"path":"etc/debian_version","data":"12.0\n"}]],"config":{"Env":["PATH=/bin"]}}'
"$KURUNG" image import "$HOME/debian.tar" debian >/dev/null

# The profile is the block that begins with its path.
mkdir -p "$HOME/.config/kurung/profiles"
awk '/^    # ~\/\.config\/kurung\/profiles\/mine\.ini/ { on = 1; next } on && /^$/ { exit } on { sub(/^    /, ""); print }' "$SRCDIR/README.md" \
    >"$HOME/.config/kurung/profiles/mine.ini"
ok "there is an example of a profile" test -s "$HOME/.config/kurung/profiles/mine.ini"

mapfile -t examples < <(sed -n 's/^    \(kurung .*\)/\1/p' "$SRCDIR/README.md")
ok "there are at least five examples" test "${#examples[@]}" -ge 5
is "$(bash -c "$(grep -m1 -o 'kurung run -p build -- make$' "$SRCDIR/README.md")" 2>&1)" made "make makes what it is to make"
for example in "${examples[@]}"; do
    out=$(bash -c "$example" 2>&1 </dev/null)
    is "$?" 0 "it works: ${example//#/}" || diag "$out"
done
like "$(bash -c "$(printf '%s\n' "${examples[@]}" | grep useradd)" 2>&1)" "eve.*10.0.0.1" "the installer's doings are seen"
is "$(grep -c eve /etc/passwd)" 0 "and the host is as it was"
is "$(cat lines made)" $'1\nmade' "what may be written is"
done_testing
