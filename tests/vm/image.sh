# shellcheck shell=bash
# The test machine's image: a Debian 12 made of packages from where this machine gets its own. machine sources it.
# What the image depends on is in image_recipe; its hash names the image in the cache.

image_release=bookworm
image_here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

# The machine's own sources of that release, one line each, from what apt knows; nothing when it has none.
image_sources() {
    local key=/usr/share/keyrings/debian-archive-keyring.gpg options=
    [ ! -e "$key" ] || options="[signed-by=$key] "
    apt-get indextargets --format '$(ORIGIN) $(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)' |
        awk -v release="$image_release" -v options="$options" \
            '$1 == "Debian" && $2 == "Packages" && ($4 == release || index($4, release "-") == 1) {
                print "deb " options $3, $4, $5 }' | sort -u
}

image_packages() {
    { sed 's/#.*//' "$image_here/packages" && echo "${test_packages[*]}"; } | tr -s ' ' '\n' | sed '/^$/d' | sort -u
}

# All that decides what is in the image. The function without its comments and layout.
image_recipe() {
    image_sources
    image_packages
    declare -f image_make
    cat "$image_here/customize"
}

image_hash() { image_recipe | sha256sum | cut -c-16; }

# Where images are kept between runs.
image_cache() {
    if [ -n "${KURUNG_CHECK_CACHE:-}" ]; then
        echo "$KURUNG_CHECK_CACHE"
    elif [ "$(id -u)" -eq 0 ]; then
        echo /var/cache/kurung-check
    else
        echo "${XDG_CACHE_HOME:-$HOME/.cache}/kurung-check"
    fi
}

# Why no image can be made here; nothing when it can.
image_trouble() {
    local program
    for program in mmdebstrap mke2fs qemu-system-x86_64; do
        PATH=$PATH:/usr/sbin command -v $program >/dev/null || { echo "$program is not installed"; return; }
    done
    [ "$(uname -m)" = x86_64 ] || { echo "the test machine is an x86_64"; return; }
    [ -n "$(image_sources)" ] || { echo "apt has no source of Debian 12 ($image_release), of which the test machine is made"; return; }
    [ "$(id -u)" -eq 0 ] || unshare --user --map-root-user --map-auto true 2>/dev/null ||
        echo "an image is made by root, or with subordinate ids and user namespaces"
}

# image_as_root COMMAND...: as root, or as root of a user namespace with subordinate ids.
image_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        unshare --user --map-root-user --map-auto -- "$@"
    fi
}

# The directory of the image for this recipe: disk, vmlinuz and initrd.img. Makes it when it is not in the cache.
image_get() {
    local cache dir
    cache=$(image_cache)
    dir=$cache/vm-$(image_hash)
    [ -d "$cache" ] || echo "machine: create $cache, for images" >&2
    mkdir -p "$cache" || return
    (
        # Two that want it at once make it once.
        flock 9 || exit
        [ ! -e "$dir/disk" ] || exit 0
        find "$cache" -maxdepth 1 -name 'vm-*' -mtime +14 -printf 'machine: remove %p, not used for two weeks\n' -exec rm -r {} \; >&2
        echo "machine: make the image $dir of Debian packages" >&2
        work=$(mktemp -d "$dir.XXXXXX") || exit
        trap 'image_as_root rm -rf "$work/root"; rm -rf "$work"' EXIT
        trap 'exit 130' INT TERM HUP
        image_make "$work" >"$work/made" || { cat "$work/made" >&2; exit 1; }
        echo "machine: made in$(tail -1 "$work/made")" >&2
        rm "$work/made"
        chmod 755 "$work" && mv "$work" "$dir"
    ) 9>"$cache/lock" || return
    touch "$dir"
    echo "$dir"
}

image_make() { # DIRECTORY
    local begin=$SECONDS packages mode=root
    [ "$(id -u)" -eq 0 ] || mode=unshare
    packages=$(image_packages | paste -sd, -)
    echo "making the test machine's image of Debian packages"
    image_sources >"$1/sources" || return
    # The machine's way to its packages, a proxy for one.
    apt-config dump | grep -iE '^Acquire::(https?|ftp)::' >"$1/apt.conf"
    TMPDIR=/var/tmp mmdebstrap --quiet --mode="$mode" --variant=minbase --format=tar --include="$packages" \
        --aptopt="$1/apt.conf" --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --setup-hook='mkdir -p "$1/etc/postgresql-common" "$1/etc/initramfs-tools/conf.d"
            echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"
            printf "%s\n" MODULES=list COMPRESS=lz4 BUSYBOX=n KEYMAP=n FSTYPE=ext4 RESUME=none >"$1/etc/initramfs-tools/conf.d/kurung"' \
        --customize-hook="upload $image_here/customize /customize" \
        --customize-hook='chroot "$1" sh -eu /customize && rm "$1/customize"' \
        "$image_release" "$1/tar" "$1/sources" >"$1/log" 2>&1 || { tail -30 "$1/log"; return 1; }
    (cd "$1" && image_as_root sh -euc '
        mkdir root
        tar -x -C root --numeric-owner --xattrs --xattrs-include="*" --exclude="./dev/*" -f tar
        cat root/boot/vmlinuz-* >vmlinuz
        cat root/boot/initrd.img-* >initrd.img
        rm -f root/boot/*
        PATH=$PATH:/usr/sbin mke2fs -q -t ext4 -L root -E lazy_itable_init=1,nodiscard -d root disk.part 4G >/dev/null
        chmod 644 disk.part vmlinuz initrd.img') || return
    image_as_root rm -r "$1/root"
    rm "$1/tar"
    mv "$1/disk.part" "$1/disk"
    echo "  $((SECONDS - begin)) s, $(du -h "$1/disk" | cut -f1)"
}
