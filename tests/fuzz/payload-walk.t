#!/bin/bash
# Attack 88: a payload that does random operations on files, in every kind of sandbox: with a seed that is always the same,
# and with one that is not. For hours: make fuzz-long SECONDS=3600. One walk again: WALK_SEED=7 WALK_STEPS=2000
# WALK_KIND=build; it is the same but for what the kernel forgets when.
. "$SRCDIR/tests/fuzz/payload-walk.sh"
steps=${WALK_STEPS:-$(scaled 3000 500)}
read -ra seeds <<<"${WALK_SEED:-1 $RANDOM$RANDOM}"
end=$((SECONDS + ${WALK_SECONDS:-0}))
while :; do
    for kind in "${kinds[@]}"; do
        # shellcheck disable=SC2053 # a pattern
        [[ ${kind%%|*} == ${WALK_KIND:-*} ]] || continue
        for seed in "${seeds[@]}"; do
            begun=${EPOCHREALTIME/./}
            walk "$kind" "$seed" "$steps" 0
            [ -z "$violation" ]
            tap_result $? "88 ${kind%%|*}: $steps random steps, seed $seed" || {
                diag "after $(((${EPOCHREALTIME/./} - begun) / 1000)) ms: $violation"
                [ -n "${WALK_NO_REPLAY:-}" ] || diag "$(replay "$kind" "$seed" "$steps")"
            }
        done
    done
    [ $SECONDS -lt $end ] || break
    seeds=("$RANDOM$RANDOM")
done
"$KURUNG" discard --home walked >/dev/null 2>&1
# What a fuse-overlayfs that crashed left is kept.
"$KURUNG" ps -a --json | jq -r '.[].name' | xargs -r "$KURUNG" discard
chmod -R u+rwX "$canary"
rm -rf "$canary"
done_testing
