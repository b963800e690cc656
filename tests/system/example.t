#!/bin/bash
# The hostile example project: nothing of it reaches the host in a sandbox, and what it tries works without one.
. "$SRCDIR/tests/lib.sh"

out=$("$SRCDIR/docs/examples/demonstrate" "$KURUNG" 2>&1 </dev/null)
is $? 0 "the hostile project is built and nothing of it reaches the host" || diag "$out"
like "$out" 'Built: calc, from 4 C files' "the program was built"
unlike "$out" 'GOT THROUGH|NOT TRIED' "every attempt was made and none got through"

# In place of kurung, what runs the command as it is: the same project then does what it wants.
cat >"$HOME/no-sandbox" <<'SCRIPT'
#!/bin/bash
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
SCRIPT
chmod +x "$HOME/no-sandbox"
out=$("$SRCDIR/docs/examples/demonstrate" "$HOME/no-sandbox" 2>&1 </dev/null)
is $? 1 "without a sandbox the demonstration says that it failed"
for attempt in 'read ~/.ssh/id_ed25519' 'append to ~/.bashrc' "list the host's processes" 'send it to a listener' \
    'write into the project'; do
    like "$out" "$attempt +GOT THROUGH" "without a sandbox: $attempt works"
done
[ -z "$(find /var/tmp -maxdepth 1 -user "$(id -u)" -name 'kurung-demonstration.*')" ]
tap_result $? "the demonstration removes its home"
done_testing
