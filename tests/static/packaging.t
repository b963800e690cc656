#!/bin/bash
# The packages: what the linters of the distributions say, the dependencies, the programs' hardening, and the same bytes from
# each build. PACKAGE has a Debian package that was built before, by tests/tools/make-deb; another one is built here.
cd "${SRCDIR:-.}" || exit 1
build=$(dirname "$(readlink -f "${KURUNG:?}")")
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
skip() { # NAME REASON
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}
same() { # GOT EXPECTED NAME
    [ "$1" = "$2" ]
    result $? "$3" "got '$1', expected '$2'"
}
work=$(mktemp -d /var/tmp/kurung-packaging.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# One version and one day.
version=$(sed -n 's/^AC_INIT(\[kurung\], \[\([^]]*\)\].*/\1/p' configure.ac)
day=$(sed -n 's/^AC_SUBST(\[RELEASE_DAY\], \[\([^]]*\)\])$/\1/p' configure.ac)
[ -n "$version" ] && [ -n "$day" ]
result $? "configure.ac has a version and its day"
same "$(sed -n '1s/^kurung (\(.*\)-[0-9]*) .*/\1/p' debian/changelog)" "$version" "debian/changelog: the version"
same "$(date -ud "$(sed -n '/^ -- /{s/.*>  //p;q}' debian/changelog)" +%F)" "$day" "debian/changelog: the day"
same "$(sed -n 's/^Version: *//p' packaging/kurung.spec)" "$version" "kurung.spec: the version"
same "$(date -ud "$(sed -n '/^%changelog$/{n;s/^\* \(...\) \(...\) \(..\) \(....\) .*/\3 \2 \4/p}' packaging/kurung.spec)" +%F)" "$day" \
    "kurung.spec: the day"
same "$(sed -n 's/^pkgver=//p' packaging/PKGBUILD)" "$version" "PKGBUILD: the version"
grep -q "^## $version " CHANGELOG.md
result $? "CHANGELOG.md: the version"

out=$(shellcheck packaging/PKGBUILD debian/kurung.postinst debian/kurung.prerm debian/tests/run tests/tools/make-deb 2>&1)
result $? "shellcheck" "$out"
if command -v rpmspec >/dev/null; then
    out=$(rpmspec -P packaging/kurung.spec 2>&1 >"$work/spec")
    result $? "rpmspec reads kurung.spec" "$out"
else
    skip "rpmspec" "rpm is not installed"
fi
if command -v rpmlint >/dev/null; then
    out=$(rpmlint -c packaging/rpmlint.toml packaging/kurung.spec 2>&1) && grep -q ' 1 specfiles checked; 0 errors, 0 warnings,' <<<"$out"
    result $? "rpmlint" "$out"
else
    skip "rpmlint" "it is not installed"
fi
if command -v makepkg >/dev/null; then
    mkdir "$work/arch"
    cp packaging/PKGBUILD "$work/arch"
    # It only looks whether there is a pacman.
    out=$(cd "$work/arch" && PACMAN=true makepkg --printsrcinfo 2>&1) && grep -qx $'\tpkgver = '"$version" <<<"$out"
    result $? "makepkg reads PKGBUILD" "$out"
else
    skip "makepkg" "it is not installed"
fi
if command -v apparmor_parser >/dev/null && [ -e /etc/apparmor.d/abi/4.0 ]; then
    out=$(apparmor_parser --skip-kernel-load --skip-cache packaging/apparmor.profile 2>&1)
    result $? "AppArmor's parser reads the profile" "$out"
else
    skip "AppArmor's parser" "there is no AppArmor 4.0"
fi

# What is loaded late is among the dependencies. libsubid is there where a directory service has subordinate ids.
mapfile -t sonames < <(grep -ohE '"lib[a-z-]+[.]so[.][0-9]+"' src/*/*.c | tr -d '"' | grep -v '^libsubid' | sort -u)
[ "${#sonames[@]}" -gt 3 ]
result $? "there are libraries that are loaded late" "${sonames[*]}"
for soname in "${sonames[@]}"; do
    grep -qE "^(Requires|Recommends): *$soname%" packaging/kurung.spec
    result $? "kurung.spec names $soname"
done

if ! command -v dh >/dev/null || ! command -v lintian >/dev/null; then
    skip "the Debian package" "debhelper or lintian is not installed"
    echo "1..$n"
    exit
fi
# Of two, one is built with the tests, and in a place with a longer name.
second=$work/a/longer/name/for/it
if [ -z "${PACKAGE:-}" ]; then
    PACKAGE=$work/first
    out=$(DEB_BUILD_OPTIONS=nocheck tests/tools/make-deb "$build" "$PACKAGE" 2>&1)
    result $? "a Debian package is built" "$out"
fi
out=$(DEB_BUILD_OPTIONS='' tests/tools/make-deb "$build" "$second" 2>&1)
result $? "and one elsewhere, with its tests" "$out"
grep -q '^Result: PASS$' "$second/build.log"
result $? "which were run"
for deb in "$second"/*.deb; do
    out=$(cmp "$PACKAGE/${deb##*/}" "$deb" 2>&1)
    result $? "${deb##*/} is the same, byte by byte" "$out"
done
same "$(cd "$second" && echo *.deb | wc -w)" 2 "the package and its debugging symbols"
out=$(cd "$second" && lintian --fail-on warning --tag-display-limit 0 ./*.changes 2>&1)
result $? "lintian" "$out"
deb=$(echo "$second"/kurung_*.deb)
depends=$(dpkg-deb -f "$deb" Depends Recommends)
for soname in "${sonames[@]}"; do
    package=$(dpkg-query -S "*/$soname" 2>/dev/null | sed -n '1s/:.*//p')
    [ -n "$package" ] && [[ " ${depends//[$'\n',]/ } " == *" $package "* ]]
    result $? "the package of $soname is a dependency" "package '$package', dependencies: $depends"
done
dpkg-deb -x "$deb" "$work/root"
for program in bin/kurung libexec/kurung/kurung-net libexec/kurung/kurung-view; do
    out=$(readelf -hldW "$work/root/usr/$program" 2>&1)
    grep -q 'Type: *DYN (Pos' <<<"$out" && grep -qE 'FLAGS.*BIND_NOW' <<<"$out" && grep -q GNU_RELRO <<<"$out" &&
        grep -qE 'GNU_STACK.* RW ' <<<"$out"
    result $? "$program: position-independent, bound at the start, no executable stack" "$out"
    out=$(readelf -sW --dyn-syms "$work/root/usr/$program" 2>&1)
    grep -q __stack_chk_fail <<<"$out" && grep -q '_chk@' <<<"$out"
    result $? "$program: protected stacks and fortified calls"
done
out=$(find "$work/root" \( -perm /6000 -o ! -type d -perm /022 \) -printf '%m %P\n')
same "$out" "" "no file has a set-user-ID bit, or is writable for others"
echo "1..$n"
