"""Programs that a benchmark runs beside itself: started, waited for, measured through /proc, and ended."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

ROOT = pathlib.Path(__file__).parents[1]
PYTHON = sys.executable
_TICK = os.sysconf('SC_CLK_TCK')


class Program:
    """A running program and all that descend from it."""

    def __init__(self, pid: int, log: pathlib.Path) -> None:
        self.pid = pid
        self.log = log

    def cpu(self) -> float:
        """Seconds of user and system time of the whole family so far."""
        return sum(_cpu(pid) for pid in _family(self.pid))

    def forget_peak(self) -> None:
        """Let the peak of resident memory begin anew (proc(5), clear_refs)."""
        pathlib.Path(f'/proc/{self.pid}/clear_refs').write_text('5', encoding='ascii')

    def resident(self) -> int:
        """Bytes of resident memory of the program itself."""
        return _status(self.pid, 'VmRSS')

    def own(self) -> int:
        """Bytes of resident memory that are no pages of files: what a program has mapped of its database is the kernel's cache."""
        return _status(self.pid, 'RssAnon')

    def share(self) -> int:
        """Bytes of memory of the whole family, what several of them share counted once (proc(5), smaps_rollup)."""
        return sum(_share(pid) for pid in _family(self.pid))

    def peak(self) -> int:
        """Most bytes of resident memory since `forget_peak`."""
        return _status(self.pid, 'VmHWM')


@contextlib.contextmanager
def running(command: Sequence[str], log: pathlib.Path, port: int, seconds: float = 60) -> Iterator[Program]:
    """Run it until the block ends; the block begins when it listens on the port of 127.0.0.1."""
    with log.open('wb') as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT)
    try:
        deadline = time.monotonic() + seconds
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'{command[0]} does not listen on port {port}: {log.read_text(errors="replace")[-2000:]}')
            time.sleep(0.05)
        yield Program(process.pid, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(('127.0.0.1', port)) == 0


def _family(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def _fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on; none where the process is gone."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='ascii', errors='replace').rpartition(')')[2].split()
    except OSError:
        return []


def _cpu(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def _share(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text(encoding='ascii').splitlines():
            if line.startswith('Pss:'):
                return int(line.split()[1]) * 1024
    return 0


def _status(pid: int, key: str) -> int:
    for line in pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8').splitlines():
        if line.startswith(key + ':'):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f'/proc/{pid}/status has no {key}.')
