#!/bin/bash
# What limits add to a start, in the test machine (tests/vm/machine bench): the difference of two medians, against what a
# scope of systemd-run's adds to the same command. All four are run in turns.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
XDG_RUNTIME_DIR=/run/user/$(id -u)
export XDG_RUNTIME_DIR
mkdir project
# The same profile without its limits.
awk '/^\[/ { skip = $0 == "[Resources]" } !skip' "$SRCDIR/profiles/default.ini" >without.ini
cd project
commands=("kurung run -q -- true" "kurung run -q -p $work/without.ini -- true" "systemd-run --user --scope --quiet -p MemoryMax=1G true" "true")
for ((round = 1; round <= ${ROUNDS:-4}; round++)); do
    hyperfine -N --style none --warmup 1 --runs 6 --export-json "../$round.json" "${commands[@]}" >/dev/null 2>../errors ||
        { cat ../errors; exit 1; }
done
jq -rs '
    def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
    def ms: . * 10000 | round / 10;
    [range(4) as $i | [.[].results[$i].times[]] | median] as $m |
    ($m[0] - $m[1]) as $ours | ($m[2] - $m[3]) as $scope |
    "kurung run: with limits \($m[0] | ms) ms, without \($m[1] | ms) ms; systemd-run --user --scope: \($m[2] | ms) ms, without \($m[3] | ms) ms",
    "what limits add to a start: \($ours | ms) ms, systemd-run \($scope | ms) ms: \($ours / $scope * 1000 | round / 1000), at most 1: \(if $ours <= $scope then "met" else "MISSED" end)"
    ' ../*.json
