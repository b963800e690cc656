#!/bin/bash
# Limits of resources as far as any machine has them; what control groups hold is tried in the machine of tests/vm.
. "$SRCDIR/tests/lib.sh"

kurung run --runtime-max-sec=5s -- sh -c 'trap "echo asked; exit 7" TERM; while :; do sleep 0.05; done'
is "$status:$out" "7:asked" "RuntimeMaxSec: asked to end first"
like "$errors" "ended after 5s .RuntimeMaxSec=." "RuntimeMaxSec: and says so"
kurung run -q --runtime-max-sec=5s -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
is "$status" 137 "RuntimeMaxSec: one that does not listen is killed after the grace"
kurung run -q --runtime-max-sec=1ms -- sleep 1000
is "$status" 143 "RuntimeMaxSec: a time that is up before the command has begun ends it like any other"
kurung run --runtime-max-sec=1h --report=r.json -- sh -c 'exit 3'
is "$status" 3 "RuntimeMaxSec: what ends before is not touched"
is "$(jq -r '[.version, .exit.reason, .exit.status, .command[2], .limits.RuntimeMaxUSec] | join(" ")' r.json)" \
    "1 exited 3 exit 3 3600000000" "--report: what was run, and how it ended"
ok "--report: the time it took" jq -e '.duration_us > 0 and (.started | test("^20..-..-..T"))' r.json
kurung run --report=r.json -- sh -c 'kill -9 $$'
is "$(jq -r '[.exit.reason, .exit.status, .exit.signal] | join(" ")' r.json)" "signal 137 9" "--report: ended by a signal"
kurung run -q --report=r.json -- ./missing
is "$status:$(jq -r '.exit.reason + " " + .exit.error' r.json)" "127:failed cannot execute './missing': No such file or directory" \
    "--report: an error of kurung's"
kurung run --report=no/where -- touch "$HOME/made"
is "$status" 125 "--report: a file that can't be written is an error before anything is run"
like "$errors" "^kurung: --report: cannot write 'no/where': No such file" "--report: that names it"
printf 'kept' >r.json
kurung run -q --work-dir=rw --report=r.json -- sh -c 'rm r.json; ln -s "$PWD/other" r.json; echo untouched >other'
is "$(<other)" untouched "--report: the command can't lead it to another file"
rm -f r.json other
kurung run -v -- true
like "$errors" "exit status 0 after .*; peak memory .*, processor time" "-v: a summary"
kurung run -q -- true
is "$errors" "" "-q: none"

limits=$("$KURUNG" doctor --json | jq -r '.checks[] | select(.name == "limits") | .what')
if [[ $limits == "not enforced"* ]]; then
    for option in --memory-max=1G --memory=1g --cpus=1 --tasks-max=99 "--io-read-bandwidth-max=/ 1M" --delegate; do
        kurung run "$option" -- true
        is "$status" 125 "$option: an error where no control group can hold it"
        name=${option%%=*}
        [ "$name" != --delegate ] || name=Delegate=yes
        like "$errors" "^kurung: $name: cannot enforce .*: .*\(.*\)" "$option: which says why, and the remedy"
    done
    rm -rf "$HOME/.cache/kurung/told"
    kurung run -- true
    is "$status" 0 "a default is given up"
    like "$errors" "limits on resources are not enforced: .*instead, the kernel counts processes per user id" "with a line that says so"
    kurung run -- true
    is "$errors" "" "which is not repeated"
    kurung run -v -- true
    like "$errors" "limits on resources are not enforced" "but with -v"
    kurung run -q -- bash -c 'ulimit -u; cat /proc/self/oom_score_adj'
    is "$out" "4096
900" "what rlimits can do of it is done"
    mkdir -p "$HOME/.config/kurung/profiles"
    printf '[Resources]\nMemoryMax=1G\n' >"$HOME/.config/kurung/profiles/mine.ini"
    kurung run -p mine -- true
    is "$status" 125 "one of a profile of the user's is no default"
    like "$errors" "mine.ini:2: cannot enforce MemoryMax" "and the line is named"
else
    skip "limits that cannot be enforced" "this machine can enforce them: $limits"
    kurung run -v --memory=1g --pids-limit=50 -- true
    is "$status" 0 "limits can be had, and are"
fi
done_testing
