#!/bin/bash
# Images as roots: import, run, the image's configuration, and what is over an image as it is over the host.
. "$SRCDIR/tests/lib.sh"

make_image() { /usr/bin/python3 "$SRCDIR/tests/tools/images.py" "$@"; } # KIND OUTPUT <DESCRIPTION
over() { run_in -q --root="image:$1" "${@:2}"; }
run_in() { "$KURUNG" run "$@" 2>&1 </dev/null; }
store=$HOME/.local/share/kurung/images

base='"busybox",{"path":"data","type":"dir"},{"path":"data/one","data":"1"},{"path":"data/two","data":"2","uid":33,"gid":34},{"path":"gone","type":"dir"},{"path":"gone/in","data":"x"}'
upper='{"path":"data/.wh.one"},{"path":"data/three","data":"3"},{"path":"gone","type":"dir"},{"path":"gone/.wh..wh..opq"},{"path":"gone/new","data":"new"}'
config='{"Env":["PATH=/bin","COLOUR=red"],"Entrypoint":["sh","-c"],"Cmd":["id; pwd; echo $COLOUR"],"WorkingDir":"/srv/app","User":"web","ExposedPorts":{"80/tcp":{}},"Labels":{"a":"b"}}'
about="{\"layers\":[[$base],[$upper]],\"config\":$config}"

# Import: each kind of source holds the same.
make_image docker "$HOME/docker.tar" <<<"$about"
make_image oci "$HOME/oci" <<<"${about%\}},\"compression\":\"gzip\"}"
make_image oci-tar "$HOME/oci.tar" <<<"$about"
make_image docker "$HOME/docker.tar.gz" <<<"${about%\}},\"outer\":\"gzip\"}"
like "$("$KURUNG" image import "$HOME/docker.tar" test 2>&1)" '^test:latest: 2 layers, 2 of them new, 3[0-9] files, 1.9 MiB$' "an archive of docker is imported"
like "$("$KURUNG" image import "$HOME/docker.tar" again:v2 2>&1)" '^again:v2: 2 layers, 0 of them new' "layers that are in the store are not unpacked again"
like "$("$KURUNG" image import "$HOME/oci.tar" reg.example.org:5000/a/b:1.0 2>&1)" ': 2 layers, 0 of them new' "an archive of an OCI layout has the same layers; the registry may have a port"
like "$("$KURUNG" image import "$HOME/oci" oci 2>&1)" '^oci:latest: 2 layers, 2 of them new' "an OCI layout with gzip is imported"
like "$("$KURUNG" image import - pipe < <(cat "$HOME/docker.tar.gz") 2>&1)" '^pipe:latest: 2 layers, 0 of them new' "a compressed archive comes through a pipe"
for how in xz zstd bz2; do
    make_image plain "$HOME/plain.tar" <<<"{\"layers\":[[$base]],\"compression\":\"$how\"}"
    like "$("$KURUNG" image import "$HOME/plain.tar" plain 2>&1)" '^plain:latest: 1 layers, 1 of them new' "a root file system with $how is imported"
    is "$(over plain --work-dir=hidden -- cat /data/one)" 1 "and runs"
done

# List, show.
is "$("$KURUNG" image list --json | jq -r '.[] | .name' | paste -sd' ')" "again:v2 oci:latest pipe:latest plain:latest reg.example.org:5000/a/b:1.0 test:latest" "list names all images, sorted"
like "$("$KURUNG" image list)" 'test:latest  *[0-9a-f]{12}  *2  *1.9 MiB  2020-01-02T03:04:05Z' "for people, too"
is "$("$KURUNG" image show test | jq -c '[.cmd[0], .working_dir, .user, .ports, .labels, .architecture]')" \
    '["id; pwd; echo $COLOUR","/srv/app","web",["80/tcp"],["a=b"],"amd64"]' "show prints the configuration"
is "$(stat -c %a "$store")" 700 "the store is closed to others"

# The configuration applies where the user says nothing.
is "$(over test | paste -sd' ')" "uid=33(web) gid=34(www) /srv/app red" "the image's own command runs as its user, in its directory, with its variables"
is "$(over test --run-as=self --env=COLOUR=blue -- sh -c 'id -u; pwd; echo $COLOUR' | paste -sd' ')" "$(id -u) $project blue" "a user and a variable on the command line count, and a command runs in the working directory"
is "$(over test --work-dir=hidden -- pwd)" /srv/app "unless that is hidden"
is "$(over test --run-as=root -- stat -c '%u:%g' /data/two /data | paste -sd' ')" "33:34 0:0" "root inside sees the owners of the image"
is "$(over test --run-as=root -- sh -c 'ls /data /gone' | paste -sd' ')" "/data: three two  /gone: new" "deletions of a layer hide files of those below"
is "$(over test --run-as=root -- sh -c 'echo x >/data/two; rm /data/three; chown 5:6 /data/two; stat -c %u:%g /data/two; ls /data' | paste -sd' ')" "5:6 two" "root inside changes files of the image"
is "$(over test --run-as=root -- sh -c 'cat /data/two /data/three')" 23 "but not those of the store"
is "$(over test --overlay=none --run-as=self -- sh -c 'ls /data; touch /data/x' 2>&1 | paste -sd' ')" "three two touch: /data/x: Read-only file system" "with Overlay=none the image is read-only"
is "$(over plain --overlay=none --work-dir=hidden -- sh -c 'ls -d /run /tmp "$HOME"; touch "$HOME"/x && echo home')" "$(printf '/run\n/tmp\n%s\nhome' "$HOME")" "and has a home, /run and /tmp that the image lacks"
is "$(run_in -q --root=oci:"$HOME/oci" -- cat /data/three)" 3 "an OCI layout is a root"
is "$(cd "$HOME" && run_in -q --work-dir=hidden --root=docker-archive:docker.tar -- cat /data/three)" 3 "an archive is one, by a relative path"
is "$(echo 'echo from a script' | "$KURUNG" shell -q --root=image:test 2>&1)" "from a script" "shell starts the image's shell"
printf '[Profile]\nExtends=default\n[Filesystem]\nRoot=image:test\n' >"$HOME/p.ini"
is "$(run_in -q -p "$HOME/p.ini" -- cat /data/three)" 3 "a profile names an image"
like "$(run_in --root=image:test --net=slirp -- true)" 'offers port 80 .--publish=127.0.0.1:8080:80' "exposed ports are a hint"
is "$(over plain --net=slirp --work-dir=hidden -- sh -c 'grep -c nameserver /etc/resolv.conf; grep -c localhost /etc/hosts' | paste -sd' ')" "1 2" "a network comes with the files that images leave out"
make_image plain "$HOME/link.tar" <<<'{"layers":[["busybox",{"path":"etc/resolv.conf","type":"link","target":"../run/systemd/resolve/stub"},{"path":"etc/hosts","type":"link","target":"hosts"}]]}'
"$KURUNG" image import "$HOME/link.tar" link >/dev/null
like "$(over link --net=slirp --work-dir=hidden -- cat /etc/resolv.conf)" "ELOOP|Too many levels" "a link that leads nowhere is an error"
make_image plain "$HOME/link.tar" <<<'{"layers":[["busybox",{"path":"etc/resolv.conf","type":"link","target":"../run/systemd/resolve/stub"}]]}'
"$KURUNG" image import "$HOME/link.tar" link >/dev/null
is "$(over link --net=slirp --work-dir=hidden -- cat /etc/resolv.conf /run/systemd/resolve/stub | sort -u | grep -c nameserver)" 1 "a link without a target gets one"
"$KURUNG" image rm link

# Over an image, all is as over the host.
echo mine >file
run_in -q --root=image:test --run-as=root --keep=k -- sh -c 'echo changed >file; echo new >/data/two; echo y >/data/four; rm -r /gone' >/dev/null
is "$("$KURUNG" diff k 2>/dev/null | tr -s " " | sort | paste -sd' ')" "A /data/four D /gone/ M /data/two M file" "diff shows changes of the image and of the project"
like "$("$KURUNG" diff -p k 2>/dev/null)" $'-2\n\\\\ No newline at end of file\n\\+new' "diff -p compares with the layer that has the file"
is "$(run_in -q --in k -- sh -c 'cat /data/two /data/four file' | paste -sd' ')" "new y changed" "the sandbox is resumed over the same image"
like "$("$KURUNG" apply k 2>&1)" "changes of the image's files are not applied" "apply leaves the changes of the image"
is "$(cat file)" changed "and applies those of the project"
is "$("$KURUNG" export k -o - 2>/dev/null | tar -tf - | grep data | sort | paste -sd' ')" "data/four data/two" "export packs them"
"$KURUNG" image import "$HOME/plain.tar" test >/dev/null
is "$(run_in -q --in k -- cat /data/two)" new "also after the name went to another image"
"$KURUNG" image rm test again:v2 pipe reg.example.org:5000/a/b:1.0 >/dev/null
is "$(run_in -q --in k -- cat /data/two /data/three | paste -sd' ')" "new 3" "and after the name was removed"
like "$("$KURUNG" image commit k made:1 2>&1)" '^made:1: 3 layers, a new one of' "commit makes an image of the changes"
is "$(over made:1 --run-as=root --work-dir=hidden -- sh -c 'cat /data/two /data/three /data/four; ls / | grep -c gone; stat -c %u /data/two' | paste -sd' ')" "new 3y 0 33" "with deletions and owners, over the layers of the other"
is "$("$KURUNG" image show made:1 | jq -r .working_dir)" /srv/app "and its configuration"
run_in -q --keep=host -- true
like "$("$KURUNG" image commit host x 2>&1)" "the root of the sandbox 'host' is not an image" "the root of a sandbox must be an image"
"$KURUNG" image rm made:1
"$KURUNG" discard k host

# Removal: what runs stays. Opened for both, the FIFO blocks nobody here.
mkfifo run.fifo
exec 8<>run.fifo
"$KURUNG" run -q --root=image:oci --work-dir=ro -- sh -c "read -r _ <$project/run.fifo; cat /data/three" >out 2>&1 </dev/null &
running=$!
image_runs() { "$KURUNG" ps --json | jq -e 'length == 1' >/dev/null; }
wait_for image_runs
"$KURUNG" image rm oci
echo >&8
wait "$running"
exec 8>&-
is "$(cat out)" 3 "an image that is removed while it runs stays until the end"
like "$("$KURUNG" image prune)" '^removed' "prune removes the rest"
is "$("$KURUNG" image list --json | jq -r '.[] | .name' | paste -sd' ')" "plain:latest" "rm removed the names"
is "$(ls "$store/layers" | wc -l)" 1 "and the layers that nothing needs"

# Several images in a source.
make_image oci "$HOME/two" <<<'{"layers":[["busybox"]],"tags":["a","b"]}'
refused() { # STATUS PATTERN NAME ARGS...
    local got
    got=$("$KURUNG" "${@:4}" 2>&1 </dev/null)
    is "$?" "$1" "$3: status" && like "$got" "$2" "$3" && is "$(wc -l <<<"$got")" 1 "$3: one line"
}
refused 125 'has 2 images: choose one by its tag' "a source with several images needs a tag" image import "$HOME/two" x
ok "which --tag gives" "$KURUNG" image import --tag=b "$HOME/two" x
is "$(run_in -q --root=oci:"$HOME/two":b -- echo b)" b "or the reference"
refused 125 "has no image named 'c'" "an unknown tag" image import --tag=c "$HOME/two" x
make_image oci "$HOME/many" <<<"{\"layers\":[[\"busybox\"]],\"platforms\":[\"s390x\",\"amd64\",\"arm64\"],\"architecture\":\"$(dpkg --print-architecture)\"}"
ok "an index of several platforms gives this machine's" "$KURUNG" image import "$HOME/many" x

# Errors.
refused 125 "no image 'nothing:latest'" "an unknown image" run --root=image:nothing -- true
refused 125 "not a valid name" "an invalid name" image import "$HOME/docker.tar" '../x'
refused 125 "image is image:NAME" "an invalid reference" run --root=image:UP/../x -- true
refused 125 "cannot open" "a file that does not exist" image import "$HOME/none" x
refused 125 "not an OCI image layout" "a directory without an index" image import "$project" x
refused 125 "Unrecognized archive format" "no archive" image import "$SRCDIR/README.md" x
truncate -s 3000 "$HOME/docker.tar"
refused 125 "Truncated|not where the archive says|no file|Damaged" "a truncated archive" image import "$HOME/docker.tar" x
is "$(ls "$store/tmp" | wc -l)" 0 "failed imports leave nothing"
done_testing
