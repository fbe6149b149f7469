"""What a child gives up before it reads a document: memory, time, files, network, other processes, new privileges.

Seccomp, Landlock and the parent-death signal are Linux's; elsewhere the limits that exist apply, and ``missing`` names
the others. Order matters: Landlock and limits first, the system-call filter last.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from procession.sandbox.limits import Budget

LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38

_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_VERSION_FLAG = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
_FS_READ_FILE, _FS_READ_DIR = 1 << 2, 1 << 3
_FS_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights to files each version of Landlock can take away (landlock(7)); later versions have as many as 5."""

FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts", "/etc/fonts")
TIME_ZONES = ("/usr/share/zoneinfo", "/etc/localtime")
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")

_UNNAMED_FILE = getattr(os, "O_TMPFILE", 0) & ~getattr(os, "O_DIRECTORY", 0)
"""O_TMPFILE's own bit. The other it carries is that of listing a folder, which importing a module needs."""
_OPEN_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | _UNNAMED_FILE

_THREAD = 0x00000100 | 0x00000800 | 0x00010000
"""CLONE_VM, CLONE_SIGHAND and CLONE_THREAD: what shares all of these is a thread."""

SYSTEM_CALLS = (
    # the pipe that is open already, and files opened for reading
    *("read", "readv", "pread64", "preadv", "write", "writev", "close", "lseek", "fstat", "stat", "lstat", "statx"),
    *("newfstatat", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "dup"),
    *("recvfrom", "sendto", "recvmsg", "sendmsg", "shutdown", "poll", "ppoll", "select", "pselect6", "fcntl"),
    # memory
    *("mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "membarrier"),
    # time, randomness, what the process is
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom", "getpid"),
    *("gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getrusage", "getrlimit", "sysinfo", "uname"),
    *("sched_getaffinity", "sched_yield", "getcpu", "futex", "rseq", "set_robust_list"),
    # signals of its own, and the end
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group"),
)
"""All a child may ask of the kernel. What is not here fails with EPERM; calls ruled by argument stand in the filter."""


def mapped_but_absent_bytes() -> int:
    """Address space of this process beyond what is in memory: libraries' code, mostly. 0 where it cannot be known."""
    try:
        total, resident = Path("/proc/self/statm").read_text().split()[:2]
    except OSError:
        return 0
    return (int(total) - int(resident)) * resource.getpagesize()


class Limits:
    """Resource limits of this process: soft ones to start with, hard ones it can never pass."""

    def __init__(self, budget: Budget, absent_bytes: int) -> None:
        self._budget = budget
        self._absent = absent_bytes

    def apply(self, *, threads: bool = False) -> None:
        budget = self._budget
        cpu_max = max(1, round(budget.cpu_seconds_max))
        self._set(
            resource.RLIMIT_AS,
            budget.memory_bytes + self._absent,
            max(budget.memory_bytes, budget.memory_ocr_bytes) + self._absent,
        )
        self._set(resource.RLIMIT_CPU, min(max(1, round(budget.cpu_seconds)), cpu_max), cpu_max + 1)
        self._set(resource.RLIMIT_FSIZE, 0, 0)
        self._set(resource.RLIMIT_NOFILE, budget.open_files_max, budget.open_files_max)
        self._set(resource.RLIMIT_CORE, 0, 0)
        if not threads:  # Linux counts threads as processes; seccomp still refuses processes
            self._set(resource.RLIMIT_NPROC, 0, 0)

    def allow_pages(self, fraction: float) -> None:
        """CPU for ``fraction`` (0 to 1) of the pages this child could have been given."""
        budget = self._budget
        more = (budget.cpu_seconds_max - budget.cpu_seconds) * min(1.0, max(0.0, fraction))
        self._raise(resource.RLIMIT_CPU, round(budget.cpu_seconds + more))

    def allow_ocr(self) -> None:
        self._raise(resource.RLIMIT_AS, self._budget.memory_ocr_bytes + self._absent)

    @staticmethod
    def _set(which: int, soft: int, hard: int) -> None:
        try:
            resource.setrlimit(which, (soft, hard))
        except (ValueError, OSError):  # not everywhere can every limit be lowered
            if LINUX:
                raise

    @staticmethod
    def _raise(which: int, soft: int) -> None:
        now, hard = resource.getrlimit(which)
        if now < soft <= hard:
            resource.setrlimit(which, (soft, hard))


def die_with_parent(parent: int) -> None:
    """SIGKILL when ``parent`` ends, also when it ended before this call."""
    if LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _prctl(_PR_SET_DUMPABLE, 0)
    if os.getppid() != parent:
        os._exit(1)


def no_new_privileges() -> None:
    if LINUX:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


_LIBC: list[Any] = []


def _libc() -> Any:
    if not _LIBC:
        _LIBC.append(ctypes.CDLL(None, use_errno=True))
    return _LIBC[0]


# --- Landlock ---------------------------------------------------------------------------------------------------------


def landlock_version() -> int:
    """0 where the kernel has none."""
    if not LINUX:
        return 0
    return max(0, int(_libc().syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION_FLAG)))


def readable_paths(extra: Iterable[str] = ()) -> tuple[str, ...]:
    """Folders a child may read: Python's modules, this package's data, fonts, time zones, language data. No home, no
    data folder, no /proc."""
    modules = {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    package = Path(__file__).resolve().parents[1]
    tesseract = ("/usr/share/tesseract-ocr", "/usr/share/tessdata", os.environ.get("TESSDATA_PREFIX", ""))
    wanted = (*modules, str(package), *LIBRARIES, *FONTS, *TIME_ZONES, *tesseract, *extra, "/dev/null", "/dev/urandom")
    return tuple(path for path in dict.fromkeys(wanted) if path and os.path.exists(path))


class Landlock:
    """A rule set, made once by the fork-server and taken on by each child."""

    def __init__(self, readable: Sequence[str]) -> None:
        self._fd = -1
        version = landlock_version()
        if not version:
            return
        rights = (1 << _FS_RIGHTS_BY_ABI.get(version, 16)) - 1
        network = 0b11 if version >= 4 else 0  # bind and connect, TCP
        scoped = 0b11 if version >= 6 else 0  # abstract sockets and signals of other processes
        attributes = struct.pack("=QQQ", rights, network, scoped)[: 24 if version >= 6 else 16 if version >= 4 else 8]
        self._fd = _checked(_libc().syscall(_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0), "landlock")
        for path in readable:
            self.allow(path)

    @property
    def fd(self) -> int:
        return self._fd

    def allow(self, path: str) -> None:
        """Reading beneath ``path``, or the file itself."""
        if self._fd < 0:
            return
        at = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = _FS_READ_FILE | (_FS_READ_DIR if os.path.isdir(path) else 0)
            rule = struct.pack("=Qi", rights, at)
            _checked(_libc().syscall(_LANDLOCK_ADD_RULE, self._fd, _LANDLOCK_RULE_PATH_BENEATH, rule, 0), path)
        finally:
            os.close(at)

    def restrict(self) -> None:
        """From now on, for this process. Needs ``no_new_privileges`` first."""
        if self._fd >= 0:
            _checked(_libc().syscall(_LANDLOCK_RESTRICT_SELF, self._fd, 0), "landlock")
            os.close(self._fd)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return int(result)


# --- system calls -----------------------------------------------------------------------------------------------------


_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_BPF_INSTRUCTION_BYTES = 8
_ANY_PROCESS = 0x7E57_C0DE
"""Stands in a translated filter for the process id of whoever takes it on; no real id is as large."""


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class SystemCalls:
    """The allow-list, translated once by the fork-server (5 ms) and taken on by each child; empty without seccomp."""

    def __init__(self) -> None:
        self._programs: dict[bool, bytes] = {}
        if not LINUX:
            return
        import pyseccomp as seccomp  # here, not in the child: finding libseccomp runs other programs

        self._programs = {threads: self._translated(seccomp, threads) for threads in (False, True)}
        others = seccomp.SyscallFilter(seccomp.ALLOW)
        others.add_rule(seccomp.ERRNO(errno.EPERM), "tgkill", seccomp.Arg(0, seccomp.NE, _ANY_PROCESS))
        self._others = _exported(others)
        if self._others.count(struct.pack("=I", _ANY_PROCESS)) != 1:
            raise OSError(errno.ENOTSUP, "libseccomp translates otherwise than known: tgkill cannot be narrowed")

    @staticmethod
    def _translated(seccomp: Any, threads: bool) -> bytes:
        allowed = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
        for name in SYSTEM_CALLS:
            _allow(seccomp, allowed, name)
        _allow(seccomp, allowed, "open", seccomp.Arg(1, seccomp.MASKED_EQ, _OPEN_TO_WRITE, 0))
        _allow(seccomp, allowed, "openat", seccomp.Arg(2, seccomp.MASKED_EQ, _OPEN_TO_WRITE, 0))
        # raising its own soft limits, never another process's
        _allow(seccomp, allowed, "prlimit64", seccomp.Arg(0, seccomp.EQ, 0))
        _allow(seccomp, allowed, "setrlimit")
        _allow(seccomp, allowed, "tgkill")  # abort(); ``restrict`` narrows it to the child itself
        if threads:
            # a thread of its own, never a process; clone3 hides its flags in memory, so the C library must not use it
            _allow(seccomp, allowed, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _THREAD, _THREAD))
            allowed.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
        return _exported(allowed)

    def restrict(self, *, threads: bool = False) -> None:
        """From now on, for this process and its ``threads``, if it may start any. Needs ``no_new_privileges`` first."""
        if not self._programs:
            return
        others = self._others.replace(struct.pack("=I", _ANY_PROCESS), struct.pack("=I", os.getpid()))
        for content in (others, self._programs[threads]):
            program = _Program(len(content) // _BPF_INSTRUCTION_BYTES, content)
            if _libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "seccomp")


def _exported(program: Any) -> bytes:
    """The instructions of a filter."""
    with tempfile.TemporaryFile() as file:
        program.export_bpf(file)
        file.seek(0)
        return file.read()


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the fork-server prepares and every child takes on."""

    landlock: Landlock
    system_calls: SystemCalls
    absent_bytes: int
    """``mapped_but_absent_bytes`` of the fork-server, whose memory a child starts with."""

    @classmethod
    def prepare(cls) -> Confinement:
        return cls(Landlock(readable_paths()), SystemCalls(), mapped_but_absent_bytes())


def _allow(seccomp: Any, allowed: Any, name: str, *arguments: Any) -> None:
    try:
        number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
    except OSError:
        return
    if number >= 0:  # not every architecture has every call: open and stat are newer ones' openat and statx
        allowed.add_rule(seccomp.ALLOW, name, *arguments)


def missing() -> tuple[str, ...]:
    """Protections this machine lacks, in plain words."""
    lacking = []
    if not LINUX:
        lacking += ["system call filter (seccomp)", "parent-death signal"]
    else:
        try:
            import pyseccomp as _  # noqa: F401
        except (ImportError, RuntimeError, OSError):
            lacking.append("system call filter (seccomp)")
    if not landlock_version():
        lacking.append("file access rules (Landlock)")
    if sys.platform == "darwin":
        lacking.append("address space limit")
    return tuple(lacking)
