#!/bin/bash
# Formatters and linters are content. What is switched off, and why:
# clang-tidy: only what finds errors, not taste. Of its analyzer, for what it does not understand in clang 14:
#   unix.Malloc, deadcode.DeadStores, valist.Uninitialized: variables with a cleanup attribute, va_list by reference
#     (leaks are LeakSanitizer's); core.CallAndMessage: pointers that dlsym(3) filled.
#   security.insecureAPI.DeprecatedOrUnsafeBufferHandling asks for Annex K, which glibc does not have.
#   Of the analyzer's usual number of nodes it looks at a third (max-nodes): the time is in proportion, and is nearly all its.
# For shellcheck: SC1091, SC2154, SC2034 are about files that are sourced; SC2016: what the inner shell is to expand;
#   SC2012: names in these tests are plain; SC2317: functions that wait_for and ok call.
cd "${SRCDIR:-.}" || exit 1
n=0
result() { # STATUS NAME OUTPUT
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        printf '%s\n' "$3" | head -40 | sed 's/^/# /'
    fi
}
out=$(clang-format --dry-run -Werror src/*/*.[ch] tests/*/*.[ch] 2>&1)
result $? "clang-format" "$out"
out=$(shellcheck -s bash -e SC1091,SC2154,SC2034,SC2016,SC2012,SC2317,SC2031 check quickstart autogen.sh .ci/run docs/examples/demonstrate \
    docs/examples/hostile/tools/setup.sh completions/bash.in tests/lib.sh tests/bwrap/{fetch,lib.sh} tests/tools/{prepare,make-deb,*.sh} tests/vm/{machine,customize,*.sh,guest/*} tests/*/*.t tests/bench/bench tests/bench/{start,many} tests/bench/network tests/bench/changes tests/bench/jobs.sh 2>&1)
result $? "shellcheck" "$out"
out=$(shellcheck -s sh src/plan/sudo.sh 2>&1)
result $? "shellcheck of what is embedded" "$out"
out=$(cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 \
    --suppress=missingIncludeSystem -I src -DPACKAGE_VERSION='"0"' src 2>&1)
result $? "cppcheck" "$out"
checks='-*,bugprone-*,clang-analyzer-*'
for off in bugprone-easily-swappable-parameters bugprone-narrowing-conversions bugprone-reserved-identifier \
    bugprone-implicit-widening-of-multiplication-result bugprone-branch-clone \
    clang-analyzer-{unix.Malloc,deadcode.DeadStores,valist.Uninitialized} \
    clang-analyzer-core.CallAndMessage clang-analyzer-optin.performance.Padding \
    clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling; do
    checks+=,-$off
done
export checks
out=$(printf '%s\0' src/*/*.c | xargs -0 -P 2 -n 10 bash -c 'clang-tidy --quiet --warnings-as-errors="*" --checks="$checks" \
    --extra-arg={-Xclang,-analyzer-config,-Xclang,max-nodes=75000} "$@" -- \
    -std=gnu17 -D_GNU_SOURCE -DPACKAGE_VERSION="\"0\"" -DHELPERS_DIR="\"\"" -Isrc' - 2>&1)
result $? "clang-tidy" "$(printf '%s\n' "$out" | grep -E ': (error|warning):')"

# Limits of size, and names that say too little. Each function prints what is over them in the tree DIR.
long_files() { # DIR
    (cd "$1" && wc -l src/*/*.[ch]) | awk '$2 != "total" && $1 > 600'
}
long_functions() { # DIR
    (cd "$1" && awk '
        FNR == 1 { inside = 0 }
        /^\{/ { start = FNR; inside = 1 }
        /^\}/ { if (inside && FNR - start > 80) print FILENAME ":" start; inside = 0 }' src/*/*.c)
}
# static_names DIR: "NAME FILE" of each function and variable that is static in a file. Those of one function are its own.
static_names() {
    (cd "$1" && awk '
        FNR == 1 { table = 0 }
        table && /^\} / { name = $2; sub(/[^a-zA-Z0-9_].*/, "", name); print name, FILENAME; table = 0 }
        /^static / {
            sub(/ = .*/, "")
            if (/^static (const )?struct \{/) { table = 1; next }
            sub(/^static [A-Z_]+\(/, "")    # KEY_PARSE(NAME)
            sub(/\(\*(volatile |const )?/, "")   # a pointer to a function
            sub(/[[(;)].*/, "")
            sub(/.*[ *]/, "")
            print $0, FILENAME
        }' src/*/*.[ch]) | sort -u
}
repeated_names() { # DIR
    static_names "$1" | awk '{ n[$1]++; files[$1] = files[$1] " " $2 } END { for (i in n) if (n[i] > 3) print i ":" files[i] }'
}
out=$(long_files .)
[ -z "$out" ]
result $? "no source file is over 600 lines" "$out"
out=$(long_functions .)
[ -z "$out" ]
result $? "no function is over 80 lines" "$out"
out=$(repeated_names .)
[ -z "$out" ]
result $? "no static name stands in more than three files: each says what it is about" "$out"

bad=$(mktemp -d)
mkdir -p "$bad/src/base"
for i in 1 2 3 4; do
    printf 'static int add(int n)\n{\n        return n;\n}\nstatic const struct {\n        int n;\n} table[] = {{1}};\n' >"$bad/src/base/$i.c"
    printf 'static KEY_PARSE(parse_it)\n{\n}\nstatic const char *const words[] = {"a"};\nstatic void (*volatile hook)(int);\n' >>"$bad/src/base/$i.c"
done
{
    printf 'static int f(void)\n{\n'
    yes '        f();' | head -80
    printf '}\n'
    yes '' | head -518
} >"$bad/src/base/long.c"
out="$(long_files "$bad" | awk '{ print $1 }') $(long_functions "$bad") $(repeated_names "$bad" | cut -d: -f1 | sort | tr '\n' ' ')"
[ "$out" = "601 src/base/long.c:2 add hook parse_it table words " ]
result $? "files, functions and names that are over these limits are seen" "$out"
rm -r "$bad"
out=$(awk 'FNR == 2 && !/^\/\*/ { print FILENAME }' src/*/*.c)
[ -z "$out" ]
result $? "each source file opens with what it is for" "$out"
echo "1..$n"
