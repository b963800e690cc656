#!/bin/bash
# Operations on the file system that no profile asks for, but other front ends do: from the words of fill-spec to the mounts.
. "$SRCDIR/tests/lib.sh"

# fill WORD... -- COMMAND: $out has what it says, $status its end.
fill() {
    out=$("$fill_spec" "$@" 2>&1)
    status=$?
}
# Each mount below /tmp: where, and its flags but for the access times that the host's have.
mounts='awk "\$5 ~ \"^/tmp/\" { print \$5, \$6 }" /proc/self/mountinfo | sed -E "s/,(relatime|noatime|nodiratime)//g" | sort'
# Where a program is found in a root that has nothing else.
system=("op=bind,/usr,from=/usr,ro,recursive")
for dir in bin lib lib64; do
    if [ -L "/$dir" ]; then system+=("op=symlink,/$dir,text=$(readlink "/$dir")"); elif [ -d "/$dir" ]; then system+=("op=bind,/$dir,from=/$dir,ro,recursive"); fi
done

mkdir -p tree/sub other "with:colon\\" top bottom
echo canary >tree/file
printf '#!/bin/sh\necho runs\n' >tree/program
chmod 755 tree/program
ln -s file tree/link

# Binds

fill "op=bind,/tmp/plain,from=$PWD/tree" "op=bind,/tmp/ro,from=$PWD/tree,ro" "op=bind,/tmp/dev,from=$PWD/tree,dev" \
    "op=bind,/tmp/suid,from=$PWD/tree,suid" "op=bind,/tmp/noexec,from=$PWD/tree,noexec" "op=bind,/tmp/nolink,from=$PWD/tree,nosymfollow" \
    -- sh -c "$mounts"
is "$out" "/tmp/dev rw,nosuid
/tmp/noexec rw,nosuid,nodev,noexec
/tmp/nolink rw,nosuid,nodev,nosymfollow
/tmp/plain rw,nosuid,nodev
/tmp/ro ro,nosuid,nodev
/tmp/suid rw,nodev" "each bind has its own flags"
fill "op=bind,/tmp/ro,from=$PWD/tree,ro" "op=bind,/tmp/noexec,from=$PWD/tree,noexec" "op=bind,/tmp/nolink,from=$PWD/tree,nosymfollow" \
    op=bind,/tmp/dev,from=/dev,dev,recursive op=bind,/tmp/nodev,from=/dev,recursive -- sh -c '
    exec 2>/tmp/dev/null
    echo x >/tmp/ro/file; /tmp/noexec/program; cat /tmp/nolink/link; echo x >/tmp/nodev/null; /tmp/ro/program; cat /tmp/ro/link; echo x >/tmp/dev/null && echo device'
is "$out" $'runs\ncanary\ndevice' "and they hold: read-only, noexec, nosymfollow and nodev"
is "$(cat tree/file)" canary "nothing was written through the read-only one"
fill "op=bind,/tmp/try,from=$PWD/none,optional" "op=bind,/tmp/dangling,from=$PWD/nowhere,optional" -- ls /tmp
is "$status:$out" 0: "an optional bind of what is not there is left out"
ln -s none nowhere
fill "op=bind,/tmp/dangling,from=$PWD/nowhere,optional" -- ls /tmp
is "$status:$out" 0: "also of a link that leads nowhere"
fill "op=bind,/tmp/x,from=$PWD/none,origin=--bind" -- true
is "$status:$out" "125:kurung: --bind: cannot open '$PWD/none': No such file or directory" "any other is an error"

over='mount -t tmpfs none tree/sub; echo below >tree/sub/file'
got=$(in_mounts "$over" "$fill_spec" "op=bind,/tmp/all,from=$PWD/tree,recursive,ro" \
    "op=bind,/tmp/top,from=$PWD/tree,recursive,ro,top-only" -- sh -c "$mounts"'; cat /tmp/all/sub/file; echo new >/tmp/top/sub/file && cat /tmp/top/sub/file' 2>&1)
is "$got" "/tmp/all ro,nosuid,nodev
/tmp/all/sub ro,nosuid,nodev
/tmp/top ro,nosuid,nodev
/tmp/top/sub rw
below
new" "mounts below are taken along, with the flags or without"
got=$(in_mounts "$over" "$fill_spec" "op=bind,/tmp/alone,from=$PWD/tree,ro,origin=--bind" -- true 2>&1)
like "$got" "--bind: cannot bind '$PWD/tree' without the mounts of the host below it" "the kernel refuses a bind without those of the host, which the error says"

# Propagation: somebody on the host mounts something later.
mkdir shared control
mkfifo control/go control/done
over='mount -t tmpfs none shared; mount --make-shared shared; mkdir shared/x
    setpriv --pdeathsig KILL sh -ec "read -r _ <control/go; mount -t tmpfs none shared/x; echo late >shared/x/f; echo >control/done" &
    '
binds=("op=dev,/dev" "op=bind,/tmp/as-asked,from=$PWD/shared,recursive" "op=bind,/tmp/private,from=$PWD/shared,recursive,propagation=private" "op=bind,/tmp/control,from=$PWD/control")
look='echo >/tmp/control/go; read -r _ </tmp/control/done; for i in as-asked private; do cat /tmp/$i/x/f 2>/dev/null || echo none; done'
is "$(in_mounts "$over" "$fill_spec" host-mounts=slave "${binds[@]}" -- sh -c "$look" 2>&1)" $'late\nnone' "slave: what the host mounts later is seen, but below a private bind"
is "$(in_mounts "$over" "$fill_spec" host-mounts=private "${binds[@]}" -- sh -c "$look" 2>&1)" $'none\nnone' "private: it is not"
fill op=proc,/proc "op=bind,/tmp/shared,from=$PWD/tree,propagation=shared" "op=bind,/tmp/no,from=$PWD/tree,propagation=unbindable" \
    op=remount,/,ro,dev,suid,propagation=shared -- awk '$5 ~ "^/(tmp/.*)?$" { print $5, $7 }' /proc/self/mountinfo
is "$(sed -E 's/:[0-9]+//g' <<<"$out")" $'/ shared\n/tmp/shared shared\n/tmp/no unbindable' "mounts have the propagation that is asked for, the root too"

# Descriptors

exec 5<tree 6<tree/file
mv tree moved && mkdir tree
fill op=bind,/tmp/dir,fd=5,ro op=bind,/tmp/file,fd=6,noexec -- sh -c "$mounts; cat /tmp/dir/file /tmp/file"
is "$out" $'/tmp/dir ro,nosuid,nodev\n/tmp/file rw,nosuid,nodev,noexec\ncanary\ncanary' "binds of descriptors show their files, whatever has the name now"
rmdir tree && mv moved tree
echo x >gone && exec 7<gone && rm gone
fill op=bind,/tmp/gone,fd=7,origin=--bind-fd -- true
like "$status:$out" "^125:kurung: --bind-fd: descriptor 7 cannot be found by a name" "one of a removed file is refused"
exec 5<&- 6<&- 7<&-

printf 'first\nsecond\n' >content
exec 5<content
read -r _ <&5
fill op=write,/tmp/a/written,fd=5,mode=0640 op=file,/tmp/mounted,fd=6,mode=0600,ro op=file,/tmp/bytes,bytes=text op=file,/tmp/stdin,fd=0 \
    op=chmod,/tmp/a,mode=01770 -- sh -c 'cd /tmp && cat a/written mounted bytes stdin && stat -c "%n %a" a a/written mounted bytes && cat; '"$mounts"'; echo x >a/written; echo x >mounted' \
    6< <(echo piped) <<<"from stdin"
is "$out" "$(sed -n 2p content)
piped
textfrom stdin
a 1770
a/written 640
mounted 600
bytes 644
/tmp/bytes rw,nosuid,nodev
/tmp/mounted ro,nosuid,nodev
/tmp/stdin rw,nosuid,nodev
sh: 1: cannot create mounted: Read-only file system" "content comes from files where they stand, pipes and standard input, with its mode"
exec 5<&-
fill op=write,/tmp/x,fd=9,origin=--file -- true 9>written-to
is "$status:$out" "125:kurung: --file: cannot read descriptor 9 for '/tmp/x': Bad file descriptor" "a descriptor that cannot be read is refused before anything starts"
fill op=write,/tmp/x,fd=9 op=file,/tmp/y,fd=9,origin=--ro-bind-data -- true 9<content
like "$status:$out" "^125:kurung: --ro-bind-data: descriptor 9 is read already" "and one whose content is another's already"
fill op=dir,/tmp/d op=symlink,/tmp/link,text=d op=file,/tmp/link,bytes=x -- true
like "$status:$out" "^125:.*'/tmp/link' is a directory inside the sandbox, and a file cannot be mounted on it" "a file is not mounted over a link to a directory, which the error says"

# Remounts, and file systems by their type

fill op=write,/tmp/x,bytes=canary op=tmpfs,/tmp/below op=remount,/tmp,ro -- sh -c 'echo x >/tmp/x; echo " new" >/tmp/below/x; cat /tmp/x /tmp/below/x'
is "$out" $'sh: 1: cannot create /tmp/x: Read-only file system\ncanary new' "a remount makes what was filled read-only, and not what is mounted below"
fill op=dir,/tmp/x op=remount,/tmp/x,ro -- true
like "$status:$out" "^125:.*'/tmp/x', because it is not a mount point" "only a mount can be remounted"
fill op=filesystem,/tmp/queue,type=mqueue,noexec op=filesystem,/tmp/pts,type=devpts,option=newinstance,option=ptmxmode=0666,option=mode=0620,dev,noexec \
    op=filesystem,/tmp/small,type=tmpfs,option=size=8k,option=nr_inodes=3,option=mode=0710,nosymfollow op=tmpfs,/tmp/sized,size=16384,mode=01777,strictatime \
    -- sh -c "$mounts"'; cd /tmp; : >queue/q && tr -s " " <queue/q; stat -c "%n %a" small sized pts/ptmx; for i in 1 2 3; do (: >small/$i); done; stat -f -c %b*%S sized'
is "$out" "/tmp/pts rw,nosuid,noexec
/tmp/queue rw,nosuid,nodev,noexec
/tmp/sized rw,nosuid,nodev
/tmp/small rw,nosuid,nodev,nosymfollow
QSIZE:0 NOTIFY:0 SIGNO:0 NOTIFY_PID:0 
small 710
sized 1777
pts/ptmx 666
sh: 1: cannot create small/3: No space left on device
4*4096" "mqueue, devpts and tmpfs take their options"
fill op=filesystem,/tmp/x,type=tmpfs,option=nonsense=1 -- true
like "$status:$out" "^125:.*tmpfs, nonsense: Invalid argument" "an option that a file system does not know is an error"
fill op=filesystem,/tmp/x,type=ext4 -- true
like "$status:$out" "^125:.*type ext4" "so is a type that a user cannot mount"

# Overlays

echo top >top/both
echo bottom >bottom/both
echo colon >"with:colon\\/file"
mkdir upper work
layers="lower=$PWD/top,lower=$PWD/bottom,lower=$PWD/with:colon\\"
fill "op=overlay,/tmp/o,$layers,upper=$PWD/upper,work=$PWD/work" -- sh -c 'cat /tmp/o/both /tmp/o/file; echo changed >/tmp/o/both; rm /tmp/o/file'
is "$out:$(cat upper/both top/both bottom/both with*/file)" $'top\ncolon:changed\ntop\nbottom\ncolon' "an overlay of named layers writes to its upper only"
fill "op=overlay,/tmp/o,$layers,upper=$PWD/upper,work=$PWD/work" -- sh -c 'cat /tmp/o/both; ls /tmp/o'
is "$out" $'changed\nboth' "which the next run sees"
fill op=dev,/dev "op=overlay,/tmp/m,$layers,in-memory" "op=overlay,/tmp/d,lower=$PWD/top,in-memory" "op=overlay,/tmp/ro,$layers,ro" -- sh -c '
    for i in m d ro; do cat /tmp/$i/both; (echo changed >/tmp/$i/both) 2>/dev/null; cat /tmp/$i/both; done'
is "$out:$(cat top/both)" $'top\nchanged\ntop\nchanged\ntop\ntop:top' "without one writes go to memory or to the run's directory, or are refused"
fill "op=overlay,/tmp/o,lower=$PWD/top" -- true
is "$status:$out" "125:kurung: an overlay needs an upper directory, or one in memory" "writes go nowhere that was not named"
fill "op=overlay,/tmp/o,lower=$PWD/top,ro" -- true
like "$status:$out" "^125:.*needs two layers when it is read-only" "one read-only layer is no overlay"

# The root

mkdir -p root/proc
fill no-root op=tmpfs,/ op=dir,/before "op=bind,/,from=$PWD/root" "${system[@]}" op=proc,/proc op=write,/made,bytes=canary op=remount,/,ro -- \
    sh -c 'ls -d /*; (echo x >/made) 2>&1; cat /made'
is "$(grep -vxE '/(bin|lib|lib64|usr)' <<<"$out")" $'/made\n/proc\nsh: 1: cannot create /made: Read-only file system\ncanary' "an operation on / replaces the root, and nothing is added"
is "$(cat root/made)" canary "what is made in a directory of the host that is the root stays there"
rm -rf root/{made,usr,bin,lib,lib64}
fill no-root "op=overlay,/,lower=$PWD/top,lower=$PWD/root,in-memory" "${system[@]}" op=proc,/proc -- sh -c 'cat /both; echo changed >/both; cat /both'
is "$out:$(cat top/both)" $'top\nchanged:top' "an overlay is a root, too"
is "$(ls root)" proc "whose mount points are made in its upper"
fill op=tmpfs,/tmp/a "op=bind,/tmp/a/b,from=$PWD/top" op=tmpfs,/tmp/a op=write,/tmp/a/c,bytes=x "op=bind,/tmp/a/c,from=$PWD/top/both" -- sh -c 'ls /tmp/a; cat /tmp/a/c'
is "$out" $'c\ntop' "the order given counts: what comes later covers what was there"
fill no-root bind=/usr:/usr bind=/lib:/lib bind=/lib64:/lib64 -- /usr/bin/ls /
is "$out" $'lib\nlib64\nusr' "a root needs no /proc"
fill op=cgroup,/tmp -- cat /tmp/cgroup.controllers
is "$status" 0 "control groups are shown also where there are no limits"

done_testing
