#!/bin/bash
# Attacks 18-29 and 90: the kernel's surface. 27, all system calls against a table, is in the unit test of the filter.
. "$SRCDIR/tests/escape/lib.sh"

attack "18 unshare of a user namespace" seccomp unshare 10000000
for flags in 20000 40000000 20000000 8000000 4000000 2000000 80; do
    OPTIONS=(--run-as=root)
    attack "18 unshare, flags 0x$flags" seccomp,capabilities unshare $flags
done
OPTIONS=()
attack "18 clone of a user namespace" seccomp clone-userns
attack "18 clone3" seccomp clone3
is "$("$KURUNG" run -- ./probe clone3)" "held: ENOSYS" "18 clone3 is not there, so that libraries use clone"
is "$("$KURUNG" run -- ./probe threads)" escaped "18 and threads still work"

OPTIONS=(--run-as=root)
attack "19 raising max_user_namespaces" mount-flags,capabilities write /proc/sys/user/max_user_namespaces 1000
like "$("$KURUNG" run --run-as=root -- sh -c './probe write /proc/sys/user/max_user_namespaces 1000; ./probe unshare 10000000')" \
    $'^held: (EROFS|EACCES)\nheld: EPERM$' "19 and then again"
for namespace in user mnt pid net ipc uts cgroup; do
    off=seccomp,capabilities
    # The kernel refuses one's own user namespace, and that of pid 1 is hidden.
    [ "$namespace" = user ] && off=kernel
    attack "20 setns to /proc/self/ns/$namespace" "$off" setns "/proc/self/ns/$namespace"
    attack "20 setns to /proc/1/ns/$namespace" kernel setns "/proc/1/ns/$namespace"
done

attack "21 mount" seccomp,capabilities mount /mnt
attack "21 umount2" seccomp,capabilities umount /dev/shm
attack "21 remount" seccomp,capabilities remount /tmp
attack "21 fsopen" seccomp,capabilities fsopen
attack "21 fsmount" seccomp,capabilities fsmount
attack "21 open_tree" seccomp,capabilities open-tree
attack "21 move_mount" seccomp,capabilities move-mount
attack "21 mount_setattr" seccomp,capabilities mount-setattr /
attack "21 pivot_root" seccomp,capabilities pivot-root
if [ -n "$tap_subids" ]; then
    for what in "umount /dev/shm" "remount /tmp" "mount-setattr /" "mount /mnt"; do
        # shellcheck disable=SC2086 # words
        like "$(KURUNG_DEFENCE_OFF=seccomp,capabilities,mount-watch "$KURUNG_UNDEFENDED" run --run-as=root -- ./probe $what 2>&1 </dev/null)" '^held' \
            "21 $what: root with every capability, and without a filter, owns no mount of ours"
        # shellcheck disable=SC2086 # words
        like "$(undefended seccomp,capabilities run --run-as=root -- ./probe $what 2>&1 </dev/null)" '^escaped' "21 $what: does without (payload-userns)"
    done
else
    skip "21 root owns no mount of ours" "this user has no subordinate ids"
fi
OPTIONS=(--run-as=root --cap-add=CAP_SYS_ADMIN --hide=/usr/games)
for what in "umount /proc/interrupts" "umount /proc/sys" "umount /usr/games" "remount /proc/sys" "remount /sys" "remount /dev" \
    "mount-setattr /proc/sys"; do
    # shellcheck disable=SC2086 # two words
    attack "22 with SYS_ADMIN granted: $what" seccomp $what
done
is "$("$KURUNG" run "${OPTIONS[@]}" -- sh -c './probe umount /proc/sys; ./probe remount /proc/sys; echo x >/proc/sys/kernel/hostname' 2>&1 | tail -1 | grep -c 'Read-only')" 1 \
    "22 and the mount stays read-only"

OPTIONS=(--run-as=root)
attack "23 mknod" kernel mknod null
OPTIONS=(-q --read-only=/dev/zero:/opt/zero)
attack "23 a device that is shown at another place" mount-flags read /opt/zero
is "$("$KURUNG" run -p build -- sh -c "awk '\$6 !~ /nodev/ && \$4 != \"/null\" { print \$5 }' /proc/self/mountinfo | grep -v '^/dev'")" "" \
    "23 every mount outside of /dev is nodev (fuse)"
is "$("$KURUNG" run -- sh -c "awk '\$6 !~ /nodev/ && \$4 != \"/null\" { print \$5 }' /proc/self/mountinfo | grep -v '^/dev'")" "" \
    "23 every mount outside of /dev is nodev (kernel)"

OPTIONS=()
attack "24 netlink GENERIC" seccomp socket 16 3 16
attack_if_any "24 netlink NETFILTER" seccomp socket 16 3 12
attack_if_any "24 netlink XFRM" seccomp socket 16 3 6
attack_if_any "24 netlink AUDIT" seccomp socket 16 3 9
is "$("$KURUNG" run -- ./probe socket 16 3 0)" escaped "24 netlink ROUTE is there"
OPTIONS=(--run-as=root --cap-add=CAP_NET_RAW)
attack "25 AF_PACKET, with NET_RAW granted" seccomp socket 17 3 3
OPTIONS=()
attack_if_any "25 AF_ALG" seccomp socket 38 5 0
attack_if_any "25 AF_VSOCK" seccomp socket 40 1 0
attack_if_any "25 AF_VSOCK, upper bits set" seccomp socket 0x100000028 1 0
attack_if_any "25 AF_XDP" seccomp socket 44 3 0
attack_if_any "25 AF_RXRPC" seccomp socket 33 2 2
attack_if_any "25 AF_TIPC" seccomp socket 30 1 0
for call in io_uring_setup io_uring_enter bpf perf_event_open userfaultfd kexec_load init_module finit_module delete_module; do
    attack_if_any "26 $call" seccomp call "$call"
done

OPTIONS=(--run-as=root)
for file in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/kernel/modprobe /sys/kernel/uevent_helper; do
    attack "28 opening $file for writing" kernel open-write "$file"
done
# What root of the sandbox may change where it is not read-only: a setting of its own network namespace.
attack "28 writing a setting under /proc/sys" mount-flags,capabilities write /proc/sys/net/ipv4/ip_default_ttl 65

OPTIONS=()
for file in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts /sys/firmware; do
    [ -e "$file" ] || {
        skip "29 $file is masked" "there is none"
        continue
    }
    if [ -d "$file" ] && [ -z "$(ls -A "$file")" ]; then
        attack "29 $file is masked" kernel masked "$file"
    else
        attack "29 $file is masked" masks masked "$file"
    fi
done

# 90: sockets, options and commands for which the kernel loads modules, or which few programs ever use.
OPTIONS=()
while read -r name family type protocol; do
    attack_if_any "90 $name" seccomp socket "$family" "$type" "$protocol"
    attack_if_any "90 $name, upper bits and flags set" seccomp socket "0x1$(printf %08x "$family")" \
        "0x1$(printf %08x $((type | 02004000)))" "0x1$(printf %08x "$protocol")"
done <<'SOCKETS'
SCTP 2 1 132
SCTP-IPv6-SEQPACKET 10 5 132
DCCP 2 6 33
L2TP 2 2 115
L2TP-IPv6 10 2 115
SMC 2 1 256
MPTCP 2 1 262
MPTCP-IPv6 10 1 262
UDPLITE 2 2 136
UDPLITE-IPv6 10 2 136
RDM 2 4 0
SOCKETS
attack "90 a socket pair of no family" kernel socketpair 0 1 0
attack_if_any "90 SIOCGIFBR (bridge)" seccomp ioctl-on 0x8940 socket
attack_if_any "90 SIOCGIFVLAN (8021q)" seccomp ioctl-on 0x8982 socket
attack_if_any "90 SIOCBRADDBR (bridge)" seccomp ioctl-on 0x89a0 socket
attack_if_any "90 FS_IOC_ADD_ENCRYPTION_KEY" seccomp ioctl-on 0xc0506617 socket
attack_if_any "90 FS_IOC_ENABLE_VERITY" seccomp ioctl-on 0x40806685 socket
attack "90 TIOCSETD (line disciplines)" seccomp ioctl-on 0x5423 pty
attack "90 TIOCSETD, upper bits set" seccomp ioctl-on 0x100005423 pty
attack_if_any "90 TCP_ULP" seccomp setsockopt 6 31 tls
attack_if_any "90 TCP_ULP, upper bits set" seccomp setsockopt 0x100000006 0x10000001f tls
attack_if_any "90 TCP_MD5SIG" seccomp setsockopt 6 14
attack_if_any "90 TCP_AO_ADD_KEY" seccomp setsockopt 6 38
OPTIONS=(--run-as=root)
attack "90 a raw socket" seccomp,capabilities socket 2 3 1
OPTIONS=(--run-as=root --cap-add=CAP_NET_RAW)
attack "25 AF_PACKET by its old name, with NET_RAW granted" seccomp socket 2 10 0x300
is "$("$KURUNG" run "${OPTIONS[@]}" -- ./probe socket 2 3 1)" escaped "90 with NET_RAW granted there are raw sockets"
for ordinary in "2 1 0" "2 1 6" "10 1 0" "2 2 17" "10 2 0" "2 0x80802 0" "1 5 0" "1 3 0"; do
    # shellcheck disable=SC2086 # three words
    is "$("$KURUNG" run -- ./probe socket $ordinary)" escaped "90 socket $ordinary is there"
done
done_testing
