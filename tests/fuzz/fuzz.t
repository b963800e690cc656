#!/bin/bash
# Each fuzz target runs for some seconds, from small inputs of the real thing.
: "${FUZZERS:?directory of the fuzz targets}" "${SRCDIR:?}"
work=$(mktemp -d /var/tmp/kurung-fuzz.XXXXXX)
seconds=${FUZZ_SECONDS:-6}
mkdir "$work"/{profile,options,bwrap,mountinfo,subid,net-rule,net-name,dns,sni,frames,slirp,upper,directories,record,live,spec,view,image}
export FUZZ_PLACE=$work
cp "$SRCDIR"/profiles/*.ini "$work/profile"
printf 'run\0--work-dir=ro\0-p\0build\0-eA=b\0--\0make' >"$work/options/1"
# Command lines as fuzz-bwrap.c reads them, and all options, each by itself.
printf -- '--unshare-all\0--ro-bind\0/\0/\0--proc\0/proc\0--dev\0/dev\0--args\0005\0sh\0\0--perms\0000600\0--file\0007\0/a\0--tmpfs\0/t' >"$work/bwrap/1"
printf -- '--overlay-src\0/a\0--overlay-src\0/b\0--ro-overlay\0/o\0--size\00010\0--tmpfs\0/t\0--\0sh' >"$work/bwrap/2"
for option in $(grep -oE '"--[a-z0-9-]+"' "$SRCDIR/src/front/bwrap_options.c" | tr -d '"'); do
    printf '%s\0007\0/b\0/c\0sh' "$option" >"$work/bwrap/$option"
done
cp /proc/self/mountinfo "$work/mountinfo/1"
printf 'user:100000:65536\n1000:1:1\n' >"$work/subid/1"
printf '*.example.org:80-90/tcp' >"$work/net-rule/1"
printf '[2001:db8::/32]:443' >"$work/net-rule/2"
printf '127.0.0.1:8080:80/udp' >"$work/net-rule/3"
printf 'a.b\n*.b\nB.a\n--\nx.b\na.b.\n' >"$work/net-name/1"
printf '\x12\x34\x01\0\0\1\0\0\0\0\0\0\4good\7example\0\0\1\0\1' >"$work/dns/1"
printf '\x16\3\1\0\5\1\0\0\1\3' >"$work/sni/1"
# Frames as tests/fuzz/frames.h reads them: flags, a length, the bytes; all is repaired but the destination.
# shellcheck disable=SC2059 # the bytes are no format
for kind in frames slirp; do
    for dest in '\xc6\x33\x64\x02' '\x7f\0\0\1' '\x0a\0\2\2'; do
        # shellcheck disable=SC2059 # bytes
        printf '\xff\0\x36\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45\0\0\x28\0\1\0\0\x40\6\0\0\x0a\0\2\x64'\"$dest\"'\xf\xa0\0\x50\0\0\0\1\0\0\0\0\x50\2\xff\xff\0\0\0\0' >>"$work/$kind/1"
        # shellcheck disable=SC2059 # bytes
        printf '\xff\0\x2c\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45\0\0\x1e\0\1\0\0\x40\x11\0\0\x0a\0\2\x64'\"$dest\"'\xf\xa0\0\x50\0\xa\0\0hi' >>"$work/$kind/2"
    done
done
n=0
seq 1 300 | tr -d '\n' >"$work/upper/1"
for old in 0.1 0.2pre; do
    sed "s/\"host_uid\":1000/\"host_uid\":$(id -u)/" "$SRCDIR/tests/unit/records/kept-$old.json" >"$work/record/$old"
done
{
    printf 'kurung-kept 4\nstarted 1\nstarted-ns 1\nended 1\nexit-code 0\nargv a\nargv \\x0a\ncwd /a\nwork-dir /a\nspec Filesystem.WorkDir=rw\n'
    printf 'uid 0\ngid 0\nhost-uid %s\nhost-gid 1\nmap-by-helpers 0\n' "$(id -u)"
    for map in uid-map uid-map gid-map; do printf "$map.%s 1\n" inside outside count; done
    for engine in kernel fuse; do printf 'layer.engine %s\nlayer.name 3\nlayer.dest /a\nlayer.lower /a\nlayer.project 1\nlayer.covered /a/b\n' "$engine"; done
    printf 'layer.engine scratch\nlayer.name 4\nlayer.dest /b\nlayer.project 0\nend\n'
} >"$work/record/text"
{
    printf 'kurung-directories 1\ncomplete 1\n'
    for path in / '/a/b\x0a'; do
        for field in layer inode born mode attributes; do echo "directory.$field 9"; done
        printf 'directory.state same\ndirectory.path %s\n' "$path"
    done
    echo end
} >"$work/directories/1"
{
    printf 'kurung-sandbox 2\n'
    for field in supervisor supervisor-started init started started-ns user cgroup-ns ipc uts net pid mnt payload-user; do echo "$field 9"; done
    printf 'kept 0\nfilter 1234\nwork-dir /w\nhost-uid %s\n' "$(id -u)"
    for field in host-gid uid gid map-by-helpers namespaces payload-userns network foreign-root; do echo "$field 1"; done
    printf 'cwd /a\\x0ab\n'
    for field in cgroup-kind weak-tasks-max disk-max first-to-die capabilities no-new-privileges seccomp host-writable landlock-scope; do echo "$field 1"; done
    printf 'argv sh\nargv -c\nenv A=b\nspec Filesystem.WorkDir=rw\nplan uid 0\n'
} >"$work/live/1"
sed '1s/2/3/; $a end' "$work/live/1" >"$work/live/2"
printf 'Filesystem.WorkDir=rw\0Filesystem.Hide=/a\0~Resources.MemoryMax=75%%\0Network.Allow=*.a.org:443\0Environment.Set=A=b' >"$work/spec/1"
printf 'Identity.RunAs=5:6\0Resources.IOReadBandwidthMax=/ 5M\0Network.Publish=127.0.0.1:1:2/udp\0Security.Capabilities=CAP_NET_RAW' >"$work/spec/2"
# Requests as fuzz-view.c reads them: a kind, a node, a length, arguments. Look up "through", "a", "file"; open; list.
printf '\0\0\10through\0\0\1\2a\0\0\2\5file\0\4\3\0\5\3\0\7\2\0\11\2\40\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0' >"$work/view/1"
printf '\0\0\7direct\0\0\1\2a\0\14\2\34\377\0\0\0\0\0\0\0user.overlay.redirect' >"$work/view/2"
# Of the two halves: look up "rest", "usr", "share", "file"; open; read. "programs", "usr", "bin", "file": ask for its data; list.
printf '\0\0\5rest\0\0\1\4usr\0\0\2\6share\0\0\3\5file\0\4\4\0\5\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0\11\2\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0' >"$work/view/3"
printf '\0\0\11programs\0\0\1\4usr\0\0\2\4bin\0\0\3\5file\0\14\4\34\377\0\0\0\0\0\0\0user.overlay.redirect\10\2\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0\0' >"$work/view/4"
# As fuzz-image.c reads them: a kind and the text, the layer or the archive.
zeros=$(printf '0%.0s' {1..64})
printf '\0{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":3,"platform":{"architecture":"amd64","os":"linux"}}]}' "$zeros" >"$work/image/index"
printf '\1[{"Config":"%s.json","RepoTags":["a:b"],"Layers":["%s.tar"]}]' "$zeros" "$zeros" >"$work/image/docker"
printf '\2{"architecture":"amd64","os":"linux","config":{"User":"a:b","Env":["A=b"],"Cmd":["x"],"WorkingDir":"/a","ExposedPorts":{"80/tcp":{}}},"rootfs":{"diff_ids":["sha256:%s"]}}' "$zeros" >"$work/image/config"
printf '\3{"config":{"digest":"sha256:%s"},"layers":[{"mediaType":"a.tar","digest":"sha256:%s","size":1}]}' "$zeros" "$zeros" >"$work/image/manifest"
printf '\4kurung-image 1\nenv A=b\nlayer.size 1\nlayer.offset 2\nlayer.blob %s\nend\n' "$zeros" >"$work/image/record"
layer='{"layers":[[{"path":"d","type":"dir"},{"path":"d/f","data":"x","xattrs":{"user.a":"b"}},{"path":"l","type":"link","target":"d"},{"path":"h","type":"hard","target":"d/f"},{"path":"d/.wh.g"}]]}'
{ printf '\5' && python3 "$SRCDIR/tests/tools/images.py" plain /dev/stdout <<<"$layer"; } >"$work/image/layer"
{ printf '\5' && python3 "$SRCDIR/tests/tools/images.py" plain /dev/stdout <<<"${layer%\}},\"compression\":\"gzip\"}"; } >"$work/image/layer.gz"
{ printf '\6' && python3 "$SRCDIR/tests/tools/images.py" docker /dev/stdout <<<"$layer"; } >"$work/image/archive"
for target in profile options bwrap mountinfo subid net-rule net-name dns sni frames slirp upper directories record live spec view image; do
    n=$((n + 1))
    max=4096
    [ "$target" != image ] || max=32768
    if (cd "$work" && "$FUZZERS/fuzz-$target" -max_total_time="$seconds" -max_len="$max" -rss_limit_mb=2048 -print_final_stats=1 \
        "$target") >"$work/$target.log" 2>&1; then
        echo "ok $n - $target: $(awk '/number_of_executed_units/ { print $2 }' "$work/$target.log") inputs"
    else
        echo "not ok $n - $target"
        tail -40 "$work/$target.log" | sed 's/^/# /'
    fi
done
echo "1..$n"
rm -r "$work"
