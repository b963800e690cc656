#!/usr/bin/python3
"""Runs a command on a terminal of its own and talks to it.

on_terminal.py SCRIPT COMMAND...: SCRIPT is Python in which these are known: send(bytes), expect(bytes) until it is seen
(a minute at most), resize(rows, columns), wait() -> exit status, signal(number), terminal() -> the settings.
It prints what it wants to; the exit status is 0 unless an expectation was not met.
"""
import fcntl
import os
import pty
import select
import signal as signals
import struct
import sys
import termios
import time

WAIT = 60  # seconds; an emulated machine is slow

pid, master = pty.fork()
if pid == 0:
    # As a login shell has them, whatever started the tests: a background job ignores the first two.
    for number in (signals.SIGINT, signals.SIGQUIT, signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU, signals.SIGHUP):
        signals.signal(number, signals.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""


def pump(timeout):
    global seen
    ready, _, _ = select.select([master], [], [], timeout)
    if not ready:
        return True
    try:
        data = os.read(master, 65536)
    except OSError:
        return False
    seen += data
    return bool(data)


def expect(what):
    global seen
    end = time.monotonic() + WAIT
    while what not in seen:
        if time.monotonic() > end or not pump(0.5):
            if what in seen:
                break
            print("expected", what, "saw", seen)
            os.kill(pid, signals.SIGKILL)
            sys.exit(1)
    before, seen = seen.split(what, 1)
    return before


def send(data):
    os.write(master, data)


def resize(rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def terminal():
    return termios.tcgetattr(master)


def signal(number):
    os.kill(pid, number)


def wait():
    end = time.monotonic() + WAIT
    while pump(0.5):
        if time.monotonic() > end:
            print("no end; saw", seen)
            os.kill(pid, signals.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def wait_stopped():
    """Until the command was stopped, a minute at most."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        pump(0.05)
        done, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
        if done:
            return os.WIFSTOPPED(status)


exec(sys.argv[1])
