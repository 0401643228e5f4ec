"""What the attempts are aimed at: another guest, and things of the host that anybody on it may use."""

import contextlib
import ctypes
import os
import socket
import subprocess
from pathlib import Path

from ..guest import Guest, disk, image

# tests/hostile/attempts/ipc.cpp, sockets.cpp
IPC_KEY, ABSTRACT_NAME, SECRET = 0x696D, b"\0immure-hostile-listener", b"immure-hostile"
IPC_CREAT, IPC_RMID, SYS_ADD_KEY, KEY_SPEC_SESSION_KEYRING = 0o1000, 0, 248, -3
HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")
libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def victim():
    """A guest beside the hostile one; yields what the hostile VMM is told of it."""
    path = image("victim.raw")
    guest = Guest("victim", "hang", disks=[disk(path)])
    try:
        guest.start()
        facts = guest.inspect()
        pid = facts["vmm_pid"]
        yield {
            "victim": pid,
            "victim_monitor": facts["monitor"]["pid"],
            "victim_address": stack_of(pid),
            "victim_disk": path,
            "victim_socket": "/run/immure/guests/victim/monitor.sock",
        }
    finally:
        guest.kill()


@contextlib.contextmanager
def bystanders(targets: dict):
    """The same where there is no wall: processes and a file that nobody minds."""
    path = Path("/var/lib/immure/images/bystander.raw")
    path.write_bytes(b"\0" * (4 << 20))
    path.chmod(0o700)
    processes = [subprocess.Popen(["sleep", "infinity"]) for _ in range(3)]
    try:
        pids = [process.pid for process in processes]
        names = ("victim", "victim_monitor", "keeper")
        yield {**targets, **dict(zip(names, pids)), "victim_address": stack_of(pids[0]), "victim_disk": path,
               "own_disk": path, "own_cgroup": "/sys/fs/cgroup/immure"}  # fmt: skip
    finally:
        for process in processes:
            process.kill()
            process.wait()
        path.unlink()


def stack_of(pid: int) -> int:
    """Of its stack."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if line.endswith("[stack]"):
            return int(line.partition("-")[0], 16)
    raise AssertionError(f"process {pid} has no stack")


@contextlib.contextmanager
def things_of_the_host():
    """System V objects and an abstract socket that are open to everybody, a key in this session's keyring, free huge pages."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(ABSTRACT_NAME)
    listener.listen()
    shared = libc.shmget(IPC_KEY, 4096, IPC_CREAT | 0o666)
    semaphores = libc.semget(IPC_KEY, 1, IPC_CREAT | 0o666)
    queue = libc.msgget(IPC_KEY, IPC_CREAT | 0o666)
    libc.syscall(SYS_ADD_KEY, b"user", SECRET, b"x", ctypes.c_size_t(1), KEY_SPEC_SESSION_KEYRING)
    HUGE_PAGES.write_text("4\n")
    try:
        yield
    finally:
        HUGE_PAGES.write_text("0\n")
        libc.msgctl(queue, IPC_RMID, None)
        libc.semctl(semaphores, 0, IPC_RMID)
        libc.shmctl(shared, IPC_RMID, None)
        listener.close()


def shared_disk() -> Path:
    """One that many guests may read."""
    path = image("hostile-shared.raw", 1)
    os.chmod(path, 0o644)
    return path
