#!/bin/bash
# Each fuzz target runs for some seconds, from small inputs of the real thing.
: "${FUZZERS:?directory of the fuzz targets}" "${SRCDIR:?}"
work=$(mktemp -d /var/tmp/kurung-fuzz.XXXXXX)
seconds=${FUZZ_SECONDS:-6}
mkdir "$work"/{profile,options,mountinfo,subid,upper,record}
export FUZZ_PLACE=$work
cp "$SRCDIR"/profiles/*.ini "$work/profile"
printf 'run\0--work-dir=ro\0-p\0build\0-eA=b\0--\0make' >"$work/options/1"
cp /proc/self/mountinfo "$work/mountinfo/1"
printf 'user:100000:65536\n1000:1:1\n' >"$work/subid/1"
n=0
seq 1 300 | tr -d '\n' >"$work/upper/1"
printf '{"version":1,"started":1,"started_ns":1,"ended":true,"exit_code":0,"argv":["a"],"cwd":"/a","uid":%s,"gid":%s,"host_uid":%s,"host_gid":%s,"map_by_helpers":false,"newuidmap":"","newgidmap":"","uid_map":[{"inside":1,"outside":1,"count":1}],"gid_map":[{"inside":1,"outside":1,"count":1}],"layers":[{"engine":"kernel","name":"3","dest":"/a","lower":"/a","covered":["/a/b"]}]}' \
    "$(id -u)" "$(id -g)" "$(id -u)" "$(id -g)" >"$work/record/1"
for target in profile options mountinfo subid upper record; do
    n=$((n + 1))
    if (cd "$work" && "$FUZZERS/fuzz-$target" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=2048 -print_final_stats=1 \
        "$target") >"$work/$target.log" 2>&1; then
        echo "ok $n - $target: $(awk '/number_of_executed_units/ { print $2 }' "$work/$target.log") inputs"
    else
        echo "not ok $n - $target"
        tail -40 "$work/$target.log" | sed 's/^/# /'
    fi
done
echo "1..$n"
rm -r "$work"
