#!/bin/bash
# Attacks 35 and 36: what we create or mount in is exchanged under our hands.
. "$SRCDIR/tests/escape/root.sh"

# 35: a directory and a link are exchanged all the time, while sandboxes are set up in it.
# race DIRECTORY RUNS COMMAND...: at least so many runs, until the exchanges are done or the canary was touched.
race() {
    local dir=$1 runs=$2 n=0
    rm -f "$dir/stop" "$HOME/exchanges"
    while [ "$(state)" = "$before" ] && { [ $n -lt "$runs" ] || [ ! -s "$HOME/exchanges" ]; }; do
        rm -rf "$dir/race/x" 2>/dev/null
        "${@:3}" >/dev/null 2>&1 </dev/null
        n=$((n + 1))
        [ $n -lt "$runs" ] || touch "$dir/stop"
    done
    touch "$dir/stop"
}
exchanges() { cat "$HOME/exchanges"; }
for engine in kernel fuse; do
    make_root
    mkdir "$HOME/root/race"
    ln -s "$canary" "$HOME/root/race2"
    ./probe exchange "$HOME/root/race" "$HOME/root/race2" "$HOME/root/stop" 10000 >"$HOME/exchanges.part" && mv "$HOME/exchanges.part" "$HOME/exchanges" &
    racer=$!
    race "$HOME/root" 60 "$KURUNG" run --root="$HOME/root" --overlay=$engine --work-dir=hidden --tmpfs=/race/x/y -- /bin/true
    wait $racer
    is "$(state)" "$before" "35 a directory and a link exchanged while sandboxes are made ($engine)"
    ok "35 at least 10,000 times" test "$(exchanges)" -ge 10000
    restore
done
make_root
mkdir "$HOME/root/race"
ln -s "$canary" "$HOME/root/race2"
./probe exchange "$HOME/root/race" "$HOME/root/race2" "$HOME/root/stop" 10000 >"$HOME/exchanges" &
racer=$!
race "$HOME/root" 1000 undefended resolve run --root="$HOME/root" --overlay=kernel --work-dir=hidden --tmpfs=/race/x/y -- /bin/true
wait $racer
isnt "$(state)" "$before" "35 without (resolve) the canary is touched"
restore

# 36: the same from another sandbox, on a volume that both write to.
mkdir -p "$HOME/volume/race"
ln -s "$canary" "$HOME/volume/race2"
"$KURUNG" run --read-write="$HOME/volume" -- ./probe exchange "$HOME/volume/race" "$HOME/volume/race2" "$HOME/volume/stop" 10000 >"$HOME/exchanges.part" &&
    mv "$HOME/exchanges.part" "$HOME/exchanges" &
racer=$!
race "$HOME/volume" 60 "$KURUNG" run --read-write="$HOME/volume" --tmpfs="$HOME/volume/race/x/y" -- true
wait $racer
is "$(state)" "$before" "36 two sandboxes racing on one volume"
restore
rm -rf "$HOME/volume/stop"
./probe exchange "$HOME/volume/race" "$HOME/volume/race2" "$HOME/volume/stop" 10000 >"$HOME/exchanges" &
racer=$!
race "$HOME/volume" 1000 undefended resolve run --read-write="$HOME/volume" --tmpfs="$HOME/volume/race/x/y" -- true
wait $racer
isnt "$(state)" "$before" "36 without (resolve) the canary is touched"
restore
done_testing
