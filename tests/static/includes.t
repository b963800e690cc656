#!/bin/bash
# Includes point down the layers only, and a mechanism includes no other one.
cd "${SRCDIR:-.}" || exit 1

# check_includes DIR: prints each include that points up or sideways.
check_includes() {
    awk -v dir="$1/src/" '
        BEGIN { n = split("base confine spec front plan mech changes net view state image run cmd", names, " "); for (i = 1; i <= n; i++) level[names[i]] = i }
        /^#include "/ {
            from = substr(FILENAME, length(dir) + 1); split(from, f, "/")
            to = $2; gsub(/"/, "", to); split(to, t, "/")
            bad = !(t[1] in level) || level[t[1]] > level[f[1]] || (f[1] == "plan" && t[1] == "front") || (f[1] == "mech" && t[1] == "front")
            # mech: sysctl.h serves all; else a file includes only what begins with its own first word.
            if (f[1] == "mech" && t[1] == "mech" && t[2] != "sysctl.h") {
                a = f[2]; b = t[2]; sub(/[_.].*/, "", a); sub(/[_.].*/, "", b)
                bad = bad || a != b
            }
            # changes lies beside mech: neither includes the other.
            bad = bad || (f[1] == "changes" && t[1] == "mech")
            # state knows what is on disk, not who talks.
            bad = bad || (f[1] == "state" && (t[1] == "net" || t[1] == "view"))
            # net is a program of its own, which gets its configuration and its confinement, and knows nothing of plans.
            bad = bad || (f[1] == "net" && to !~ /^(base|confine|spec|net)\//)
            # So is view, which is told everything by its arguments.
            bad = bad || (f[1] == "view" && to !~ /^(base|confine|view)\//)
            if (bad) print from " includes " to
        }' "$1"/src/*/*.[ch]
}

echo 1..2
found=$(check_includes .)
if [ -z "$found" ]; then echo "ok 1 - includes point down"; else
    echo "not ok 1 - includes point down"
    printf '%s\n' "$found" | sed 's/^/# /'
fi

bad=$(mktemp -d)
mkdir -p "$bad/src/base" "$bad/src/confine" "$bad/src/mech" "$bad/src/net" "$bad/src/plan" "$bad/src/state" "$bad/src/view"
echo '#include "plan/plan.h"' >"$bad/src/base/up.c"
echo '#include "mech/tty.h"' >"$bad/src/mech/caps.c"
echo '#include "front/front.h"' >"$bad/src/plan/plan.c"
printf '#include "%s"\n' run/stages.h net/attempts.h mech/tap.h >"$bad/src/state/live.c"
echo '#include "mech/tap.h"' >"$bad/src/confine/confine.c"
for dir in front plan mech changes state run cmd; do echo "#include \"$dir/x.h\""; done >"$bad/src/net/main.c"
for dir in base confine spec net; do echo "#include \"$dir/x.h\""; done >>"$bad/src/net/main.c"
for dir in spec plan mech net base confine view; do echo "#include \"$dir/x.h\""; done >>"$bad/src/view/main.c"
if [ "$(check_includes "$bad" | wc -l)" -eq 17 ]; then echo "ok 2 - one that points up or sideways is seen"; else
    echo "not ok 2 - one that points up or sideways is seen"
fi
rm -r "$bad"
