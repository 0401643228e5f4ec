"""The hostile program in the place of a QEMU that libvirt started: see tests/hostile/emulator.hpp."""

import os
import socket
import time
from pathlib import Path

from ..kernel import label_of_file, label_of_process, namespaces_of, status_of
from ..seccomp_filters import filters_of
from . import libvirt
from .attempts import Answer
from .guest import START_SECONDS, HostileProcess
from .outside import BLOCK, runs

STATUS = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters")
# virtlogd keeps a log of 2 MiB and three older ones of a guest.
LOG_BYTES = 16 << 20


class HostileQemu(HostileProcess):
    disk_bytes = 1 << 20

    def __init__(self, name: str, shared_disk: Path):
        self.path = libvirt.image(f"{name}.raw", self.disk_bytes, 0o700)
        self.domain = libvirt.Domain(name, [(self.path, False), (shared_disk, True)])
        self.socket = None
        try:
            self.domain.start()
            self.socket = socket_at_level_of(self.domain.pid)
            self._connect(f"\0{name}".encode())
            super().__init__(name, None, self.socket.fileno(), self.socket.fileno())
            filters = [f"filter={text.hex()}" for text in filters_of(self.domain.pid)]
            self.tell(" ".join(["behind", f"own_disk={self.path}", f"shared_disk={shared_disk}", *filters]))
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _connect(self, address: bytes) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.socket.connect(address)
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def places(self) -> tuple:
        """Where libvirt has put QEMU, and where whoever makes an attempt is."""
        self.tell("hold")
        word, pid = self.line(START_SECONDS).split()
        if word != "held":
            raise AssertionError(f"{self.name} says {word} {pid}")
        found = place_of(self.domain.pid), place_of(int(pid))
        self.tell("go on")
        self.line(START_SECONDS)
        return found

    def aim(self, targets: dict) -> None:
        self.targets = {**targets, "own_disk": self.path, "own_cgroup": self.domain.cgroup()}
        self.seen_before = self._seen()

    def look(self, answer: Answer) -> None:
        now = self._seen()
        answer.remarks += [words for words, state in now.items() if state != self.seen_before[words]]
        os.truncate(self.path, self.disk_bytes)
        self.seen_before = self._seen()
        super().look(answer)

    def _seen(self) -> dict:
        """What an attempt must not change, by what is to be said of it where it did."""
        facts = os.stat(self.path)
        return {
            "the victim is gone": runs(self.targets["victim"]),
            "libvirtd is gone": runs(self.targets["keeper"]),
            "the victim's disk has another label": label_of_file(self.targets["victim_disk"]),
            "its disk is longer": facts.st_size > self.disk_bytes,
            "its disk takes more": facts.st_blocks * BLOCK > self.disk_bytes + (64 << 10),
            "its log is not bounded": self.domain.log_bytes() > LOG_BYTES,
        }

    def is_there(self, answer: Answer) -> bool:
        """Whether another attempt can be made after this one."""
        return answer.outcome not in ("gone", "silent", "unmade") and runs(self.domain.pid)

    def end(self) -> Answer:
        return Answer("gone")

    def last_words(self) -> str:
        return (libvirt.LOGS / f"{self.name}.log").read_text(errors="replace")[-2000:]

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
        self.domain.destroy()
        self.path.unlink(missing_ok=True)


def socket_at_level_of(pid: int) -> socket.socket:
    """The other end of a connection gets our categories, and may not be read with others than its own: libvirt does the same."""
    own_type = label_of_process(os.getpid()).split(":")[:3]
    level = label_of_process(pid).split(":")[3:]
    with Path("/proc/thread-self/attr/sockcreate").open("wb", buffering=0) as file:
        file.write(":".join(own_type + level).encode())
        try:
            return socket.socket(socket.AF_UNIX)
        finally:
            file.write(b"\n")


def place_of(pid: int) -> dict:
    """All that the kernel goes by when it decides what a process may do."""
    status = status_of(pid)
    return {
        "label": label_of_process(pid),
        **{key: status[key] for key in STATUS},
        "namespaces": namespaces_of(pid),
        "user namespace": os.readlink(f"/proc/{pid}/ns/user"),
        "root": os.readlink(f"/proc/{pid}/root"),
        "cgroup": Path(f"/proc/{pid}/cgroup").read_text().strip(),
        "limits": Path(f"/proc/{pid}/limits").read_text().splitlines(),
        "filters": [text.hex() for text in filters_of(pid)],
    }
