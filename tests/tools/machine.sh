# shellcheck shell=bash
# What check, prepare, quickstart, the test machine and the benchmarks share.

# What the system and escape tests need beside what kurung needs itself: on this machine and in the test machine's image.
# shellcheck disable=SC2034 # prepare and tests/vm/image.sh read it
test_packages=(fuse-overlayfs uidmap python3 python3-pip python3-setuptools python3-wheel jq attr libcap2-bin
    busybox-static adduser postgresql git procps util-linux iproute2 iputils-ping iperf3 curl ca-certificates openssl bzip2 xz-utils zstd)

# prepare_machine FOR...: for root, prepares this machine and the user kurung-test; for anybody else, says what is missing
# and the command that prepares it, and fails. (tests/tools/prepare --help)
prepare_machine() {
    local options=(--no-sudo)
    [ "$(id -u)" -ne 0 ] || options+=(--user kurung-test)
    "$(dirname "${BASH_SOURCE[0]}")/prepare" "${options[@]}" "$@"
}

# as_user NAME COMMAND...: with the user's own ids and a fresh environment; variables are given as NAME=VALUE words.
as_user() {
    local name=$1
    shift
    setpriv --reuid="$name" --regid="$name" --init-groups --inh-caps=-all \
        env -i HOME="$(getent passwd "$name" | cut -d: -f6)" USER="$name" LOGNAME="$name" \
        PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}
