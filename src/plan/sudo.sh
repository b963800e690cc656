#!/bin/sh
# The sudo of a sandbox with root inside, for scripts that call it: runs the command as root, or as another user (-u).
# kurung puts it first in PATH; sudo itself would look for a password or a terminal.

fail() {
    echo "sudo: $*" >&2
    exit 1
}

usage() {
    echo "usage: sudo [-EHnSkb] [-i | -s] [-u USER] [-g GROUP] [-D DIR] [--] [NAME=VALUE...] COMMAND [ARG...]"
    echo "This is the sudo of a kurung sandbox, in which root needs no password."
    exit "$1"
}

# Sets name, uid, gid, home and shell of a user: a name, or "#UID".
find_user() { # USER
    while IFS=: read -r name _ uid gid _ home shell; do
        if [ "$name" = "$1" ] || [ "#$uid" = "$1" ]; then return 0; fi
    done </etc/passwd
    return 1
}

find_group() { # GROUP: sets gid
    while IFS=: read -r name_of _ number _; do
        if [ "$name_of" = "$1" ] || [ "#$number" = "$1" ]; then
            gid=$number
            return 0
        fi
    done </etc/group
    return 1
}

user=root group='' kind='' background='' dir='' idle='' home_of=''
take() { # LETTER VALUE
    case $1 in
    u) user=$2 ;;
    g) group=$2 ;;
    D) dir=$2 ;;
    *) ;; # a prompt, limits, SELinux: nothing that counts here
    esac
}

while [ $# -gt 0 ]; do
    case $1 in
    --)
        shift
        break
        ;;
    --user=*) user=${1#*=} ;;
    --group=*) group=${1#*=} ;;
    --chdir=*) dir=${1#*=} ;;
    --user | --group | --chdir | --prompt | --close-from | --command-timeout | --role | --type | --other-user | --chroot)
        [ $# -gt 1 ] || fail "$1 requires a value"
        case $1 in
        --user) user=$2 ;;
        --group) group=$2 ;;
        --chdir) dir=$2 ;;
        esac
        shift
        ;;
    --login) kind=login ;;
    --shell) kind=shell ;;
    --set-home) home_of=yes ;;
    --background) background=yes ;;
    --validate | --reset-timestamp | --remove-timestamp | --list) idle=yes ;;
    --help | --version) usage 0 ;;
    --preserve-env | --preserve-env=* | --non-interactive | --stdin | --askpass | --bell | --no-update) ;;
    --prompt=* | --close-from=* | --command-timeout=* | --role=* | --type=* | --other-user=*) ;;
    --*) fail "unknown option '$1'" ;;
    -?*)
        letters=${1#-}
        while [ -n "$letters" ]; do
            rest=${letters#?}
            letter=${letters%"$rest"}
            letters=$rest
            case $letter in
            E | n | S | A | B | P | N) ;;
            H) home_of=yes ;;
            i) kind=login ;;
            s) kind=shell ;;
            b) background=yes ;;
            v | k | K | l) idle=yes ;;
            h | V) usage 0 ;;
            u | g | D | p | C | T | r | t | U | R)
                if [ -z "$letters" ]; then
                    [ $# -gt 1 ] || fail "-$letter requires a value"
                    shift
                    letters=$1
                fi
                take "$letter" "$letters"
                letters=''
                ;;
            *) fail "unknown option '-$letter'" ;;
            esac
        done
        ;;
    *) break ;;
    esac
    shift
done

while [ $# -gt 0 ]; do
    case ${1%%=*} in
    "$1" | '' | [!A-Za-z_]* | *[!A-Za-z0-9_]*) break ;; # no assignment
    esac
    export "${1?}"
    shift
done

[ $# -gt 0 ] || [ -n "$kind" ] || [ -z "$idle" ] || exit 0
[ $# -gt 0 ] || [ -n "$kind" ] || usage 1 >&2
[ "$(id -u)" = 0 ] || fail "only root of the sandbox can change the user"
find_user "$user" || fail "unknown user '$user'"
[ -z "$group" ] || find_group "$group" || fail "unknown group '$group'"
[ -z "$dir" ] || cd -- "$dir" || exit 1

SUDO_USER=root SUDO_UID=0 SUDO_GID=0 SUDO_COMMAND=$*
export SUDO_USER SUDO_UID SUDO_GID SUDO_COMMAND
if [ "$uid" != 0 ]; then
    HOME=$home USER=$name LOGNAME=$name SHELL=$shell
    export HOME USER LOGNAME SHELL
elif [ -n "$home_of" ] || [ "$kind" = login ]; then
    USER=root LOGNAME=root
    export USER LOGNAME
fi
[ "$kind" != login ] || [ -n "$dir" ] || cd -- "$HOME" 2>/dev/null || :

# A shell gets the words as they are, in place of a text.
case $kind:$# in
:*) ;;
login:0) set -- "${SHELL:-/bin/sh}" -l ;;
shell:0) set -- "${SHELL:-/bin/sh}" ;;
login:*) set -- "${SHELL:-/bin/sh}" -l -c '"$@"' sh "$@" ;;
shell:*) set -- "${SHELL:-/bin/sh}" -c '"$@"' sh "$@" ;;
esac
if [ "$uid" != 0 ] || [ -n "$group" ]; then
    command -v setpriv >/dev/null || fail "setpriv (util-linux) is not installed"
    set -- setpriv --reuid="$uid" --regid="$gid" --init-groups -- "$@"
fi
if [ -n "$background" ]; then
    "$@" &
    exit 0
fi
command -v "$1" >/dev/null || fail "$1: command not found"
exec "$@"
