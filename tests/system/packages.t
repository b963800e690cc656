#!/bin/bash
# Root inside is root enough for package managers, over the host's own system; the host stays as it was.
. "$SRCDIR/tests/lib.sh"

# A real package whose maintainer scripts add a user, own files, and ask for a daemon's directory.
mkdir -p pkg/DEBIAN pkg/usr/bin pkg/var/lib/kurungtest
cat >pkg/DEBIAN/control <<'X'
Package: kurungtest
Version: 1.0
Architecture: all
Maintainer: Nobody <nobody@example.org>
Depends: adduser
Description: a package that adds a user
X
cat >pkg/DEBIAN/postinst <<'X'
#!/bin/sh
set -e
adduser --system --group --home /var/lib/kurungtest --no-create-home kurungtest
chown -R kurungtest:kurungtest /var/lib/kurungtest
X
printf '#!/bin/sh\necho kurungtest runs as "$(id -un)"\n' >pkg/usr/bin/kurungtest
chmod 755 pkg/DEBIAN/postinst pkg/usr/bin/kurungtest
dpkg-deb --root-owner-group --build pkg kurungtest.deb >/dev/null
passwd_before=$(sha256sum /etc/passwd /etc/group /var/lib/dpkg/status)

kurung run -p build -- sh -c 'dpkg -i kurungtest.deb && kurungtest && stat -c %U:%G /var/lib/kurungtest && dpkg -s kurungtest && getent shadow kurungtest'
is "$status" 0 "dpkg -i of a package whose script adds a user" || diag "$out $errors"
like "$out" "kurungtest runs as root" "what it installed runs"
like "$out" "kurungtest:kurungtest" "its files belong to its user"
like "$out" "Status: install ok installed" "dpkg says that it is installed"

kurung run -p build -- sh -c 'apt-get install -y ./kurungtest.deb && kurungtest && apt-get purge -y kurungtest && ! test -e /usr/bin/kurungtest'
is "$status" 0 "apt-get install ./x.deb, and purge" || diag "$out $errors"

# One of the distribution's own.
if [ -n "$(find "${DEBS:-/nonexistent}" -name 'uuid-runtime*.deb' 2>/dev/null)" ]; then
    cp "$DEBS"/uuid-runtime*.deb .
    kurung run -p build -- sh -c 'userdel uuidd 2>/dev/null; dpkg -i ./uuid-runtime*.deb && id uuidd && dpkg -s uuid-runtime && uuidgen'
    is "$status" 0 "a package of the distribution, whose script adds a user" || diag "$out $errors"
    like "$out" "uid=[0-9]+.uuidd." "and the user is there"
else
    skip "a package of the distribution, whose script adds a user" "it was not downloaded (./check does it)"
fi

kurung run -p build -- sh -c 'useradd -m -u 1234 someone && su -s /bin/sh someone -c "id -u; touch ~/x" && stat -c %u /home/someone/x && userdel -r someone && ! id someone'
is "$status" 0 "useradd, su, userdel" || diag "$out $errors"
like "$out" "1234" "a user that was added can be become"
kurung run -p build -- sh -c 'groupadd -g 4321 thegroup && chgrp thegroup pkg && stat -c %G pkg && echo line >>/etc/passwd && sed -i "s/^line$/other/" /etc/passwd && tail -1 /etc/passwd'
is "$status:${out##*$'\n'}" "0:other" "groupadd, chgrp, and files of the system are written in place"

mkdir -p make && printf 'install:\n\tinstall -D -o 7 -g 8 -m 4755 tool $(DESTDIR)/usr/local/bin/tool\n' >make/Makefile
printf '#!/bin/sh\necho tool\n' >make/tool
kurung run -p build -- sh -c 'make -s -C make install && tool && stat -c "%u:%g %a" /usr/local/bin/tool'
is "$out" "tool
7:8 4755" "make install into /usr/local, with owner and mode"
# pip itself is not everywhere; what it needs is a system-wide site directory that can be written.
kurung run -p build -- python3 -c '
import site, os, sysconfig
d = sysconfig.get_paths()["purelib"]; os.makedirs(d, exist_ok=True)
open(d + "/kurungmod.py", "w").write("x = 5\n")
os.system("cd / && python3 -c \"import kurungmod; print(kurungmod.x)\"")'
is "$out" 5 "a module is installed system-wide"
mkdir wheel && printf 'from setuptools import setup\nsetup(name="kurungpip", version="1", py_modules=["kurungpip"])\n' >wheel/setup.py
echo 'y = 6' >wheel/kurungpip.py
if /usr/bin/python3 -m pip --version >/dev/null 2>&1 && /usr/bin/python3 -c 'import setuptools, wheel' 2>/dev/null; then
    kurung run -p build -- sh -c 'cd wheel && /usr/bin/python3 -m pip install --break-system-packages --no-build-isolation --no-index . && cd / && /usr/bin/python3 -c "import kurungpip; print(kurungpip.y)"'
    like "$out" "6$" "pip install, system-wide" || diag "$out $errors"
else
    skip "pip install, system-wide" "python3-pip, python3-setuptools and python3-wheel are not installed"
fi

# A PostgreSQL server insists on owning its data directory, with mode 0700, as a user that is not root.
pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
if [ -n "$pg" ]; then
    kurung run -p build -- sh -c "id postgres >/dev/null 2>&1 || useradd -r postgres
        mkdir -p /var/lib/pgtest && chown postgres: /var/lib/pgtest && cd /var/lib/pgtest
        setpriv --reuid=postgres --regid=postgres --clear-groups sh -c '$pg/initdb -D data -A trust >/dev/null && $pg/pg_ctl -s -w -D data -o \"-k /tmp\" -l log start && psql -h /tmp -Atc \"select 6*7\" postgres; $pg/pg_ctl -s -D data -m fast stop'"
    like "$out" "42" "a PostgreSQL server accepts its data directory and answers" || diag "$out $errors"
else
    skip "a PostgreSQL server accepts its data directory" "postgresql is not installed"
fi

kurung run -p build -- sh -c 'cat /etc/shadow | grep -c ":\*:"; stat -c %u:%g /etc/shadow'
isnt "${out%%$'\n'*}" 0 "shadow is there, with locked accounts"
is "$(sha256sum /etc/passwd /etc/group /var/lib/dpkg/status)" "$passwd_before" "the host's files are as before"
not_ok "no package came to the host" test -e /usr/bin/kurungtest
done_testing
