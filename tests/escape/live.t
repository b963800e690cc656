#!/bin/bash
# Attacks 15, 16, 69, 75: joining a sandbox, and the state of those that run.
# shellcheck disable=SC2016,SC2317 # the sandbox's shell expands; functions are called by wait_for
. "$SRCDIR/tests/escape/lib.sh"

records=$HOME/.local/state/kurung/running
recorded() { [ -n "$(ls "$records" 2>/dev/null)" ]; }
# begin KURUNG OPTIONS... -- COMMAND...: runs it until it is ended; $supervisor, $name.
begin() {
    "$@" </dev/null >/dev/null 2>&1 &
    supervisor=$!
    wait_for recorded
    # shellcheck disable=SC2012 # names of ours
    name=$(ls "$records" | head -n 1)
}
end() {
    "$KURUNG" stop --time=0 "$name"
    wait "$supervisor" 2>/dev/null
}
held_by() { # PID: the command that prints it
    printf 'grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)" /proc/%s/status; cat /proc/%s/cgroup; readlink /proc/%s/ns/user' "$1" "$1" "$1"
}
of_payload=$(held_by 2)
of_self=$(held_by self)

for how in "" "-p build" "--seccomp=strict" "--id-map=single" "--cap-add=net_raw"; do
    # shellcheck disable=SC2086 # words
    begin "$KURUNG" run $how -- sleep 1000
    is "$("$KURUNG" exec "$name" sh -c "$of_self")" "$("$KURUNG" exec "$name" sh -c "$of_payload")" \
        "15 exec: ids, groups, capabilities, no_new_privs, filter, cgroup and user namespace are the payload's ($how)"
    # shellcheck disable=SC2086 # words
    is "$("$KURUNG" exec "$name" ./probe clone-userns 2>&1)" "$("$KURUNG" run $how -- ./probe clone-userns 2>&1)" \
        "15 exec: the filter answers as the payload's ($how)"
    [ -n "$how" ] || for off in seccomp capabilities no-new-privileges; do
        isnt "$(undefended "$off" exec "$name" sh -c "$of_self")" "$("$KURUNG" exec "$name" sh -c "$of_payload")" \
            "15 exec: is another without ($off)"
    done
    end
done

begin "$KURUNG" run -- sleep 1000
# 7, as exec has it.
is "$(./probe with-fds / "$KURUNG" exec "$name" ./probe fds)" "held: none" "15 exec: descriptors of the caller's do not come along"
is "$(KURUNG_DEFENCE_OFF=close-fds ./probe with-fds / "$KURUNG_UNDEFENDED" exec "$name" ./probe fds)" escaped "15 exec: they do without (close-fds)"
export KURUNG_CANARY=canary-of-the-host
like "$("$KURUNG" exec "$name" ./probe read /proc/self/environ canary-of-the-host)" '^held' "15 exec: none of the caller's variables"
end

# Inside, somebody waits for what joins, and looks into it before it has given up what it had.
cat >watch.py <<'X'
import os, sys, time
seen = set()
end = time.monotonic() + 120
print("ready", flush=True)
while time.monotonic() < end and not os.path.exists("/tmp/enough"):
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or int(pid) < 3:
            continue
        try:
            if sys.argv[1] == "exe":
                found = "kurung" in os.readlink("/proc/%s/exe" % pid)
            else:
                found = b"said-outside" in open("/proc/%s/cmdline" % pid, "rb").read()
        except OSError:
            continue
        if found:
            seen.add(pid)
print("escaped" if seen else "held", flush=True)
X
watch() { # exe|cmdline KURUNG
    rm -f watched
    "$KURUNG" run --net=none -- python3 watch.py "$1" >watched 2>&1 </dev/null &
    supervisor=$!
    wait_for grep -q ready watched
    wait_for recorded
    # shellcheck disable=SC2012 # names of ours
    name=$(ls "$records" | head -n 1)
    for _ in $(seq 40); do "${@:2}" exec --env=WHAT=said-outside "$name" true; done
    "$KURUNG" exec "$name" touch /tmp/enough
    wait "$supervisor"
    tail -n 1 watched
}
is "$(watch exe "$KURUNG")" held "15 exec: what joins can't be looked into by those inside"
is "$(watch exe undefended not-dumpable)" escaped "15 exec: it can without (not-dumpable)"
is "$(watch cmdline "$KURUNG")" held "15 exec: nor shows how it was called"
is "$(watch cmdline undefended arguments)" escaped "15 exec: it does without (arguments)"

begin "$KURUNG" run -- sleep 1000
for bad in ../running/x a/b '' . .. "-x" "$(printf 'x%.0s' {1..300})" "$name/"; do
    like "$("$KURUNG" exec -- "$bad" true 2>&1)" "is not a valid sandbox name|no command given" "75 '${bad:0:12}' names no sandbox"
    like "$("$KURUNG" stop -- "$bad" 2>&1)" "is not a valid sandbox name" "75 '${bad:0:12}' names none to stop"
done
# A record that nobody holds is what a killed one left, whatever it says.
cp "$records/$name" "$records/forged"
like "$("$KURUNG" exec forged true 2>&1)" "no running sandbox named 'forged'" "16 exec: a forged name is refused"
is "$(undefended join exec forged echo joined)" joined "16 exec: it is joined without (join)"
like "$("$KURUNG" stop forged 2>&1)" "no running sandbox named 'forged'" "16 stop: a forged name is refused"
# One that is held, by somebody else than who is named: a pid that was used again.
sed 's/^supervisor-started .*/supervisor-started 1/' "$records/$name" >"$records/reused"
chmod 600 "$records/reused"
exec 8<"$records/reused"
flock -x 8
like "$("$KURUNG" exec reused true 2>&1)" "no running sandbox named 'reused'" "16 exec: a pid that was used again is refused"
is "$(undefended join exec reused echo joined)" joined "16 exec: it is joined without (join)"
exec 8<&-
# One whose namespaces are not those of a sandbox: ours are held by a shell of ours.
exec 7</proc/self/ns/user
sed -e "s/^supervisor .*/supervisor $$/" -e "s/^supervisor-started .*/supervisor-started $(cut -d' ' -f22 /proc/$$/stat)/" -e 's/^user .*/user 7/' \
    "$records/$name" >"$records/outside"
chmod 600 "$records/outside"
exec 8<"$records/outside"
flock -x 8
like "$("$KURUNG" exec outside true 2>&1)" "the namespaces of the sandbox 'outside'" "16 exec: namespaces that are no sandbox's are refused"
exec 8<&- 7<&-
ln -s "$name" "$records/link"
like "$("$KURUNG" exec link true 2>&1)" "record of 'link'" "16 exec: a link is no record"
chmod 666 "$records/$name"
like "$("$KURUNG" exec "$name" true 2>&1)" "not a file of yours, or is accessible" "16 exec: a record that others may write is none"
chmod 600 "$records/$name"
chmod 755 "$records"
like "$("$KURUNG" exec "$name" true 2>&1)" "is accessible to other users" "69 exec: records that others may walk are refused"
is "$(undefended state exec "$name" echo joined)" joined "69 exec: not without (state)"
chmod 700 "$records"
rm -f "$records"/link
for n in 1 2 3; do echo x >"$records/stale$n"; done
"$KURUNG" run -- true
is "$(find "$records" -name 'stale*')" "" "what killed ones left is cleared by the next start"
end
done_testing
