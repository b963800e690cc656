#!/bin/bash
# The programs do not depend on where they are built: no path of the build is in them, and a build in other directories, of
# an archive that "make dist" made, installs the same bytes. KURUNG is in the build directory that is looked at.
cd "${SRCDIR:-.}" || exit 1
source=$PWD
build=$(dirname "$(readlink -f "${KURUNG:?}")")
programs=(kurung installed/kurung kurung-bwrap installed/kurung-bwrap kurung-net kurung-view)
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
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The archive.
out=$(make -s -C "$build" dist 2>&1)
result $? "make dist" "$out"
mv "$build"/kurung-*.tar.gz "$work/first.tar.gz"
out=$(touch "$build/config.h" && make -s -C "$build" dist 2>&1 && mv "$build"/kurung-*.tar.gz "$work/second.tar.gz" &&
    cmp "$work/first.tar.gz" "$work/second.tar.gz" 2>&1)
result $? "another time it makes the same archive, byte by byte" "$out"
mkdir -p "$work/sources" "$work/a/deeper/place/build" "$work/tools"
tar -x -C "$work/sources" --strip-components=1 -f "$work/first.tar.gz"
contents() { (cd "$1" && find "${@:2}" -type f ! -path '*/.deps/*' ! -name '*.o' ! -name .dirstamp ! -name '*.pyc' | sort); }
parts=(.ci .clang-format .editorconfig CHANGELOG.md CONTRIBUTING.md LICENSE Makefile.am README.md autogen.sh check configure.ac
    completions/{bash,zsh,fish}.in debian docs packaging profiles quickstart src tests)
out=$(diff <(contents . "${parts[@]}") <(contents "$work/sources" "${parts[@]}") 2>&1)
result $? "it has all files of the sources, and none that was built" "$out"
out=$(cd "$work/sources" && ls -d kurung.1 kurung-bwrap.1 kurung-profile.5.in kurung-report.5 completions/{bash/kurung,zsh/_kurung,fish/kurung.fish} 2>&1)
result $? "the manual pages and the completions" "$out"
out=$(find "$work/sources" -perm /go+w -o -not -newermt '1971-01-01' -o -not -perm -a+r)
[ -z "$out" ]
result $? "and usual modes" "$out"

# A build elsewhere, beside sources that cannot be written, without the tools of those who change them.
for tool in scdoc autoconf automake aclocal autoheader; do
    printf '#!/bin/sh\necho "%s was called" >&2\nexit 1\n' $tool >"$work/tools/$tool"
done
chmod +x "$work/tools"/*
chmod -R a-w "$work/sources"
options=$("$build/config.status" --config | sed "s/'\\{0,1\\}--enable-maintainer-mode'\\{0,1\\}//")
elsewhere=$work/a/deeper/place/build
out=$(cd "$elsewhere" && PATH=$work/tools:$PATH && {
    eval "\"$work/sources/configure\" -q $options" && make -s -j"$(nproc)"
} 2>&1)
result $? "the archive is built" "$out"
out=$(grep -e '-Werror' "$elsewhere/Makefile")
[ -z "$out" ]
result $? "where warnings are no errors" "$out"
for program in "${programs[@]}"; do
    cmp "$build/$program" "$elsewhere/$program" >/dev/null 2>&1
    result $? "and $program is the same, byte by byte"
done
# A directory whose name has spaces, too.
for part in build elsewhere; do
    out=$(make -s -C "${!part}" install DESTDIR="$work/installed by $part" 2>&1)
    result $? "installed from $part" "$out"
done
out=$(diff -r "$work/installed by build" "$work/installed by elsewhere" 2>&1)
result $? "is the same, byte by byte" "$out"
modes() { (cd "$1" && find . -printf '%P %m\n' | sort); }
out=$(diff <(modes "$work/installed by build") <(modes "$work/installed by elsewhere") 2>&1)
result $? "with the same modes" "$out"
out=$(cd "$work/installed by elsewhere" && find . -type f | grep -cE '/(kurung|kurung-bwrap|kurung-net|kurung-view|_kurung|kurung.fish|kurung[a-z-]*[.][15]|[a-z]+[.]ini)$')
[ "$out" -eq "$(find "$work/installed by elsewhere" -type f | wc -l)" ] && [ "$out" -gt 20 ]
result $? "programs, completions, manual pages and profiles, and nothing else" "$out"
out=$(make -s -C "$elsewhere" uninstall DESTDIR="$work/installed by elsewhere" 2>&1)
result $? "uninstalled" "$out"
out=$(find "$work/installed by elsewhere" ! -type d -o -name '*kurung*' ! -path "$work/installed by elsewhere")
[ -z "$out" ]
result $? "leaves no file, and no directory of its own" "$out"
out=$(make -s -C "$elsewhere" distclean 2>&1 && find "$elsewhere" -type f)
[ -z "$out" ]
result $? "make distclean leaves nothing" "$out"
echo "1..$n"
