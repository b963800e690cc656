# shellcheck shell=bash
# What check, quickstart and the benchmark do to a machine as root: packages, ordinary users, devices.

# What the system and escape tests need beside what kurung needs itself: on this machine and in the test machine's image.
# shellcheck disable=SC2034 # check and tests/vm/image.sh read it
test_packages=(fuse-overlayfs uidmap python3 python3-pip python3-setuptools python3-wheel jq attr libcap2-bin
    busybox-static adduser postgresql git procps util-linux iproute2 iputils-ping iperf3 curl ca-certificates openssl zstd)

# Installs those of the named Debian packages that are missing; as root, or by sudo when there is a terminal.
install_missing() {
    local package missing=() as_root=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1 || ! { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            echo "missing packages: sudo apt install ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "installing: ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null || return 1
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Makes an ordinary user with a home, a supplementary group and 65536 subordinate ids, unless it is there.
make_user() {
    local name=$1 start
    id "$name" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$name" || return 1
    groupadd -f "$name-extra" && usermod -aG "$name-extra" "$name" || return 1
    if ! grep -q "^$name:" /etc/subuid 2>/dev/null || ! grep -q "^$name:" /etc/subgid 2>/dev/null; then
        # Behind everybody's last range.
        start=$(cat /etc/subuid /etc/subgid 2>/dev/null |
            awk -F: 'BEGIN { m = 100000 } $2 + $3 > m { m = $2 + $3 } END { print m }')
        sed -i "/^$name:/d" /etc/subuid /etc/subgid 2>/dev/null
        echo "$name:$start:65536" | tee -a /etc/subuid >>/etc/subgid
    fi
}

# /dev/fuse and /dev/net/tun as udev leaves them on a desktop.
open_devices() {
    local device
    for device in /dev/fuse /dev/net/tun; do
        [ ! -c "$device" ] || chmod 0666 "$device"
    done
}

# as_user NAME COMMAND...: with the user's own ids and a fresh environment; variables are given as NAME=VALUE words.
as_user() {
    local name=$1
    shift
    setpriv --reuid="$name" --regid="$name" --init-groups --inh-caps=-all \
        env -i HOME="$(getent passwd "$name" | cut -d: -f6)" USER="$name" LOGNAME="$name" \
        PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}
