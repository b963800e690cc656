#!/usr/bin/python3
"""A random tree, random changes of it, and what is to be seen of it. For the round trip of changes.t.

random_tree.py make SEED     makes a tree in the working directory
random_tree.py change SEED   changes it
random_tree.py list          prints all that apply takes over, a line an entry

What is documented as stripped is not listed: set-user-ID and set-group-ID bits, owners, fifos and sockets.
Nor which names are one file: the kernel's overlay shows different inode numbers for them.
"""
import hashlib
import os
import random
import shutil
import stat
import subprocess
import sys

NAMES = [b"a", b"b", b"c", b"d", b"e f", b"-rf", b"new\nline", b"\xff\xfe", "grün".encode(), b".hidden", b".wh.x", b"'\"$(x)",
         b"\x1b[31m", b"n" * 255, b"back\\slash", b"*"]


def entries(top=b"."):
    for directory, dirs, files in os.walk(top):
        for name in sorted(dirs + files):
            yield os.path.join(directory, name)


def directories():
    return [b"."] + [p for p in entries() if os.path.isdir(p) and not os.path.islink(p)]


def new_path(rng):
    for _ in range(20):
        path = os.path.join(rng.choice(directories()), rng.choice(NAMES))
        if not os.path.lexists(path) and path.count(b"/") < 7:
            return path
    return None


def some(rng, wanted):
    found = [p for p in entries() if wanted(p)]
    return rng.choice(found) if found else None


def is_file(p):
    return stat.S_ISREG(os.lstat(p).st_mode)


def is_directory(p):
    return stat.S_ISDIR(os.lstat(p).st_mode)


def write(path, rng):
    with open(path, "wb") as f:
        f.write(rng.randbytes(rng.choice([0, 1, 10, 5000, 70000, 300000])))


def remove(path):
    if is_directory(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def create(rng):
    path = new_path(rng)
    if path:
        write(path, rng)


def make_directory(rng):
    path = new_path(rng)
    if path:
        os.mkdir(path)


def make_link(rng):
    path = new_path(rng)
    if path:
        os.symlink(rng.choice([b"a", b"/nonexistent", b"../x", b".", b"\xff"]), path)


def hard_link(rng):
    source, path = some(rng, is_file), new_path(rng)
    if source and path:
        os.link(source, path)


def truncate(rng):
    path = some(rng, is_file)
    if path:
        os.truncate(path, rng.choice([0, 3, 400000]))


def append(rng):
    path = some(rng, is_file)
    if path:
        with open(path, "ab") as f:
            f.write(rng.randbytes(7))


def same_size_and_time(rng):
    path = some(rng, lambda p: is_file(p) and os.path.getsize(p) > 0)
    if path:
        st = os.stat(path)
        with open(path, "r+b") as f:
            first = f.read(1)
            f.seek(0)
            f.write(bytes([first[0] ^ 1]))
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


def chmod(rng):
    path = some(rng, lambda p: not os.path.islink(p))
    if path:
        os.chmod(path, rng.choice([0o755, 0o700, 0o750, 0o711] if is_directory(path) else [0o644, 0o600, 0o755, 0o444, 0o666]))


def rename(rng):
    path, target = some(rng, lambda p: True), new_path(rng)
    if path and target and not target.startswith(path + b"/"):
        subprocess.run([b"mv", b"--", path, target], stderr=subprocess.DEVNULL)  # copies where an overlay can't rename


def delete(rng):
    path = some(rng, lambda p: True)
    if path:
        remove(path)


def replace_type(rng):
    path = some(rng, lambda p: True)
    if path:
        was_directory = is_directory(path)
        remove(path)
        if was_directory:
            write(path, rng)
        else:
            os.mkdir(path)
            write(os.path.join(path, b"inner"), rng)


def recreate_directory(rng):
    path = some(rng, is_directory)
    if path:
        shutil.rmtree(path)
        os.mkdir(path)
        write(os.path.join(path, b"fresh"), rng)


def attribute(rng):
    path = some(rng, lambda p: not os.path.islink(p))
    if path and os.access(path, os.W_OK):
        os.setxattr(path, b"user.test" + str(rng.randrange(3)).encode(), rng.randbytes(rng.choice([0, 1, 200])))


OPERATIONS = [create, create, make_directory, make_link, hard_link, truncate, append, same_size_and_time, chmod, rename, rename,
              delete, delete, replace_type, recreate_directory, attribute]


def listing():
    for path in entries():
        st = os.lstat(path)
        kind = stat.S_IFMT(st.st_mode)
        words = [repr(path)]
        if kind == stat.S_IFLNK:
            words += ["link", repr(os.readlink(path))]
        elif kind == stat.S_IFDIR:
            words += ["directory", oct(st.st_mode & 0o777)]
        elif kind == stat.S_IFREG:
            with open(path, "rb") as f:
                words += ["file", oct(st.st_mode & 0o777), hashlib.sha256(f.read()).hexdigest()[:16]]
        else:
            continue
        if kind != stat.S_IFLNK:
            for name in sorted(os.listxattr(path)):
                if name.startswith("user.") and not name.startswith(("user.overlay.", "user.fuseoverlayfs.")):
                    words.append(name + "=" + os.getxattr(path, name).hex())
        yield " ".join(words)


os.umask(0o022)
if sys.argv[1] == "list":
    print("\n".join(sorted(listing())))
else:
    random_source = random.Random(int(sys.argv[2]))
    making = [create, create, create, make_directory, make_directory, make_link, chmod, attribute]
    for _ in range(40 if sys.argv[1] == "make" else random_source.randrange(1, 40)):
        operation = random_source.choice(making if sys.argv[1] == "make" else OPERATIONS)
        try:
            operation(random_source)
        except (OSError, shutil.Error):
            pass  # refused, or the operation makes no sense here; what it did before that is a change, too
