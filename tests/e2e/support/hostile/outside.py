"""What the host sees of an attempt: whether somebody else, or the host, is other than before."""

import os
from pathlib import Path

from ..kernel import descriptors_of, label_of_file

BLOCK = 512
# What a monitor keeps of a log and a console is bounded; its whole group may have 32 MiB.
MONITOR_BYTES = 16 << 20


def runs(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


class Outside:
    """Looks before an attempt and after it, while the guest that made it may still be there."""

    def __init__(self, guest, targets: dict):
        self.guest, self.targets = guest, targets
        self.monitor_descriptors = self._monitor_descriptors()
        self.victim_label = label_of_file(targets["victim_disk"])

    def remarks(self) -> list:
        """Everything that an attempt must not have changed, and did."""
        found = []
        found += [f"{name} is gone" for name in ("victim", "victim_monitor") if not runs(self.targets[name])]
        if (label := label_of_file(self.targets["victim_disk"])) != self.victim_label:
            found.append(f"the victim's disk is labelled {label}")
        facts = os.stat(self.targets["own_disk"])
        if facts.st_size != self.guest.disk_bytes or facts.st_blocks * BLOCK > self.guest.disk_bytes + (64 << 10):
            found.append(f"its disk has {facts.st_size} bytes and takes {facts.st_blocks * BLOCK}")
            os.truncate(self.targets["own_disk"], self.guest.disk_bytes)
        if (memory := self._monitor_memory()) > MONITOR_BYTES:
            found.append(f"its monitor takes {memory} bytes")
        return found

    def remarks_while_running(self) -> list:
        """Where the guest is still there: its keeper must be too, and its monitor with the descriptors that it had."""
        now = self._monitor_descriptors()
        found = [] if now == self.monitor_descriptors else [f"its monitor has the descriptors {now}"]
        return found if runs(self.targets["keeper"]) else [*found, "its keeper is gone"]

    def _monitor_descriptors(self) -> dict:
        try:
            return descriptors_of(self.guest.monitor)
        except OSError:
            return {}

    def _monitor_memory(self) -> int:
        try:
            return int((self.guest.cgroup.parent / "monitor/memory.peak").read_text())
        except OSError:
            return 0
