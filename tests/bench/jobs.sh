# shellcheck shell=bash
# What is measured, run by bench as an ordinary user. Usage: jobs.sh WORK; WORK/source holds bin/kurung and src.
# Both sides of a pair are run in turns, so that a machine that gets slower meanwhile slows both; the median is over
# all rounds. Writes WORK/bench.json.
set -euo pipefail
work=$1
rounds=${ROUNDS:-5}
source=$work/source
export HOME=$work/home XDG_RUNTIME_DIR=$work/runtime TMPDIR=$work/tmp LC_ALL=C.UTF-8
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME MAKEFLAGS MFLAGS MAKELEVEL
mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR" "$TMPDIR" "$work/results"
mkdir -p "$HOME/project"
kurung=$source/bin/kurung
cd "$HOME/project"

podman=(podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver overlay --runtime crun
    --cgroup-manager cgroupfs --events-backend none)
finish() {
    [ -d "$work/podman" ] || return 0
    "${podman[@]}" unshare rm -rf "$work/podman" "$work/podman-run" || true
    "${podman[@]}" system migrate || true # ends the process that holds podman's namespaces
} >/dev/null 2>&1
trap finish EXIT

# pair NAME TARGET AGAINST RUNS-A-ROUND PREPARE KURUNG-COMMAND OTHER-COMMAND
pair() {
    local name=$1 target=$2 against=$3 runs=$4 prepare=$5 ours=$6 other=$7 round
    echo "measuring: $name"
    local options=(-N --style none --warmup 1 --runs "$runs")
    [ -z "$prepare" ] || options+=(--prepare "$prepare")
    local files=()
    for ((round = 1; round <= rounds; round++)); do
        files+=("$work/results/$round.json")
        if ! hyperfine "${options[@]}" --export-json "${files[-1]}" "$ours" "$other" >"$work/hyperfine.out" 2>&1; then
            tail -n 3 "$work/hyperfine.out" >&2
            skipped "$name" "$target" "$against" "a command failed: $(grep -m1 -i error "$work/hyperfine.out" || true)"
            return 0
        fi
    done
    jq -s --arg job "$name" --arg against "$against" --argjson target "$target" '
        def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
        (map(.results[0].times) | add) as $ours | (map(.results[1].times) | add) as $other |
        {job: $job, against: $against, target: $target, kurung: ($ours | median), other: ($other | median),
         ratio: (($ours | median) / ($other | median) * 1000 | round / 1000), runs: ($ours | length),
         kurung_min: ($ours | min), other_min: ($other | min),
         commands: [.[0].results[].command]}' "${files[@]}" >>"$work/jobs.json"
}

skipped() { # NAME TARGET AGAINST REASON
    echo "not measured: $1: $4"
    jq -n --arg job "$1" --argjson target "$2" --arg against "$3" --arg skipped "$4" \
        '{job: $job, target: $target, against: $against, skipped: $skipped}' >>"$work/jobs.json"
}

# Lua's source by apt, from the machine's own archive, in apt directories of our own.
fetch_lua() {
    local apt=$work/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts" "$apt/source"
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk '$1 == "Debian" || $1 == "Ubuntu" { print "deb-src", $2, $3, $4 }' | sort -u >"$apt/sources.list"
    local options=(-qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts="$apt/parts"
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache")
    (cd "$apt/source" && apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only lua5.4 &&
        mkdir "$HOME/compile" && tar -x -C "$HOME/compile" --strip-components=1 -f lua5.4_*.orig.tar.*) \
        >"$work/apt.out" 2>&1
}

# Without it, kurung's own source is the project.
use_own_source() {
    rm -rf "$HOME/compile"
    mkdir "$HOME/compile"
    cp -r "$source/src" "$source/config.h" "$HOME/compile"
    cat >"$HOME/compile/Makefile" <<'MAKEFILE'
OBJECTS = $(patsubst %.c,%.o,$(wildcard src/*/*.c))
CFLAGS = -O2 -std=gnu17 -Isrc -include config.h \
	$(shell pkg-config --cflags json-c libseccomp)
all: $(OBJECTS)
clean:
	rm -f $(OBJECTS)
MAKEFILE
}

bwrap="bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev true"
start="run -- true, no overlay, one id"
if reason=$($bwrap 2>&1); then
    pair "$start" 1.0 "bwrap true" 40 "" "$kurung run --overlay=none --id-map=single -- true" "$bwrap"
    pair "run -- true" 1.5 "bwrap true" 40 "" "$kurung run -- true" "$bwrap"
    pair "kurung-bwrap, the same options" 1.05 "bwrap true" 40 "" "$kurung-bwrap${bwrap#bwrap}" "$bwrap"
    # The disk's share: ext4 makes directories slowly where many were removed in the last seconds, as here.
    if memory=$(mktemp -d /dev/shm/kurung-bench.XXXXXX 2>/dev/null); then
        export XDG_CACHE_HOME=$memory
        pair "$start, cache on tmpfs" null "bwrap true" 40 "" "$kurung run --overlay=none --id-map=single -- true" "$bwrap"
        pair "run -- true, cache on tmpfs" null "bwrap true" 40 "" "$kurung run -- true" "$bwrap"
        unset XDG_CACHE_HOME
        rm -rf "$memory"
    fi
else
    skipped "$start" 1.0 "bwrap true" "$reason"
    skipped "run -- true" 1.5 "bwrap true" "$reason"
fi

name="run -p build -- true"
image=$work/image
mkdir -p "$image/bin"
cp /bin/busybox "$image/bin/busybox"
ln -s busybox "$image/bin/true"
busybox=("${podman[@]}" run --rm --network=none --cgroups=disabled localhost/busybox true)
if tar -c -C "$image" . | "${podman[@]}" import -q - localhost/busybox >"$work/podman.out" 2>&1 &&
    "${busybox[@]}" >>"$work/podman.out" 2>&1; then
    pair "$name" 0.08 "podman busybox true" 4 "" "$kurung run -p build -- true" "${busybox[*]}"
else
    skipped "$name" 0.08 "podman busybox true" "$(tail -n 1 "$work/podman.out")"
fi

if fetch_lua; then
    project=Lua
    build="make -s -j2 -C src linux-noreadline"
    clean="make -s -C src clean"
else
    echo "no source of Lua (apt: $(tail -n 1 "$work/apt.out")): compiling kurung's own instead"
    use_own_source
    project=kurung
    build="make -s -j2"
    clean="make -s clean"
fi
cd "$HOME/compile"
pair "compile $project ($(find . -name '*.c' | wc -l) files)" 1.15 "outside" 1 "$clean" "$kurung run -p build -- $build" \
    "$build"
$clean

# Created in one process, as a build or an unpacker does it, then removed by rm.
cat >"$HOME/project/files.pl" <<'PERL'
mkdir "files" or die "files: $!";
for my $n (1 .. 5000) {
    open my $file, ">", "files/$n" or die "$n: $!";
    print $file "content of $n\n";
    close $file or die "$n: $!";
}
exec "rm", "-rf", "files" or die "rm: $!";
PERL
cd "$HOME/project"
pair "5,000 files, rm -rf" 1.5 "outside" 4 "" "$kurung run -p build -- perl files.pl" "perl files.pl"

jq -s --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" --arg kernel "$(uname -r)" \
    --argjson cpus "$(nproc)" --arg version "$("$kurung" --version)" --arg bwrap "$(bwrap --version)" \
    --arg podman "$(podman --version)" --argjson rounds "$rounds" \
    '{machine: {cpu: $cpu, cpus: $cpus, kernel: $kernel}, versions: [$version, $bwrap, $podman], rounds: $rounds,
      jobs: .}' "$work/jobs.json" >"$work/bench.json"
