#!/bin/bash
# Attacks 1-6: the terminal and the session.
. "$SRCDIR/tests/escape/lib.sh"

# What the reader behind the sandbox gets: what the probe typed, or what was typed on the real keyboard. That would be
# echoed into the reader's line where the probe's was there already: no echo.
typed() { # KURUNG TYPED-COMMAND(hex) [REDIRECTION]
    on_tty 'expect(b"ended\r\n"); send(b"by hand\n"); print(expect(b"END").split(b"OUTER:")[1].split(b"\r")[0].decode()); wait()' sh -c \
        "stty -echo; $1 run -- sh -c './probe type $2 ${3:-}'; echo ended; read -r line; echo OUTER:\$line; echo END"
}
for command in 5412 100005412 ffffffff00005412; do
    number=$([ "$command" = 5412 ] && echo 1 || echo 2)
    is "$(typed "'$KURUNG'" "$command")" "by hand" "$number TIOCSTI ($command): nothing is typed outside"
    is "$(typed "'$KURUNG'" "$command" '<&1')" "by hand" "$number TIOCSTI ($command) on standard output"
    if [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ]; then
        for off in pty seccomp; do
            is "$(typed "KURUNG_DEFENCE_OFF=$off '$KURUNG_UNDEFENDED'" "$command")" "by hand" \
                "$number TIOCSTI ($command): stopped without $off, too"
        done
        is "$(typed "KURUNG_DEFENCE_OFF=pty,seccomp '$KURUNG_UNDEFENDED'" "$command")" "TYPED-BY-PROBE" \
            "$number TIOCSTI ($command): succeeds without (pty,seccomp)"
    else
        skip "$number TIOCSTI ($command): succeeds without" "dev.tty.legacy_tiocsti=0: the kernel refuses it to all"
    fi
    like "$(on_tty 'expect(b"held: "); print(expect(b"\n").decode().strip()); wait()' "$KURUNG" run -- ./probe type "$command")" EPERM \
        "$number TIOCSTI ($command) is refused on the sandbox's own terminal, too"
done
attack "3 TIOCLINUX" seccomp ioctl 541C
attack "3 TIOCLINUX, upper bits set" seccomp ioctl 10000541C
attack "3 TIOCLINUX, sign-extended" seccomp ioctl ffffffff0000541C
if [ "$(uname -m)" = x86_64 ]; then
    attack_if_any "3 system calls of i386" seccomp i386
    attack_if_any "3 system calls of x32" seccomp x32
else
    skip "3 system calls of i386 and x32" "the machine has none"
fi

is "$(on_tty 'expect(b"held: "); print(expect(b"\n").decode().strip()); wait()' "$KURUNG" run -- ./probe terminals)" "the sandbox's own" \
    "4 /dev/tty and 0-2 lead to the sandbox's own terminal only"
is "$(on_tty 'expect(b"escaped"); print("escaped"); wait()' env KURUNG_DEFENCE_OFF=pty "$KURUNG_UNDEFENDED" run -- ./probe terminals)" escaped \
    "4 without (pty) they lead to the caller's"

canary urgent wait-for-signal
"$KURUNG" run -- ./probe kill 0 >/dev/null
end_canary
is "$(cat urgent)" "not signalled" "5 kill(0) reaches nobody outside"
canary urgent2 wait-for-signal
undefended pty run -- ./probe kill 0 >/dev/null
end_canary
is "$(cat urgent2)" "signalled" "5 kill(0) without (pty) reaches the caller's group"
if "$KURUNG" run -v --dry-run --net=host -- true | grep -q '^landlock scope'; then
    for off in pty landlock pty,landlock; do
        canary urgent5 wait-for-signal
        undefended $off run --net=host -- ./probe kill 0 >/dev/null
        end_canary
        expected="not signalled"
        [ "$off" != pty,landlock ] || expected=signalled
        is "$(cat urgent5)" "$expected" "5 kill(0) with the host's network without ($off)"
        rm urgent5
    done
else
    skip "5 kill(0) with the host's network" "this kernel's Landlock has no scope"
fi
canary urgent3 wait-for-signal
"$KURUNG" run -- ./probe kill -1 >/dev/null
end_canary
is "$(cat urgent3)" "not signalled" "5 kill(-1) reaches nobody outside"
canary urgent4 wait-for-signal
./probe kill -1 >/dev/null
end_canary
is "$(cat urgent4)" "signalled" "5 kill(-1) outside of any sandbox reaches all of one's own"

evil=$'./\e]0;title\a\e[31mred\x9b\r.txt'
escapes=$'[\x01-\x09\x0b-\x1f\x7f\x9b]'
escaped_in() { # NAME ARGS...
    "$KURUNG" "${@:2}" </dev/null >"$HOME/.out" 2>&1
    [ -s "$HOME/.out" ] && ! LC_ALL=C grep -q "$escapes" "$HOME/.out"
    tap_result $? "6 control bytes are shown escaped in an error about $1"
}
escaped_in "a command" run -- "$evil"
escaped_in "a root" run --root="$evil" -- true
escaped_in "a profile" run -p "$evil" -- true
escaped_in "a path" run --read-only="$evil" -- true
escaped_in "an option" run "--$evil" -- true
escaped_in "a subcommand" "$evil"
undefended escape run -- "$evil" </dev/null >"$HOME/.out" 2>&1
ok "6 without (escape) they reach the terminal" env LC_ALL=C grep -q "$escapes" "$HOME/.out"
done_testing
