#!/bin/bash
# Attacks 67 and 68: hostile archives of images. Each is refused with one line and leaves nothing in the store.
. "$SRCDIR/tests/escape/lib.sh"
store=$HOME/.local/share/kurung/images

make() { /usr/bin/python3 "$SRCDIR/tests/tools/images.py" plain "$HOME/evil.tar" <<<"{\"layers\":[[$1]]${2:+,$2}}"; }

# hostile NAME DEFENCE[,DEFENCE...] PATTERN PROOF ENTRIES [MORE [OPTION...]]: the archive is refused with a line like PATTERN and PROOF
# fails; by each defence alone; without all of them PROOF succeeds.
hostile() {
    local name=$1 off=$2 pattern=$3 proof=$4 got
    make "$5" "${6:-}"
    got=$("$KURUNG" image import "${@:7}" "$HOME/evil.tar" evil 2>&1)
    is "$?:$(wc -l <<<"$got")" 125:1 "$name is refused with one line" || diag "$got"
    like "$got" "$pattern" "$name: the reason"
    not_ok "$name: nothing happened" eval "$proof"
    is "$(find "$store/tmp" "$store/layers" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" 0 "$name: nothing is left"
    for one in ${off//,/ }; do
        [[ $off == *,* ]] || break
        KURUNG_DEFENCE_OFF=$(tr , '\n' <<<"$off" | grep -vx -e "$one" | paste -sd,) "$KURUNG_UNDEFENDED" image import "${@:7}" "$HOME/evil.tar" evil >/dev/null 2>&1
        not_ok "$name: held by $one alone" eval "$proof"
        "$KURUNG" image rm evil >/dev/null 2>&1
    done
    KURUNG_DEFENCE_OFF=$off "$KURUNG_UNDEFENDED" image import "${@:7}" "$HOME/evil.tar" evil >/dev/null 2>&1
    ok "$name: succeeds without ($off)" eval "$proof"
    "$KURUNG" image rm evil >/dev/null 2>&1
    "$KURUNG" image prune >/dev/null 2>&1
}

mkdir "$HOME/target"
echo secret >"$HOME/target/secret"
hostile "67 .. out of the root" beneath,confine 'refused the archive: .* leads out of its root' \
    "[ -e '$store/pwned' ]" '{"path":"../../../../pwned","data":"x"}'
rm -f "$store/pwned"
hostile "67 .. within a name" beneath,confine 'leads out of its root' \
    "[ -e '$store/pwned' ]" '{"path":"a","type":"dir"},{"path":"a/../../../../../pwned","data":"x"}'
hostile "67 a file through a link" beneath,confine 'is below a file, or below a symbolic link|leads through a symbolic link' \
    "[ -e '$HOME/target/pwned' ]" "{\"path\":\"l\",\"type\":\"link\",\"target\":\"$HOME/target\"},{\"path\":\"l/pwned\",\"data\":\"x\"}"
hostile "67 a hard link through a link" beneath,confine 'is a hard link to no file of its layer' \
    "[ \"\$(stat -c %h '$HOME/target/secret')\" -gt 1 ]" \
    '{"path":"l","type":"link","target":"../../../../../../../../target"},{"path":"h","type":"hard","target":"l/secret"}'
hostile "67 attributes of an overlay" marks 'has an attribute of an overlay' \
    "'$KURUNG' image show evil" '{"path":"d","type":"dir","xattrs":{"user.overlay.redirect":"/etc"}}'
for key in user.overlay.opaque user.overlay.metacopy trusted.overlay.opaque user.fuseoverlayfs.origin; do
    make "{\"path\":\"d\",\"type\":\"dir\",\"xattrs\":{\"$key\":\"y\"}}"
    like "$("$KURUNG" image import "$HOME/evil.tar" evil 2>&1)" 'has an attribute of an overlay' "67 $key is refused"
done

# What is refused or left out, whatever is off.
only() { # NAME PATTERN ENTRIES
    make "$3"
    like "$("$KURUNG" image import "$HOME/evil.tar" evil 2>&1)" "$2" "$1"
}
only "67 an absolute name" 'is an absolute path' '{"path":"//etc/x","data":"x"}'
only "67 a hard link to a file of the host" 'is an absolute path' '{"path":"h","type":"hard","target":"/etc/passwd"}'
only "67 a hard link out of the root" 'leads out of its root' '{"path":"h","type":"hard","target":"../../../../../../../etc/passwd"}'
only "67 a directory and a file of one name" 'is a directory and something else' '{"path":"d","type":"dir"},{"path":"d","data":"x"}'
only "67 a file as the root" 'is the root, and no directory' '{"path":"a"},{"path":"./.","data":"x"}'
only "67 a mark of nothing" 'malformed mark' '{"path":"d/.wh."}'
only "67 a mark of the parent" 'malformed mark' '{"path":"d/.wh..."}'
only "67 a file below a mark" 'below a mark' '{"path":".wh.d/x","data":"x"}'
only "67 a name that is too long" 'is too long' "{\"path\":\"$(printf 'x%.0s' {1..300})\",\"data\":\"x\"}"
only "67 an owner that is not mapped" 'are not mapped' '{"path":"f","uid":4000000000}'
only "67 devices are left out, with one notice" 'left out 3 devices' \
    '{"path":"dev","type":"dir"},{"path":"dev/a","type":"char","device":[8,0]},{"path":"dev/b","type":"char","device":[1,3]},{"path":"w","type":"char","device":[0,0]}'
layer=$(echo "$store"/layers/*/fs)
is "$(find "$layer" -type c -o -type b | wc -l)" 0 "67 also one that looks like a mark of overlayfs"
only "67 modes and owners" 'evil:latest: 1 layers' '{"path":"s","data":"x","mode":2541,"uid":7,"gid":8},{"path":"g","type":"dir","mode":1517},{"path":"g/f","data":"x"}'
# A set-user-ID file in the store belongs to an id of the image; the store is closed to other users.
is "$("$KURUNG" run -q --root=image:evil --run-as=root --read-only=/bin/busybox:/busybox -- /busybox stat -c '%a %u:%g' /s /g/f 2>&1 | paste -sd' ')" "4755 7:8 644 0:0" "67 are those of the archive"
not_ok "67 the store cannot be seen from a sandbox" "$KURUNG" run -q --home=host -- ls "$store/layers"
refused_share=$("$KURUNG" run -q --read-write="$HOME/.local" -- sh -c "echo x >'$store/index'" 2>&1)
isnt "$refused_share" "" "67 nor written by one that shares the directory above"
ok "67 the names are intact" "$KURUNG" image show evil
"$KURUNG" image rm evil

# Lies about hashes.
for lie in blob diff size config; do
    rm -rf "$HOME/lie"
    /usr/bin/python3 "$SRCDIR/tests/tools/images.py" oci "$HOME/lie" <<<"{\"layers\":[[{\"path\":\"a\",\"data\":\"$lie\"}]],\"compression\":\"gzip\",\"forge\":[\"$lie\"]}"
    like "$("$KURUNG" image import "$HOME/lie" evil 2>&1)" 'damaged or forged|instead of|malformed' "67 a source that lies about the $lie"
done
# A layer of another image keeps its content: its hash is computed outside of the process that unpacks.
/usr/bin/python3 "$SRCDIR/tests/tools/images.py" oci "$HOME/good" <<<'{"layers":[[{"path":"a","data":"good"}]]}'
"$KURUNG" image import "$HOME/good" good >/dev/null
cp -r "$HOME/good" "$HOME/bad"
sed -i 's/good/evil/' "$HOME"/bad/blobs/sha256/"$("$KURUNG" image show good | jq -r '.layers[0].blob')"
"$KURUNG" image import "$HOME/bad" bad >/dev/null 2>&1
is "$(cat "$store"/layers/*/fs/a)" good "67 an archive cannot replace a layer of another image"
"$KURUNG" image rm good bad >/dev/null 2>&1
"$KURUNG" image prune >/dev/null

# 68: sizes.
hostile "68 sparse terabytes" limits 'files have more than' "'$KURUNG' image show evil" '{"path":"big","size":8796093022208}'
hostile "68 many entries" limits 'more than 1000 entries' "'$KURUNG' image show evil" '{"repeat":2000,"path":"f%d"}' '' --max-entries=1000
hostile "68 a compression bomb" limits 'more than 10485760 bytes' "'$KURUNG' image show evil" \
    "{\"repeat\":24,\"path\":\"f%d\",\"data\":\"$(head -c 1000000 /dev/zero | tr '\0' 0)\"}" '"compression":"xz"' --max-size=10M
head -c 30000000 /dev/zero | xz >"$HOME/zeros.xz"
like "$("$KURUNG" image import "$HOME/zeros.xz" evil 2>&1)" 'Unrecognized archive format|is empty|cannot read' "68 a bomb that holds no archive"
/usr/bin/python3 "$SRCDIR/tests/tools/images.py" docker "$HOME/outer.tar.gz" <<<"{\"layers\":[[{\"repeat\":24,\"path\":\"f%d\",\"data\":\"$(head -c 1000000 /dev/zero | tr '\0' 0)\"}]],\"outer\":\"gzip\"}"
like "$("$KURUNG" image import --max-size=10M "$HOME/outer.tar.gz" evil 2>&1)" 'more than 10485760 bytes' "68 an archive in a bomb"

# An import that is killed leaves nothing that counts.
/usr/bin/python3 "$SRCDIR/tests/tools/images.py" docker "$HOME/two.tar" <<<'{"layers":[[{"path":"a","data":"1","uid":5}],[{"path":"b","data":"2"}]]}'
for point in image-layer image-layer:2 image-layers; do
    KURUNG_FAILPOINT=$point "$KURUNG_UNDEFENDED" image import "$HOME/two.tar" two >/dev/null 2>&1
    is "$?" 137 "68 an import is killed at $point"
    not_ok "68 its image does not exist" "$KURUNG" image show two
    ok "68 the next one succeeds" "$KURUNG" image import "$HOME/two.tar" two
    is "$(ls "$store/tmp" | wc -l)" 0 "68 and removes what the killed one left"
    "$KURUNG" image rm two
    is "$(ls "$store/layers" | wc -l)" 0 "68 rm removes all of it"
done
done_testing
