#!/bin/bash
# The programs do not depend on where they are built: no path of the build is in them, and a build in other directories
# gives the same bytes. KURUNG is in the build directory that is looked at.
cd "${SRCDIR:-.}" || exit 1
source=$PWD
build=$(dirname "$(readlink -f "${KURUNG:?}")")
programs=(kurung installed/kurung kurung-net kurung-view)
n=0
result() { # STATUS NAME [OUTPUT]
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        printf '%s\n' "${3:-}" | tail -n 20 | sed 's/^/# /'
    fi
}

for program in "${programs[@]}"; do
    out=$(LC_ALL=C strings -a "$build/$program" | grep -F -e "$source" -e "$build")
    [ -z "$out" ]
    result $? "$program holds no path of the build or of the sources" "$out"
done
# Otherwise nothing would be found above.
[ "$(LC_ALL=C strings -a "$build/config.status" | grep -c -F -e "$build")" -gt 0 ]
result $? "a path would be seen"

work=$(mktemp -d /var/tmp/kurung-reproducible.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# The sources elsewhere, and the build not in them.
mkdir -p "$work/a/deeper/place/build" "$work/sources"
cp -a aclocal.m4 build-aux config.h.in configure configure.ac docs Makefile.am Makefile.in profiles src "$work/sources"
out=$(cd "$work/a/deeper/place/build" && {
    eval "\"$work/sources/configure\" -q $("$build/config.status" --config)" &&
        make -s -j"$(nproc)" "${programs[@]}"
} 2>&1)
result $? "the same is built elsewhere" "$out"
for program in "${programs[@]}"; do
    cmp "$build/$program" "$work/a/deeper/place/build/$program" >/dev/null 2>&1
    result $? "and $program is the same, byte by byte"
done
echo "1..$n"
