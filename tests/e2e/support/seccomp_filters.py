"""The seccomp filters that a process is behind, as the kernel has them (ptrace(2), PTRACE_SECCOMP_GET_FILTER)."""

import ctypes
import errno
import os

SEIZE, INTERRUPT, DETACH, SECCOMP_GET_FILTER = 0x4206, 0x4207, 17, 0x420C
WALL = 0x40000000
INSTRUCTION_BYTES = 8  # struct sock_filter, linux/filter.h

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def ptrace(request: int, pid: int, address=None, data=None) -> int:
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"ptrace request {request:#x} of process {pid}")
    return result


def filters_of(pid: int) -> list:
    """The instructions of each filter, oldest first, as bytes. The process stands still meanwhile."""
    ptrace(SEIZE, pid)
    try:
        ptrace(INTERRUPT, pid)
        os.waitpid(pid, WALL)
        found = []
        while (size := number_of_instructions(pid, len(found))) is not None:
            buffer = ctypes.create_string_buffer(size * INSTRUCTION_BYTES)
            ptrace(SECCOMP_GET_FILTER, pid, len(found), ctypes.addressof(buffer))
            found.append(buffer.raw)
        return found
    finally:
        ptrace(DETACH, pid)


def number_of_instructions(pid: int, index: int) -> int | None:
    """None: it has not that many filters."""
    try:
        return ptrace(SECCOMP_GET_FILTER, pid, index)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINVAL):
            return None
        raise
