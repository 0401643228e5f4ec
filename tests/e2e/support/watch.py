"""Looks at a guest's processes while it runs: what they take of the host, and how soon another guest answers meanwhile."""

import contextlib
import os
import re
import subprocess
import threading
import time
from pathlib import Path

from .guest import IMMURE, Guest
from .kernel import descriptors_of, threads_of

ANSWER_SECONDS = 60


def own_memory_of(pid: int) -> int:
    """Bytes of its own that a process has, without its largest mapping: a VMM's guest memory (proc_pid_smaps(5))."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    mappings = re.findall(r"^Size: +(\d+) kB.*?^Anonymous: +(\d+) kB", text, re.M | re.S)
    largest = max(mappings, key=lambda mapping: int(mapping[0]))
    return sum(int(anonymous) << 10 for size, anonymous in mappings if (size, anonymous) != largest)


def kernel_memory_of(group: Path) -> int:
    """Bytes that the kernel keeps for a cgroup: page tables, sockets, io_uring and the like."""
    values = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return int(values["kernel"]) + int(values["sock"])


class Every:
    """Calls something again and again, on a thread of its own, until stop()."""

    def __init__(self, seconds: float, call):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(seconds, call), daemon=True)
        self.thread.start()

    def run(self, seconds: float, call) -> None:
        while not self.over.wait(seconds):
            with contextlib.suppress(OSError, ValueError):  # what is looked at may be gone just then
                call()

    def stop(self) -> None:
        self.over.set()
        self.thread.join()


class Usage:
    """The most that a guest's processes and cgroup had at any time since the start, beside what they had then."""

    def __init__(self, vmm: int, monitor: int, group: Path):
        self.vmm, self.monitor, self.group = vmm, monitor, group
        self.first = self.look()
        self.most, self.looks = dict(self.first), 1

    def look(self) -> dict:
        return {
            "threads of the VMM": len(threads_of(self.vmm)),
            "descriptors of the VMM": len(descriptors_of(self.vmm)),
            "memory of the VMM": own_memory_of(self.vmm),
            "threads of the monitor": len(threads_of(self.monitor)),
            "descriptors of the monitor": len(descriptors_of(self.monitor)),
            "memory of the monitor": own_memory_of(self.monitor),
            "memory of the kernel": kernel_memory_of(self.group),
        }

    def look_again(self) -> None:
        self.most = {what: max(most, now) for (what, most), now in zip(self.most.items(), self.look().values(), strict=True)}
        self.looks += 1

    def growth(self) -> dict:
        return {what: self.most[what] - self.first[what] for what in self.first}


class Neighbour:
    """A guest with a shell on its console, asked to read a block of its disk."""

    def __init__(self, guest: Guest):
        self.client = subprocess.Popen([IMMURE, "console", guest.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        os.set_blocking(self.client.stdout.fileno(), False)
        self.asked = 0
        self.ask()  # the first one finds the programs that it needs

    def ask(self) -> float:
        """Seconds until the answer was here."""
        self.asked += 1
        began = time.monotonic()
        # Another block each time, which the guest cannot have yet. What is typed comes back, too: so no DONE in it.
        command = f"dd if=/dev/vda of=/dev/null bs=4096 count=1 skip={64 * self.asked} 2>/dev/null && echo DO''NE {self.asked}.\n"
        self.client.stdin.write(command.encode())
        seen, wanted = bytearray(), f"DONE {self.asked}.".encode()
        while wanted not in seen:
            seen += self.client.stdout.read(65536) or b""
            if self.client.poll() is not None or time.monotonic() - began > ANSWER_SECONDS:
                raise AssertionError(f"the other guest has gone, or did not answer within {ANSWER_SECONDS} s; it said {bytes(seen)}")
            time.sleep(0.005)
        return time.monotonic() - began

    def close(self) -> None:
        self.client.kill()
        self.client.communicate()
