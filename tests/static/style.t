#!/bin/bash
# Formatters and linters are content. What is switched off, and why:
# clang-tidy: only its analyzer and the checks that find errors; bugprone-easily-swappable-parameters and the like are taste.
#   clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling asks for Annex K, which glibc does not have.
# shellcheck: SC1091, SC2154 (files that are sourced), SC2034 (variables that they use).
cd "${SRCDIR:-.}" || exit 1
n=0
result() { # STATUS NAME OUTPUT
    n=$((n + 1))
    [ "$1" -eq 0 ] && echo "ok $n - $2" || {
        echo "not ok $n - $2"
        printf '%s\n' "$3" | head -40 | sed 's/^/# /'
    }
}
out=$(clang-format --dry-run -Werror src/*/*.[ch] tests/*/*.[ch] 2>&1)
result $? "clang-format" "$out"
out=$(shellcheck -s bash -e SC1091,SC2154,SC2034 check quickstart .ci/run tests/lib.sh tests/tools/*.sh tests/*/*.t tests/bench/bench 2>&1)
result $? "shellcheck" "$out"
out=$(cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 \
    --suppress=missingIncludeSystem -I src -DPACKAGE_VERSION='"0"' src 2>&1)
result $? "cppcheck" "$out"
checks='-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-optin.performance.Padding'
out=$(printf '%s\0' src/*/*.c | xargs -0 -P 2 -n 12 clang-tidy --quiet --warnings-as-errors='*' --checks="$checks" -- \
    -std=gnu17 -D_GNU_SOURCE -DPACKAGE_VERSION='"0"' -Isrc 2>&1)
result $? "clang-tidy" "$(printf '%s\n' "$out" | grep -E 'error|warning:')"

# Rooms that are crowded: STYLE's limits.
out=$(wc -l src/*/*.[ch] | awk '$2 != "total" && $1 > 700')
[ -z "$out" ]
result $? "no source file is over 700 lines" "$out"
out=$(awk 'FNR == 1 { inside = 0 } /^\{/ { start = FNR; inside = 1 } /^\}/ { if (inside && FNR - start > 100) print FILENAME ":" start; inside = 0 }' src/*/*.c)
[ -z "$out" ]
result $? "no function is over 100 lines" "$out"
echo "1..$n"
