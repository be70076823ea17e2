"""Become another program that is told to end when its parent is gone: `python tether.py PARENT COMMAND…`.

The kernel keeps the promise across `exec`, so it holds whatever the program is and however the parent dies. It is a
program of its own because a callback between `fork` and `exec` may lock up in a process that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to its parent, and become the command."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(0)  # it died before the tie was made
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
