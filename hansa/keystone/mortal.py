"""A process that does not outlive the one that started it (Linux, prctl(2) PR_SET_PDEATHSIG)."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """End this process when `parent`, its parent's process id, ends; at once where it has ended already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'prctl does not take PR_SET_PDEATHSIG')
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
