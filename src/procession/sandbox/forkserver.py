"""The clean, warm process children are forked from: ``python -m procession.sandbox.forkserver VERBS_MODULE FD``.

It is exec'ed with an environment of its own before the service opens a key, thread or socket, and imports no settings.
Each request on the control socket carries two descriptors: the child's (request in, frames out) and the watch, on which
the server tells the child's process id and end. Closing the watch, or writing to it, kills the child.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType

from procession.sandbox import confine
from procession.sandbox.frames import encode_json

READY = b"R"
CHILD_NICENESS = 10
"""Reading documents yields to the service: uploads and pages answer at once while every core analyses."""
EXIT_NO_VERBS = 70
"""sysexits(3): a child ended without saying anything."""


def main() -> None:
    verbs = importlib.import_module(sys.argv[1])
    control = socket.socket(fileno=int(sys.argv[2]))
    _yield_to_others()
    verbs.warm_up()
    gc.collect()
    gc.freeze()  # the collector would otherwise touch, and so copy, every page shared with the children
    try:
        control.sendall(READY)
    except BrokenPipeError:  # whoever started it is gone already
        return
    Server(control, verbs, confine.Confinement.prepare()).serve()


class Server:
    def __init__(self, control: socket.socket, verbs: ModuleType, confinement: confine.Confinement) -> None:
        self._control = control
        self._verbs = verbs
        self._watches: dict[int, socket.socket] = {}
        self._confinement = confinement
        self._selector = selectors.DefaultSelector()
        self._wake, wake_write = socket.socketpair()
        self._wake_write = wake_write
        for end in (self._wake, wake_write):
            end.setblocking(False)

    def serve(self) -> None:
        """Until the control socket's other end is gone; then no child survives."""
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    if not self._take():
                        self._end()
                        return
                elif key.fileobj is self._wake:
                    with contextlib.suppress(BlockingIOError):
                        self._wake.recv(4096)
                    self._reap()
                elif self._watches.get(key.data) is key.fileobj:  # else it was reaped in this very round
                    self._selector.unregister(key.fileobj)
                    _kill(key.data)

    def _end(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for pid in self._watches:
            _kill(pid)

    def _take(self) -> bool:
        try:
            said, fds, _, _ = socket.recv_fds(self._control, 1, 2)
        except ConnectionError:
            return False
        if not said:
            return False
        if len(fds) != 2:
            for fd in fds:
                os.close(fd)
            return True
        with socket.socket(fileno=fds[0]) as request:
            watch = socket.socket(fileno=fds[1])
            try:
                pid = os.fork()
            except OSError as error:
                _tell(watch, {"type": "refused", "reason": error.strerror})
                watch.close()
                return True
            if pid == 0:
                self._child(request.detach())
        self._watches[pid] = watch
        self._selector.register(watch, selectors.EVENT_READ, pid)
        _tell(watch, {"type": "started", "pid": pid})
        return True

    def _child(self, fd: int) -> None:
        """Never returns: also an error before the verbs' own handling ends the process."""
        code = EXIT_NO_VERBS
        try:
            parent = os.getppid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setpgid(0, 0)  # the session stays the server's: a new one would be an equal of the service to the kernel
            os.nice(CHILD_NICENESS)
            fd = _only(fd, self._confinement.landlock.fd)
            confine.die_with_parent(parent)
            self._verbs.run(socket.socket(fileno=fd), self._confinement)
            code = 0
        finally:
            os._exit(code)

    def _reap(self) -> None:
        for pid in list(self._watches):
            done, status, usage = os.wait4(pid, os.WNOHANG)
            if not done:
                continue
            watch = self._watches.pop(pid)
            with contextlib.suppress(KeyError):
                self._selector.unregister(watch)
            ended = {
                "type": "ended",
                "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
                "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
                "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 6),
                "memory_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            }
            _tell(watch, ended)
            watch.close()


def _yield_to_others() -> None:
    """Where the kernel schedules session by session (sched(7), autogroup), niceness counts within one only."""
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(f"{CHILD_NICENESS}\n")


def _tell(watch: socket.socket, what: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # whoever asked is gone
        watch.sendall(encode_json(what))


def _kill(pid: int) -> None:
    """The child and whatever shares its process group. It is not reaped yet, so the id is still its own."""
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _only(fd: int, rules: int) -> int:
    """Closes every descriptor but ``fd`` and ``rules``; standard streams lead nowhere. Returns where ``fd`` is now."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    kept = sorted(one for one in (fd, rules) if one > 2)
    start = 3
    for one in kept:
        os.closerange(start, one)
        start = one + 1
    os.closerange(start, max(1024, os.sysconf("SC_OPEN_MAX")) if sys.platform != "linux" else 2**20)
    return fd


if __name__ == "__main__":
    main()
