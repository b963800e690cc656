#!/usr/bin/python3
"""Sends signals to the process group of a command at many moments of its life.

group_signals.py STATE-DIRECTORY HOW MOMENTS COMMAND...: HOW is the name of a signal; TSTP, which is followed by CONT and
TERM; or CLOSE: the command has a terminal, which is closed. The moments lie evenly between the command's start and what
it takes until it has written a line, and a little behind. The command is to write one and then wait.
Each time the exit status must be the signal's, and nothing may be left in the state directory but what is made once.
Prints what was otherwise, and at the end how many moments there were.
"""
import os
import pty
import select
import signal
import sys
import time

WAIT = 60  # seconds; an emulated machine is slow
state, how, moments, command = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
number = signal.SIGHUP if how == "CLOSE" else signal.SIGTERM if how == "TSTP" else getattr(signal, "SIG" + how)


def start():
    """The pid, and what it writes to; the command has been executed."""
    executed, at_exec = os.pipe()  # closed by the exec
    pid, fd = start_on_terminal() if how == "CLOSE" else start_in_group()
    os.close(at_exec)
    os.read(executed, 1)
    os.close(executed)
    return pid, fd


def start_on_terminal():
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    return pid, fd


def start_in_group():
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        null = os.open("/dev/null", os.O_RDWR)
        for fd, at in (null, 0), (theirs, 1), (null, 2):
            os.dup2(fd, at)
        os.execvp(command[0], command)
    os.close(theirs)
    return pid, mine


def end(pid):
    limit = time.monotonic() + WAIT
    while time.monotonic() < limit:
        # The child's end is waited for, a stop is not its end.
        fd = os.pidfd_open(pid)
        select.select([fd], [], [], 0.5)
        os.close(fd)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
    os.kill(pid, signal.SIGKILL)
    return "no end"


# Python's own handler would be lost with what it has noted when the child executes its program.
signal.signal(signal.SIGINT, signal.SIG_DFL)
pid, fd = start()
begin = time.monotonic()
os.read(fd, 1)
took = time.monotonic() - begin
os.killpg(pid, signal.SIGTERM)
end(pid)
os.close(fd)
for i in range(moments):
    pid, fd = start()
    select.select([], [], [], took * 1.2 * i / moments)
    if how == "CLOSE":
        os.close(fd)
    elif how == "TSTP":
        for sig in signal.SIGTSTP, signal.SIGCONT, signal.SIGTERM:
            os.killpg(pid, sig)
    else:
        os.killpg(pid, number)
    status = end(pid)
    if how != "CLOSE":
        os.close(fd)
    if status not in (-number, 128 + number):
        print("moment", i, "status", status)
    left = [n for n in (os.listdir(state) if os.path.isdir(state) else []) if n.startswith(("run-", "kept-"))]
    if left:
        print("moment", i, "left", left)
        break
print(moments, "moments")
