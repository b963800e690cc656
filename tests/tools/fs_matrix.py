#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes file-system calls and prints what they return and leave behind, to compare a root of overlays with an
ordinary file system.

  fs_matrix.py PARENT    the call, the subject and the result, a line each
  fs_matrix.py --list    the names of the calls, a line each

PARENT has directories with a file "copyright", the subjects "host": each call gets one of its own, in the order of
their names. For the subjects "own" and "missing" the program makes directories; "missing" has no file "missing".
"""
import ctypes
import errno
import fcntl
import hashlib
import mmap
import os
import stat
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4
FS_IOC_GETFLAGS = 0x80086601
IN_MODIFY = 2


class Subject:
    """A file in a directory, both relative to the parent; neither needs to exist after a call."""

    def __init__(self, parent, name, file):
        self.parent, self.name, self.file = parent, name, file
        self.dir = f"{parent}/{name}"
        self.path = f"{self.dir}/{file}"
        self.new = f"{self.dir}/new"
        self.other = f"{self.dir}-new"

    def open(self, flags):
        return os.open(self.path, flags | os.O_CLOEXEC, 0o644)

    def with_file(self, flags, call):
        fd = self.open(flags)
        try:
            return call(fd)
        finally:
            os.close(fd)


def make(path, text=b"x"):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(fd, text)
    os.close(fd)
    return 0


def describe(path):
    try:
        st = os.lstat(path)
    except OSError as e:
        return errno.errorcode[e.errno]
    if not stat.S_ISREG(st.st_mode):
        return f"{st.st_mode:o}"
    with open(path, "rb") as f:
        return f"{st.st_mode:o},{st.st_size},{hashlib.sha256(f.read()).hexdigest()[:8]}"


def entries(path):
    with os.scandir(path) as d:
        return sorted(e.name for e in d)


def remove_tree(path):
    for name in entries(path):
        below = f"{path}/{name}"
        if stat.S_ISDIR(os.lstat(below).st_mode):
            remove_tree(below)
        else:
            os.unlink(below)
    os.rmdir(path)


def renameat2(old, new, flags):
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags) < 0:
        raise OSError(ctypes.get_errno(), "renameat2")
    return 0


CALLS = {}


def call(function):
    CALLS[function.__name__] = function
    return function


def calls(**functions):
    CALLS.update(functions)


# Opening, reading and writing
for label, flags in {"read": os.O_RDONLY, "write": os.O_WRONLY, "create": os.O_WRONLY | os.O_CREAT,
                     "exclusive": os.O_WRONLY | os.O_CREAT | os.O_EXCL, "truncate": os.O_WRONLY | os.O_TRUNC,
                     "directory": os.O_RDONLY | os.O_DIRECTORY, "path": os.O_PATH,
                     "noatime": os.O_RDONLY | os.O_NOATIME}.items():
    CALLS[f"open_{label}"] = lambda s, flags=flags: s.with_file(flags, lambda fd: 0)

calls(
    write_start=lambda s: s.with_file(os.O_RDWR, lambda fd: os.write(fd, b"XYZ")),
    write_append=lambda s: s.with_file(os.O_WRONLY | os.O_APPEND, lambda fd: os.write(fd, b"end")),
    write_far=lambda s: s.with_file(os.O_WRONLY, lambda fd: os.pwrite(fd, b"far", 100000)),
    truncate_shorter=lambda s: os.truncate(s.path, 3),
    truncate_longer=lambda s: os.truncate(s.path, 70000),
    fallocate_more=lambda s: s.with_file(os.O_WRONLY, lambda fd: os.posix_fallocate(fd, 0, 200000)),
    sync_file=lambda s: s.with_file(os.O_RDWR, os.fsync),
    lock_file=lambda s: s.with_file(os.O_RDWR, lambda fd: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    lock_range=lambda s: s.with_file(os.O_RDWR, lambda fd: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)),
)


@call
def fallocate_hole(s):
    def punch(fd):
        if libc.fallocate(fd, 3, ctypes.c_long(0), ctypes.c_long(4)) < 0:
            raise OSError(ctypes.get_errno(), "fallocate")
        return 0
    return s.with_file(os.O_WRONLY, punch)


@call
def send_file(s):
    to = os.open(s.new, os.O_WRONLY | os.O_CREAT, 0o644)
    return s.with_file(os.O_RDONLY, lambda fd: os.sendfile(to, fd, 0, 5))


@call
def copy_range(s):
    to = os.open(s.new, os.O_WRONLY | os.O_CREAT, 0o644)
    return s.with_file(os.O_RDONLY, lambda fd: os.copy_file_range(fd, to, 5))


@call
def read_while_written(s):
    """What a descriptor reads that was opened before the first write."""
    reader, writer = s.open(os.O_RDONLY), s.open(os.O_WRONLY)
    os.pwrite(writer, b"NEW", 0)
    return "new" if os.pread(reader, 3, 0) == b"NEW" else "old"


@call
def map_while_written(s):
    """What a shared mapping shows that was made before the first write."""
    reader = s.open(os.O_RDONLY)
    mapped = mmap.mmap(reader, 8, mmap.MAP_SHARED, mmap.PROT_READ)
    os.pwrite(s.open(os.O_WRONLY), b"NEW", 0)
    return "new" if mapped[:3] == b"NEW" else "old"


@call
def map_and_write(s):
    fd = s.open(os.O_RDWR)
    mapped = mmap.mmap(fd, 8, mmap.MAP_SHARED)
    mapped[:3] = b"MAP"
    mapped.flush()
    mapped.close()
    return 0


# Mode, owner, times, attributes
def owner(s):
    st = os.lstat(s.path)
    return f"{st.st_uid}:{st.st_gid}"


def chmod_then(mode, then):
    def both(s):
        os.chmod(s.path, mode)
        return then(s)
    return both


def compared(fields, change):
    """Whether the fields of stat(2) stay the same."""
    def both(s):
        before = os.stat(s.path)
        change(s)
        after = os.stat(s.path)
        return " ".join(f"{f}:{'same' if getattr(before, f) == getattr(after, f) else 'other'}" for f in fields)
    return both


calls(
    change_mode=lambda s: os.chmod(s.path, 0o640),
    change_mode_setuid=lambda s: os.chmod(s.path, 0o4755),
    change_mode_open=lambda s: s.with_file(os.O_RDONLY, lambda fd: os.fchmod(fd, 0o600)),
    show_owner=owner,
    change_owner=lambda s: os.chown(s.path, 5, 7) or owner(s),
    change_owner_of_setuid=chmod_then(0o6755, lambda s: os.chown(s.path, 5, 7)),
    write_to_setuid=chmod_then(0o6755, lambda s: s.with_file(os.O_WRONLY, lambda fd: os.write(fd, b"x"))),
    keep_times=compared(["st_mtime_ns"], lambda s: os.chmod(s.path, 0o604)),
    keep_inode=compared(["st_ino"], lambda s: os.chmod(s.path, 0o604)),
    keep_device=compared(["st_dev"], lambda s: os.chmod(s.path, 0o604)),
    keep_inode_of_dir=lambda s: compared(["st_ino", "st_dev"], lambda d: make(s.new))(Subject(s.parent, ".", s.name)),
    xattr_set=lambda s: os.setxattr(s.path, "user.test", b"v"),
    xattr_get_none=lambda s: os.getxattr(s.path, "user.test"),
    xattr_remove_none=lambda s: os.removexattr(s.path, "user.test"),
    xattr_trusted=lambda s: os.setxattr(s.path, "trusted.test", b"v"),
    xattr_overlay=lambda s: os.setxattr(s.path, "user.overlay.test", b"v"),
    xattr_overlay_get=lambda s: os.getxattr(s.path, "user.overlay.metacopy"),
    xattr_list=lambda s: len(os.listxattr(s.path)),
    # vfs_cap_data of version 2 with CAP_NET_RAW permitted
    capability_set=lambda s: os.setxattr(s.path, "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)),
    access_all=lambda s: os.access(s.path, os.R_OK | os.W_OK),
    access_exec=lambda s: os.access(s.path, os.X_OK),
    get_flags=lambda s: s.with_file(os.O_RDONLY, lambda fd: len(fcntl.ioctl(fd, FS_IOC_GETFLAGS, b"\0" * 8))),
)


@call
def set_times(s):
    os.utime(s.path, ns=(1000000000000000005, 1100000000000000007))
    st = os.stat(s.path)
    return f"{st.st_atime_ns},{st.st_mtime_ns}"


@call
def xattr_round_trip(s):
    os.setxattr(s.path, "user.test", b"v")
    os.chmod(s.path, 0o600)
    value = os.getxattr(s.path, "user.test")
    os.removexattr(s.path, "user.test")
    return value


# Names, links and deletion
def with_new(then):
    def both(s):
        make(s.new, b"new content")
        return then(s)
    return both


def with_other(then):
    def both(s):
        os.mkdir(s.other)
        return then(s)
    return both


def unlinked(then):
    def both(s):
        os.unlink(s.path)
        return then(s)
    return both


def removed(then):
    def both(s):
        remove_tree(s.dir)
        return then(s)
    return both


calls(
    link_file=lambda s: os.link(s.path, s.new),
    link_over=with_new(lambda s: os.link(s.path, s.new)),
    unlink_file=lambda s: os.unlink(s.path),
    unlink_as_dir=lambda s: os.rmdir(s.path),
    unlink_dir=lambda s: os.unlink(s.dir),
    remove_full_dir=lambda s: os.rmdir(s.dir),
    unlink_and_create=unlinked(lambda s: make(s.path, b"again")),
    unlink_and_make_dir=unlinked(lambda s: os.mkdir(s.path) or len(entries(s.path))),
    remove_tree=removed(lambda s: 0),
    remove_tree_and_make=removed(lambda s: os.mkdir(s.dir) or len(entries(s.dir))),
    remove_tree_and_create=removed(lambda s: make(s.dir, b"a file now")),
    rename_file=lambda s: os.rename(s.path, s.new),
    rename_over_own=with_new(lambda s: os.rename(s.path, s.new)),
    rename_own_over=with_new(lambda s: os.rename(s.new, s.path)),
    rename_no_replace=with_new(lambda s: renameat2(s.new, s.path, RENAME_NOREPLACE)),
    rename_exchange=with_new(lambda s: renameat2(s.new, s.path, RENAME_EXCHANGE)),
    rename_whiteout=lambda s: renameat2(s.path, s.new, RENAME_WHITEOUT),
    rename_file_up=lambda s: os.rename(s.path, s.other),
    rename_dir=lambda s: os.rename(s.dir, s.other),
    rename_dir_over_empty=with_other(lambda s: os.rename(s.dir, s.other)),
    rename_empty_over_dir=with_other(lambda s: os.rename(s.other, s.dir)),
    rename_into_itself=lambda s: os.rename(s.dir, s.new),
    make_dir=lambda s: os.mkdir(s.path),
    make_link=lambda s: os.symlink("target", s.path),
    make_fifo=lambda s: os.mkfifo(s.path, 0o600),
    make_device=lambda s: os.mknod(s.path, stat.S_IFCHR | 0o600, os.makedev(1, 3)),
    make_whiteout=lambda s: os.mknod(s.path, stat.S_IFCHR | 0o600, os.makedev(0, 0)),
    make_link_beside=lambda s: os.symlink(s.file, s.new) or os.readlink(s.new),
    name_whiteout=lambda s: make(f"{s.dir}/.wh.{s.file}"),
    name_opaque=lambda s: make(f"{s.dir}/.wh..wh..opq"),
    name_not_utf8=lambda s: make(os.fsencode(s.dir) + b"/\xff\xfe"),
    name_255=lambda s: make(f"{s.dir}/{'n' * 255}"),
    name_256=lambda s: make(f"{s.dir}/{'n' * 256}"),
)


@call
def link_and_write(s):
    os.link(s.path, s.new)
    with open(s.new, "r+b") as f:
        f.write(b"both")
    return os.stat(s.path).st_nlink


@call
def unlink_open(s):
    fd = s.open(os.O_RDONLY)
    os.unlink(s.path)
    return len(os.read(fd, 2))


@call
def removed_dir_in_use(s):
    fd = os.open(s.dir, os.O_RDONLY | os.O_DIRECTORY)
    remove_tree(s.dir)
    return os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=fd)


@call
def unnamed_file(s):
    fd = os.open(s.dir, os.O_TMPFILE | os.O_RDWR, 0o644)
    os.write(fd, b"tmp")
    if libc.linkat(-100, f"/proc/self/fd/{fd}".encode(), -100, os.fsencode(s.new), 0x400) < 0:
        raise OSError(ctypes.get_errno(), "linkat")
    return 0


# Directories
@call
def list_dir(s):
    """The number of entries, and whether readdir(3) has the inode numbers of stat(2)."""
    with os.scandir(s.dir) as d:
        found = [(e.inode(), os.lstat(e.path).st_ino) for e in d]
    return f"{len(found)} {'as stat' if all(a == b for a, b in found) else 'other'}"


@call
def list_after_changes(s):
    make(f"{s.dir}/a")
    make(f"{s.dir}/b")
    os.unlink(f"{s.dir}/a")
    if os.path.exists(s.path):
        os.unlink(s.path)
    return len(entries(s.dir))


@call
def dir_links(s):
    os.mkdir(f"{s.dir}/sub")
    return os.stat(s.dir).st_nlink


@call
def dir_inherits_group(s):
    os.chown(s.dir, 0, 7)
    os.chmod(s.dir, 0o2775)
    make(s.new)
    return os.stat(s.new).st_gid


calls(
    dir_mode=lambda s: os.chmod(s.dir, 0o700),
    dir_sticky=lambda s: os.chmod(s.dir, 0o1777),
    dir_sync=lambda s: os.fsync(os.open(s.dir, os.O_RDONLY | os.O_DIRECTORY)),
    dir_xattr=lambda s: os.setxattr(s.dir, "user.test", b"v"),
    name_length=lambda s: os.statvfs(s.dir).f_namemax,
)


# Programs and events
@call
def run_after_change(s):
    with open(s.path, "r+b") as f:
        f.truncate()
        f.write(b"#!/bin/sh\nexit 7\n")
    os.chmod(s.path, 0o755)
    return os.spawnv(os.P_WAIT, s.path, [s.path])


@call
def watch_file(s):
    """Whether inotify(7) reports a write to a file that was watched before it."""
    fd = libc.inotify_init1(os.O_NONBLOCK)
    if libc.inotify_add_watch(fd, os.fsencode(s.path), IN_MODIFY) < 0:
        raise OSError(ctypes.get_errno(), "inotify_add_watch")
    s.with_file(os.O_WRONLY, lambda f: os.write(f, b"x"))
    try:
        return "seen" if os.read(fd, 100) else "none"
    except BlockingIOError:
        return "none"


def run(name, kind, subject):
    try:
        result = CALLS[name](subject)
        result = 0 if result is None else result
    except OSError as e:
        result = errno.errorcode[e.errno]
    left = [f"{label}={describe(path)}" for label, path in (("dir", subject.dir), ("file", subject.path),
                                                            ("new", subject.new), ("other", subject.other))]
    print(f"{name} {kind}: {result} {' '.join(left)}", flush=True)


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CALLS))
        return 0
    parent = sys.argv[1]
    os.umask(0o022)
    hosts = []
    for name in entries(parent):
        try:
            st = os.lstat(f"{parent}/{name}/copyright")
        except OSError:
            continue
        if stat.S_ISREG(st.st_mode) and st.st_nlink == 1 and not os.path.islink(f"{parent}/{name}"):
            hosts.append(name)
    if len(hosts) < len(CALLS):
        print(f"{parent}: {len(hosts)} directories with a file copyright; {len(CALLS)} are needed", file=sys.stderr)
        return 1
    for name, host in zip(CALLS, hosts):
        run(name, "host", Subject(parent, host, "copyright"))
        for kind, file in (("own", "copyright"), ("missing", "missing")):
            os.mkdir(f"{parent}/{kind}-{name}")
            make(f"{parent}/{kind}-{name}/copyright", b"own content")
            run(name, kind, Subject(parent, f"{kind}-{name}", file))
    return 0


sys.exit(main())
