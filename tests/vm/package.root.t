#!/bin/bash
# The Debian package, as its users have it: root installs it with apt and removes it, an ordinary user runs it.
. "$SRCDIR/tests/vm/lib.sh"
deb=$(echo "$SRCDIR"/package/kurung_*.deb)
[ -e "$deb" ] || { echo "1..0 # SKIP there is no package (tests/tools/make-deb)"; exit; }

# The machine's own kurung is out of the way, as this is the last file.
mv /usr/local /usr/local.aside
mkdir /usr/local
restore() { rmdir /usr/local && mv /usr/local.aside /usr/local; }
export PATH=/usr/bin:/bin:/usr/sbin:/sbin
home=/home/one
# as_one COMMANDS: in a new login session; sets out, errors and status.
as_one() {
    runuser --login one --command "PATH=/usr/bin:/bin; $1" >"$HOME/.out" 2>"$HOME/.err" </dev/null
    status=$?
    out=$(<"$HOME/.out") errors=$(<"$HOME/.err")
}
system_files() {
    find /etc /usr /opt /var/lib -xdev \( -path /var/lib/apt -o -path /usr/local.aside -o -name '*-old' -o -path /var/lib/systemd \) \
        -prune -o -print | sort
}
apt() { DEBIAN_FRONTEND=noninteractive apt-get -y "$@" >"$HOME/apt" 2>&1 || { diag "$(<"$HOME/apt")"; return 1; }; }
as_one 'kurung --version'
is "$status" 127 "before there is no kurung"
system_files >before

ok "apt installs it, with nothing else" apt install "$deb"
like "$(<"$HOME/apt")" "0 upgraded, 1 newly installed, 0 to remove" "as all dependencies are there"
is "$(dpkg --verify kurung | grep -v ' /usr/share/doc/')" "" "all files are there"
not_ok "no profile of AppArmor, whose version 3.0 would not read it" test -L /etc/apparmor.d/usr.bin.kurung

as_one 'kurung doctor'
is "$status" 0 "doctor is content" || diag "$out$errors"
unlike "$out" "view .*missing" "the view is found"
as_one 'cd && kurung run -- id -un'
is "$status:$out" "0:one" "an ordinary user runs a command"
as_one 'cd && mkdir -p p && cd p && kurung run -p build -- id -u'
is "$status:$out" "0:0" "and one as root of a sandbox"
as_one 'cd ~/p && kurung run --net=slirp -- true'
is "$status:$errors" "0:" "with a network, whose helper is found"
as_one 'cd ~/p && kurung run -q --keep=mine -- touch new && kurung diff mine'
is "$status:$out" "0:A  new" "changes are kept and shown"
as_one 'man -w kurung kurung-profile kurung-report'
is "$out" $'/usr/share/man/man1/kurung.1.gz\n/usr/share/man/man5/kurung-profile.5.gz\n/usr/share/man/man5/kurung-report.5.gz' "the manual is found"
as_one 'man kurung-profile | cat'
like "$out" "/usr/share/doc/kurung/profiles" "and says where the profiles are"
as_one 'bash --norc -c ". /usr/share/bash-completion/bash_completion; _completion_loader kurung; complete -p kurung
    COMP_WORDS=(kurung diff mi) COMP_CWORD=2 COMP_LINE=\"kurung diff mi\" COMP_POINT=14; _kurung; echo \"\${COMPREPLY[@]}\""'
is "$out" $'complete -F _kurung kurung\nmine' "bash completes, with the user's sandboxes"

# An AppArmor that knows user namespaces comes later, as by an upgrade of the system.
had=no
[ ! -d /etc/apparmor.d/abi ] || had=yes
mkdir -p /etc/apparmor.d/abi
touch /etc/apparmor.d/abi/4.0
dpkg-trigger --no-await --by-package=apparmor /etc/apparmor.d/abi/4.0 && dpkg --configure --pending >"$HOME/apt" 2>&1
is "$(readlink /etc/apparmor.d/usr.bin.kurung)" /usr/share/kurung/apparmor.profile "then the profile is there" || diag "$(<"$HOME/apt")"
ok "removed by apt" apt purge kurung
not_ok "and its profile with it" test -L /etc/apparmor.d/usr.bin.kurung
echo "# mine" >/etc/apparmor.d/usr.bin.kurung
ok "installed again" apt install "$deb"
is "$(</etc/apparmor.d/usr.bin.kurung)" "# mine" "the administrator's own profile stays"
ok "removed again" apt purge kurung
is "$(</etc/apparmor.d/usr.bin.kurung)" "# mine" "also then"
rm -r /etc/apparmor.d/usr.bin.kurung /etc/apparmor.d/abi/4.0
[ $had = yes ] || rmdir -p --ignore-fail-on-non-empty /etc/apparmor.d/abi

system_files >after
is "$(diff before after)" "" "afterwards nothing is left"
ok "but what the user keeps" test -d $home/.local/state/kurung
restore
as_one 'PATH=/usr/local/bin:$PATH; cd ~/p && kurung discard mine && cd && rmdir p'
is "$status" 0 "which another kurung finds" || diag "$errors"
done_testing
