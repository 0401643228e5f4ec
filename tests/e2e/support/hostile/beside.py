"""The column beside ours: what the hostile program gets in the place of a QEMU that libvirt started."""

import contextlib
import subprocess
import time
from dataclasses import dataclass, field

from ..audit import AuditMark
from ..kernel import label_of_process
from . import libvirt
from .attempts import Answer, Attempt
from .hostile_qemu import HostileQemu
from .libvirt_stoppers import TrailOfLibvirt
from .outside import runs
from .targets import stack_of
from .walls import selinux_permissive

# Aimed at what libvirt does not have: a record and a kernel in sealed memory; and at immure's monitor by its own
# protocols.
NOT_THERE = {
    "write-record", "write-record-at", "punch-record", "cut-record", "map-record", "make-record-writable", "write-kernel", "map-kernel",
    "map-record-executable", "label-record", "pass-disk-to-monitor", "pass-kvm-to-monitor", "flood-monitor",
}  # fmt: skip
# tests/hostile/targets.hpp: the same for libvirt. Its daemon starts guests, is asked about them and undoes what it did.
PARTS = {
    "command": "/usr/bin/virsh",
    "launcher": libvirt.LIBVIRTD,
    "launcher_label": "system_u:system_r:virtd_t:s0",
    "images": libvirt.IMAGES,
    "image_label": "system_u:object_r:svirt_image_t:s0",
    "guests": libvirt.STATE,
    "journals": libvirt.RUN,
}


@dataclass
class Column:
    answers: dict = field(default_factory=dict)
    stoppers: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)  # what was tried, for people
    places: tuple = ()  # where libvirt has put QEMU, and where whoever made the attempts was


class Guests:
    """A victim, and a hostile guest beside it: another one where an attempt has ended it."""

    def __init__(self, daemon: int):
        self.daemon, self.number, self.hostile = daemon, 0, None
        self.shared = libvirt.image("shared.raw", 1 << 20, 0o644)
        self.victim = libvirt.Domain("victim", [(libvirt.image("victim.raw", 4 << 20), False)])
        self.labels: dict = {}

    def ask(self, attempt: Attempt) -> Answer:
        hostile = self.ready()
        # Audit records have the time of the clock's last tick: keep those of two attempts apart.
        time.sleep(0.03)
        answer = hostile.ask(attempt)
        if not hostile.is_there(answer):
            hostile.close()
            self.hostile = None
        return answer

    def ready(self) -> HostileQemu:
        if not self.victim.pid or not runs(self.victim.pid):
            self.victim.destroy()
            self.victim.start()
        if self.hostile is None:
            self.hostile = HostileQemu(f"hostile-{self.number}", self.shared)
            self.labels[self.hostile.name] = label_of_process(self.hostile.domain.pid)
            self.number += 1
            self.hostile.aim(self.targets())
        return self.hostile

    def targets(self) -> dict:
        pid = self.victim.pid
        return {"victim": pid, "victim_monitor": self.daemon, "keeper": self.daemon, "victim_address": stack_of(pid),
                "victim_disk": self.victim.disks[0][0], "victim_socket": self.victim.socket, **PARTS}  # fmt: skip

    def close(self) -> None:
        if self.hostile is not None:
            self.hostile.close()
        self.victim.destroy()
        for path in (self.shared, self.victim.disks[0][0]):
            path.unlink(missing_ok=True)


def make_column(attempts: list) -> Column:
    column = Column()
    there = [attempt for attempt in attempts if attempt.name not in NOT_THERE]
    with libvirt.running() as daemon, contextlib.closing(Guests(daemon)) as guests:
        mark = AuditMark()
        hostile = guests.ready()
        column.places = hostile.places()
        column.facts = facts_of(hostile.domain, column.places[0])
        column.answers = {attempt.name: guests.ask(attempt) for attempt in there}
        trail = TrailOfLibvirt(mark.records(), guests.labels)
        unclear = [attempt for attempt in there if trail.is_unclear(column.answers[attempt.name])]
        # What the policy denies without a record, it does not deny now.
        with selinux_permissive():
            again = {attempt.name: guests.ask(attempt) for attempt in unclear}
        for attempt in there:
            column.stoppers[attempt.name] = trail.stopper_of(attempt, column.answers[attempt.name], again.get(attempt.name))
    return column


def facts_of(domain: libvirt.Domain, place: dict) -> dict:
    line = domain.command_line()
    return {
        "libvirt": version_of("libvirt-daemon-system"),
        "QEMU": version_of("qemu-system-x86"),
        "policy": version_of("selinux-policy-default"),
        "sandbox": line[line.index("-sandbox") + 1] if "-sandbox" in line else "none",
        "label": place["label"],
    }


def version_of(package: str) -> str:
    shown = subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", package], check=True, capture_output=True, text=True)
    return shown.stdout
