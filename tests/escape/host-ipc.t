#!/bin/bash
# Attacks 41-46: the host's sockets and shared memory. 40 is about the user manager, which these machines need not have.
. "$SRCDIR/tests/escape/lib.sh"

runtime=$HOME/runtime
mkdir -m 700 "$runtime" "$runtime/podman" "$runtime/containerd" "$runtime/pipewire"
export XDG_RUNTIME_DIR=$runtime
# Without its user manager a machine may have something new to tell, once.
"$KURUNG" run -- true >/dev/null 2>&1
# What is in its place on a host: a socket at a path under the runtime directory.
socket() { # NUMBER-AND-NAME PATH
    canary listening listen "$2"
    attack "$1" outside connect "$2"
    end_canary
}
socket "41 Docker's socket" "$runtime/docker.sock"
socket "41 podman's socket" "$runtime/podman/podman.sock"
socket "41 containerd's socket" "$runtime/containerd/containerd.sock"
is "$("$KURUNG" run -- find /run /tmp /var/run/ -type s)" "" "41 there is no socket in /run and /tmp"
is "$("$KURUNG" run -p build -- find /run /tmp /var/run/ -type s)" "" "41 nor as root inside"
if ./probe groups >/dev/null; then
    attack "41 supplementary groups (docker, kvm...)" groups groups
    is "$("$KURUNG" run --run-as=root -- id -G)" 0 "41 root inside has its own group only"
else
    skip "41 supplementary groups" "this user has none"
fi
socket "42 the SSH agent's socket" "$runtime/ssh-agent.socket"
socket "42 the keyring's socket" "$runtime/keyring"
socket "42 PipeWire's socket" "$runtime/pipewire-0"
socket "42 the session bus" "$runtime/bus"

variables=(SSH_AUTH_SOCK SSH_AGENT_PID GPG_AGENT_INFO GNOME_KEYRING_CONTROL DBUS_SESSION_BUS_ADDRESS PIPEWIRE_REMOTE PULSE_SERVER
    DISPLAY WAYLAND_DISPLAY XAUTHORITY DOCKER_HOST CONTAINER_HOST XDG_RUNTIME_DIR TMUX STY AWS_SECRET_ACCESS_KEY GITHUB_TOKEN
    NPM_TOKEN LD_PRELOAD_CANARY SUDO_ASKPASS)
for variable in "${variables[@]}"; do export "$variable=canary"; done
export XDG_RUNTIME_DIR=$runtime
is "$("$KURUNG" run -- env | grep -cE "=canary|$runtime")" 0 "42 43 44 no variable of a session or a secret comes along"
is "$(undefended environment run -- env | grep -cE "=canary|$runtime")" "${#variables[@]}" "42 43 44 without (environment) all do"
for variable in "${variables[@]}"; do unset "$variable"; done

dir=$(mktemp -d /tmp/kurung-test.XXXXXX)
trap 'rm -rf "$dir"' EXIT
socket "43 an X server's socket in /tmp" "$dir/X1"
socket "43 Wayland's socket" "$runtime/wayland-0"
socket "44 tmux's socket in /tmp" "$dir/default"
socket "44 screen's socket in /run" "$runtime/S-screen"
canary listening listen "@kurung-test-$$"
attack "43 45 an abstract socket of the host's" outside connect "@kurung-test-$$"
OPTIONS=(-q --net=host)
if [ "$("$KURUNG" run --net=host --dry-run --json -- true 2>/dev/null | jq .landlock_scope)" = true ]; then
    attack "45 an abstract socket with the host's network shared" landlock connect "@kurung-test-$$"
else
    like "$("$KURUNG" run --net=host -- true 2>&1)" "abstract" "45 with the host's network shared: a line says that they are reachable"
fi
OPTIONS=()
end_canary

id=$(./probe make-shm)
attack "46 System V shared memory" ipc-namespace shm-attach "$id"
./probe remove-shm "$id"
if ./probe make-queue "/kurung-test-$$"; then
    attack "46 a POSIX message queue" ipc-namespace queue "/kurung-test-$$"
    ./probe remove-queue "/kurung-test-$$"
else
    skip "46 a POSIX message queue" "this kernel has none"
fi
touch "/dev/shm/kurung-test-$$"
attack "46 POSIX shared memory" outside is-host "/dev/shm/kurung-test-$$"
rm "/dev/shm/kurung-test-$$"
done_testing
