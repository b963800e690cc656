#!/bin/bash
# The other user's manager has not been given every controller, as on most distributions.
. "$SRCDIR/tests/vm/lib.sh"

kurung run --io-write-bandwidth-max="$PWD 1M" -- true
is "$status" 125 "a limit that was asked for, without its controller, is an error"
like "$errors" "^kurung: --io-write-bandwidth-max: cannot enforce IOWriteBandwidthMax: the controller \"io\" is not delegated to you .*doctor" \
    "that names the controller, and who has the remedy"
mkdir -p "$HOME/.config/kurung/profiles"
printf '[Profile]\nExtends=default\n[Resources]\nIOWeight=10\n' >"$HOME/.config/kurung/profiles/mine.ini"
kurung run -p mine -- true
is "$status" 125 "so is one of the user's own profile"
like "$errors" "mine.ini:4: cannot enforce IOWeight: the controller \"io\" is not delegated" "with the line"
kurung doctor
is "$status" 0 "doctor does not take it for a failure"
like "$out" "warn  limits .*by scopes of the user manager, except: io" "but says what is missing"
like "$out" "user@.service.d/delegate.conf" "and prints the drop-in"
# The drop-in that it prints is the one the first user has.
line=$(grep -o "printf '.*' |" <<<"$out")
is "$(eval "${line% |}")" "$(cat /etc/systemd/system/user@"$(id -u one)".service.d/*.conf)" "which is what gives the first user every controller"

kurung run -v --memory-max=64M --tasks-max=20 --cpu-quota=50% --report=r.json -- \
    sh -c 'cd /sys/fs/cgroup; cat memory.max pids.max cpu.max'
is "$status:$out" "0:67108864
20
50000 100000" "the other controllers hold their limits"
is "$(jq -r .resources.counted_by r.json)" scope "in a scope"
kurung run -- true
is "$status:$errors" "0:" "what the profiles come with needs no more"
done_testing
