#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the names in a directory for which inotify reports a change, a line each, until the name "end".

  watch_directory.py DIRECTORY READY    READY: a FIFO that is opened once the directory is watched
"""
import ctypes
import os
import struct
import sys

IN_MODIFY, IN_CREATE = 2, 0x100

libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init1(os.O_CLOEXEC)
if fd < 0 or libc.inotify_add_watch(fd, os.fsencode(sys.argv[1]), IN_MODIFY | IN_CREATE) < 0:
    sys.exit(f"cannot watch {sys.argv[1]}: {os.strerror(ctypes.get_errno())}")
open(sys.argv[2], "w").close()
seen = []
while "end" not in seen:
    events = os.read(fd, 65536)
    while events:
        length = struct.unpack_from("iIII", events)[3]
        seen.append(os.fsdecode(events[16:16 + length].rstrip(b"\0")))
        events = events[16 + length:]
print("\n".join(dict.fromkeys(seen)))
