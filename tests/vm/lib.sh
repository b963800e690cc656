# shellcheck shell=bash
# For the tests that need the test machine (tests/vm/machine): systemd's user manager and delegated control groups.
. "$SRCDIR/tests/lib.sh"
[ -n "${KURUNG_VM:-}" ] || { echo "1..0 # SKIP only in the test machine (tests/vm/machine)"; exit; }
XDG_RUNTIME_DIR=/run/user/$(id -u)
export XDG_RUNTIME_DIR
