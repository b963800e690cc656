#!/bin/bash
# The profiles of tools, with registries that this file makes for itself in a network of its own: npm, pip, cargo, apt and git
# reach what they are configured to use, and nothing else.
. "$SRCDIR/tests/lib.sh"
export WEB=${WEB:-$PWD/web}
run_in_network '
    for name in npm pip cargo crates deb git go gem maven php proxy evil; do echo "$name.example A 60 198.51.100.10"; done >zone
    echo "nameserver 198.51.100.2" >resolv.conf
    mount --bind resolv.conf /etc/resolv.conf
    mkdir "$WEB" && : >empty
    [ ! -e /etc/apt/sources.list ] || mount --bind empty /etc/apt/sources.list
    mount -t tmpfs -o mode=0755 none /etc/apt/sources.list.d
    echo "deb [trusted=yes] http://deb.example/deb ./" >/etc/apt/sources.list.d/test.list
    mount -t tmpfs -o mode=0755 none /etc/apt/apt.conf.d
    in_internet ip addr add 198.51.100.10/32 dev lo
    serve names in_internet python3 "$SRCDIR/tests/tools/names.py" asked 198.51.100.2 zone
    serve web in_internet python3 -u -m http.server --bind 198.51.100.10 --directory "$WEB" 80 2>/dev/null'

# reaches PROFILE URL EXPECTED NAME: what curl says with a profile: 0, 6 (no such name), 7 (refused).
reaches() {
    kurung run -q -p "$1" -- curl -sSf -m 20 -o /dev/null "$2"
    is "$status" "$3" "$4" || diag "$errors"
}
echo hello >"$WEB/index.html"

# npm
mkdir -p package "$WEB/tarballs"
echo '{"name": "demo", "version": "1.0.0", "bin": {"demo": "demo.js"}}' >package/package.json
printf '#!/bin/sh\necho demo runs\n' >package/demo.js
tar -czf "$WEB/tarballs/demo.tgz" package
echo '{"name": "demo", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"name": "demo", "version": "1.0.0",
    "bin": {"demo": "demo.js"}, "dist": {"tarball": "http://npm.example/tarballs/demo.tgz"}}}}' >"$WEB/demo"
printf 'registry=http://user:sesame@npm.example/\n' >"$HOME/.npmrc"
printf 'registry=http://evil.example/\n@x:registry=http://npm.example/\n' >.npmrc
kurung run -p npm --dry-run -v -- true
like "$out" $'\nnet-allow-from npm npm.example:80/tcp ~/.npmrc\n' "--dry-run shows what came of AllowFrom=npm"
like "$out" "notice AllowFrom=npm: ignored a host in ~/project/.npmrc: 'evil.example:80/tcp' is not in your own configuration. To allow it" \
    "a host that only the project names is left out, and said to be"
unlike "$out$errors" sesame "no password is in the plan"

# A profile of the project that is trusted brings what the project's configuration named when it was trusted.
printf '[Profile]\nExtends=npm\n' >team.ini
kurung run -p ./team.ini --dry-run -v -- true
like "$status:$errors" "^125:.*team.ini:2: a profile inside the project" "a profile of the project can't take a tool's network by itself"
kurung profile trust team.ini
like "$status:$errors" "^0:.*this also trusts a host that '~/project/.npmrc' names: AllowFrom=npm allows evil.example:80/tcp" \
    "with a profile is trusted what the project's configuration names, and it is said"
kurung run -p ./team.ini --dry-run -v -- true
like "$out" $'\nnet-allow-from npm evil.example:80/tcp ~/project/.npmrc \(trusted\)\n' "--dry-run shows what trust brought"
reaches ./team.ini http://evil.example/ 0 "and it is reached"
reaches npm http://evil.example/ 6 "but not with a profile that came with kurung"
echo 'registry=http://git.example/' >.npmrc
kurung run -p ./team.ini --dry-run -v -- true
like "$out" "'git.example:80/tcp' is not in your own configuration, and was not there when you trusted the profile" \
    "what the project names since is left out"
unlike "$out" "net-allow git.example" "  and not allowed"
kurung profile trust --json
ok "the list has the hosts" jq -e '.[0].hosts | contains(["npm evil.example:80/tcp"])' "$HOME/.out"
kurung profile untrust team.ini
rm .npmrc team.ini
reaches npm http://npm.example/ 0 "npm's registry is reached"
reaches npm http://evil.example/ 6 "and no other host"
reaches npm http://198.51.100.10/ 7 "and no address"
if command -v npm >/dev/null; then
    kurung run -p npm -- sh -c 'npm install --no-audit --no-fund --no-update-notifier demo && ./node_modules/.bin/demo'
    is "$status" 0 "npm install from the configured registry" || diag "$out $errors"
    like "$out" "demo runs" "and what was installed runs"
    unlike "$errors" "refused" "and nothing else was tried"
else
    skip "npm install from the configured registry" "npm is not installed"
fi

# pip
mkdir -p wheel/demo "$WEB/simple/demo" wheel/demo-1.0.dist-info "$HOME/.config/pip"
echo 'print("demo runs")' >wheel/demo/__init__.py
printf 'Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n' >wheel/demo-1.0.dist-info/METADATA
printf 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n' >wheel/demo-1.0.dist-info/WHEEL
printf 'demo/__init__.py,,\ndemo-1.0.dist-info/METADATA,,\ndemo-1.0.dist-info/WHEEL,,\ndemo-1.0.dist-info/RECORD,,\n' >wheel/demo-1.0.dist-info/RECORD
(cd wheel && python3 -m zipfile -c "$WEB/simple/demo/demo-1.0-py3-none-any.whl" demo demo-1.0.dist-info)
printf '[global]\nindex-url = http://user:sesame@pip.example/simple\n' >"$HOME/.config/pip/pip.conf"
printf -- '--index-url http://evil.example/simple\ndemo\n' >requirements.txt
reaches pip http://pip.example/ 0 "pip's index is reached"
reaches pip http://evil.example/ 6 "and not what only the project names"
if python3 -m pip --version >/dev/null 2>&1; then
    kurung run -q -p pip --env=PIP_TRUSTED_HOST=pip.example --env=PIP_NO_CACHE_DIR=1 -- sh -c \
        'python3 -m pip install --disable-pip-version-check demo && python3 -c "import demo"'
    is "$status" 0 "pip install from the configured index, also where the distribution manages the system's packages" || diag "$out $errors"
    unlike "$errors" "as the 'root' user" "  without a warning about root, who is not your root"
    like "$out" "demo runs" "and what was installed runs"
    unlike "$(kurung run -p pip --dry-run -v -- true; echo "$out$errors")" sesame "no password is in the plan"
else
    skip "pip install from the configured index" "pip is not installed"
fi

# apt
mkdir -p pkg/DEBIAN pkg/usr/bin "$WEB/deb"
printf 'Package: kurungdemo\nVersion: 1\nArchitecture: all\nMaintainer: N <n@example.org>\nDescription: x\n' >pkg/DEBIAN/control
printf '#!/bin/sh\necho demo runs\n' >pkg/usr/bin/kurungdemo
chmod 755 pkg/usr/bin/kurungdemo
dpkg-deb --root-owner-group --build pkg "$WEB/deb/kurungdemo.deb" >/dev/null
(cd "$WEB/deb" && { cat "$OLDPWD/pkg/DEBIAN/control"; printf 'Filename: ./kurungdemo.deb\nSize: %s\nSHA256: %s\n\n' \
    "$(stat -c %s kurungdemo.deb)" "$(sha256sum kurungdemo.deb | cut -d' ' -f1)"; } >Packages)
reaches apt http://deb.example/ 0 "apt's source is reached"
reaches apt http://evil.example/ 6 "and no other host"
# In this network there are no subordinate ids, so that apt can't become another user and dpkg can't chown (packages.t does).
kurung run -q -p apt -- sh -c 'apt="apt-get -qq -o APT::Sandbox::User=root"
    cd /tmp && $apt update && $apt download kurungdemo && dpkg-deb -x kurungdemo*.deb x && x/usr/bin/kurungdemo'
is "$status" 0 "apt-get update and download from the configured source" || diag "$out $errors"
like "$out" "demo runs" "and what was downloaded runs"

# cargo: the system's, or $CARGO of a toolchain elsewhere, which is shown inside then. Not one of rustup's, which is at home.
cargo=$(realpath -e "$(command -v "${CARGO:-cargo}")" 2>/dev/null)
tools=${cargo%/bin/*}
shown=()
[ "$tools" = /usr ] || shown=(--read-only="$tools" --env=PATH="$tools/bin:/usr/bin:/bin")
if [ -n "$cargo" ] && command -v cc >/dev/null && "$cargo" --version >/dev/null 2>&1 && "$tools/bin/rustc" --version >/dev/null 2>&1; then
    mkdir -p demo-1.0.0/src "$WEB/index/de/mo" "$WEB/dl/demo/1.0.0" app/src app/.cargo "$HOME/.cargo/bin"
    ln -s "$cargo" "$HOME/.cargo/bin/cargo"
    kurung run -p cargo --dry-run -v -- true
    like "$out" $'\nnet-allow-from cargo (index.crates.io|github.com):443/tcp ' "cargo says what its own registry is, without a network"
    printf '[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2021"\n' >demo-1.0.0/Cargo.toml
    echo 'pub fn says() -> &'"'static"' str { "demo runs" }' >demo-1.0.0/src/lib.rs
    tar -czf "$WEB/dl/demo/1.0.0/download" demo-1.0.0
    echo '{"dl": "http://crates.example/dl"}' >"$WEB/index/config.json"
    printf '{"name":"demo","vers":"1.0.0","deps":[],"cksum":"%s","features":{},"yanked":false}\n' \
        "$(sha256sum "$WEB/dl/demo/1.0.0/download" | cut -d' ' -f1)" >"$WEB/index/de/mo/demo"
    registry=sparse+http://cargo.example/index/
    # Before 1.68 an index is a repository of git. Python's server has its files only, which the program git can fetch.
    if [[ $("$cargo" --version) =~ ^cargo\ 1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -lt 68 ]; then
        registry=http://cargo.example/index.git
        (cd "$WEB/index" && git init -q . && git add . && git -c user.name=n -c user.email=n@example.org commit -q -m first)
        git clone -q --bare "$WEB/index" "$WEB/index.git" && git -C "$WEB/index.git" update-server-info
    fi
    printf '[net]\ngit-fetch-with-cli = true\n[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = "%s"\n' "$registry" \
        >"$HOME/.cargo/config.toml"
    printf '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\ndemo = "1"\n' >app/Cargo.toml
    echo 'fn main() { println!("{}", demo::says()) }' >app/src/main.rs
    printf '[registries.evil]\nindex = "sparse+http://evil.example/"\n' >app/.cargo/config.toml
    cd app || exit 1
    build=(run -p cargo --read-only="$HOME/.cargo/config.toml" "${shown[@]}" -- sh -c 'cargo build --quiet && target/debug/app')
    kurung "${build[@]}"
    isnt "$status" 0 "cargo build, whose index names a host for the crates that nobody knows yet"
    like "$errors" "refused name crates.example " "  and that host is refused" || diag "$out $errors"
    unlike "$errors" "refused name cargo.example" "  but not the index"
    like "$(PATH=$tools/bin:$PATH cargo fetch 2>&1)" "Downloaded demo" "cargo outside used the index once"
    kurung run -p cargo --dry-run -v -- true
    like "$out" $'\nnet-allow-from cargo crates.example:80/tcp ~/.cargo/registry/index/cargo.example-[0-9a-f]*(/config.json)?\n' \
        "and what it kept of it names the host"
    like "$out" "'evil.example:80/tcp' is not in your own configuration" "the project's registry is left out"
    kurung "${build[@]}"
    is "$status" 0 "cargo build from the configured registry" || diag "$out $errors"
    like "$out" "demo runs" "and what was built runs"
    unlike "$errors" refused "and nothing else was tried"
    not_ok "and it was caught" [ -e target ]
    reaches cargo http://evil.example/ 6 "and no other host"
    cd .. || exit 1
    rm -rf app demo-1.0.0
else
    skip "cargo build from the configured registry" "no cargo with its rustc and a C compiler is there (\$CARGO may name one)"
fi

# go, gem, maven, composer and gradle, whose programs are stand-ins: each fetches what its configuration names.
mkdir -p "$HOME/.local/bin" "$HOME/.m2" "$HOME/.config/composer"
stand_in() { printf '#!/bin/sh\nexec curl -sSf -m 20 %s\n' "$2" >"$HOME/.local/bin/$1" && chmod +x "$HOME/.local/bin/$1"; }
PATH=$HOME/.local/bin:$PATH
export GOPROXY=http://user:sesame@go.example,direct
stand_in go '"${GOPROXY%%,*}/"'
kurung go build ./...
is "$status:$out" 0:hello "kurung go: the configured module proxy is reached" || diag "$errors"
unlike "$("$KURUNG" run -p go --dry-run -v -- true 2>&1)" sesame "no password is in the plan"
reaches go http://evil.example/ 6 "and no other host"
unset GOPROXY
printf -- '---\n:sources:\n- http://gem.example\n' >"$HOME/.gemrc"
printf 'GEM\n  remote: http://evil.example/\n' >Gemfile.lock
stand_in bundle http://gem.example/
kurung bundle install
is "$status:$out" 0:hello "kurung bundle: the configured source is reached" || diag "$errors"
reaches gem http://evil.example/ 6 "and not what only the project names"
like "$errors$("$KURUNG" run -p gem -- true 2>&1)" "ignored a host in ~/project/Gemfile.lock: 'evil.example:80/tcp'" "which is said"
echo '<settings><mirrors><mirror><mirrorOf>*</mirrorOf><url>http://maven.example/m2</url></mirror></mirrors></settings>' >"$HOME/.m2/settings.xml"
stand_in mvn http://maven.example/
kurung maven package
is "$status:$out" 0:hello "kurung maven: the configured mirror is reached" || diag "$errors"
reaches maven http://evil.example/ 6 "and no other host"
echo '{"repositories": [{"type": "composer", "url": "http://php.example"}, {"packagist": false}]}' >"$HOME/.config/composer/config.json"
stand_in composer http://php.example/
kurung composer install
is "$status:$out" 0:hello "kurung composer: the configured repository is reached" || diag "$errors"
reaches composer http://evil.example/ 6 "and no other host"
reaches gradle http://maven.example/ 6 "gradle reaches nothing by itself"
kurung run -q -p gradle --allow=maven.example -- curl -sSf -m 20 http://maven.example/
is "$status:$out" 0:hello "but what is allowed"
http_proxy=http://user:sesame@proxy.example:80 kurung run -q --allow-from=proxy -- \
    sh -c 'echo "$http_proxy"; curl --noproxy "*" -sSf -m 20 http://proxy.example/; curl --noproxy "*" -sSf -m 20 -o /dev/null http://evil.example/'
is "$status:$out" $'6:http://proxy.example:80\nhello' "the proxy of the environment is reached, and is all that is" || diag "$errors"
rm -r Gemfile.lock "$HOME/.gemrc" "$HOME/.local/bin"

# git
git init -q --bare "$WEB/repo.git"
git -c user.name=n -c user.email=n@example.org init -q work
(cd work && git -c user.name=n -c user.email=n@example.org commit -q --allow-empty -m first && git push -q "$WEB/repo.git" HEAD:refs/heads/master)
git -C "$WEB/repo.git" update-server-info
git init -q .
git remote add origin http://git.example/repo.git
kurung run -p git --dry-run -v -- true
like "$out" "notice AllowFrom=git: ignored a host in ~/project/.git/config: 'git.example:80/tcp'" "a remote that no configuration of yours knows is left out"
reaches git http://git.example/ 6 "and not reached"
printf '[credential "http://git.example"]\n\thelper = store\n' >"$HOME/.gitconfig"
kurung run -q -p git -- git -c safe.directory='*' fetch origin master
is "$status" 0 "git fetch from a remote whose host your configuration knows" || diag "$out $errors"
reaches git http://evil.example/ 6 "and no other host"
ok "build stays offline" test "$("$KURUNG" run -q -p build -- sh -c 'ls /sys/class/net')" = lo
done_testing
