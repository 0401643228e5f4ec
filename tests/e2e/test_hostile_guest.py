"""A guest that drives every device wrongly (tests/hostile_guest): nobody but itself has anything of that."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import IMMURE, Guest, disk, image
from support.install import IMAGES, PUSHED
from support.kernel import processes_named
from support.watch import Every, Neighbour, Usage

KERNEL = PUSHED / "hostile-guest"
HOST_POLICY = Path("/etc/immure/host.toml")
TAP = "imhostile0"
RUN_SECONDS, STOP_SECONDS = 240, 1.5
LEAST_ATTACKS = 60
# While nobody reads what the guest says, these fill what there is to fill.
FLOODS = ("console-flood", "serial-flood")
FRAME = b"\xff" * 6 + bytes.fromhex("020000000001") + bytes.fromhex("88b5") + bytes(46)

MEBIBYTE = 1 << 20
MOST_GROWTH = {
    "threads of the VMM": 4,  # of the kernel's, for the io_uring of a disk: vmm/virtio/io_ring.cpp, two of each kind
    "descriptors of the VMM": 0,
    "memory of the VMM": 2 * MEBIBYTE,  # 64 requests of that disk, of some 12 KiB, and stacks that were not used before
    "threads of the monitor": 0,
    "descriptors of the monitor": 2,  # a connection each of those who look at its log and console here
    "memory of the monitor": MEBIBYTE // 2,  # its three rings of 64 KiB, which are empty at first
    "memory of the kernel": 6 * MEBIBYTE,  # page tables, full sockets to the monitor, the threads above
}
# A warning has a name in front (vmm/rate_limited_log.hpp: four lines a second for each): devices, disks and nets twice, IOAPIC.
LINES_PER_SECOND = 4 * 16
LINE_BYTES = 200


class Run:
    """One hostile guest from its start to its end, a guest beside it, and everything that was seen meanwhile."""

    def __init__(self, guest: Guest, neighbour: Neighbour, tap: str):
        self.guest, self.neighbour = guest, neighbour
        self.output, self.log, self.attack = bytearray(), bytearray(), "none"
        self.before = [neighbour.ask() for _ in range(10)]
        self.meanwhile = []
        began = time.monotonic()
        self.process = guest.run_in_background()
        vmm = guest.pid_when_running()
        self.monitor = newest(processes_named("immure-monitor"))
        group = Path("/sys/fs/cgroup") / guest.inspect()["cgroup"].removeprefix("/sys/fs/cgroup").lstrip("/")
        follower = subprocess.Popen([IMMURE, "logs", "--follow", guest.name], stdout=subprocess.PIPE, bufsize=0)
        readers = [threading.Thread(target=target, daemon=True) for target in (self.read_console, lambda: self.read_log(follower))]
        for reader in readers:
            reader.start()
        self.usage = Usage(vmm, self.monitor, group)
        # The guest waits for a key.
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        sender = Frames(tap)
        watchers = [Every(0.5, self.usage.look_again), Every(0.02, sender.send), Every(0.3, self.ask_neighbour)]
        try:
            self.exit = self.process.wait(timeout=RUN_SECONDS)
        finally:
            for watcher in watchers:
                watcher.stop()
            guest.kill()
            for reader in readers:
                reader.join(timeout=10)
            follower.kill()
            follower.wait()
        self.seconds = time.monotonic() - began
        self.after = neighbour.ask()
        neighbour.close()

    def ask_neighbour(self) -> None:
        self.meanwhile.append((self.neighbour.ask(), self.attack))

    def read_log(self, follower: subprocess.Popen) -> None:
        while chunk := follower.stdout.read(65536):
            self.log += chunk

    def read_console(self) -> None:
        """Takes the guest's reader away where the guest fills the console."""
        line = b""
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            self.output += chunk
            *lines, line = (line[-200:] + chunk).split(b"\n")
            for name in (text.removeprefix(b"begins ").decode().strip() for text in lines if text.startswith(b"begins ")):
                self.attack = name
                if name in FLOODS:
                    os.kill(self.monitor, signal.SIGSTOP)
                    threading.Timer(STOP_SECONDS, self.continue_monitor).start()

    def continue_monitor(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.monitor, signal.SIGCONT)

    @property
    def said(self) -> str:
        return self.output.decode(errors="replace").replace("\r", "")

    @property
    def outcomes(self) -> dict:
        return dict(re.findall(r"^outcome (\S+): (.*)$", self.said, re.M))

    def words(self) -> str:
        """What it said, without the floods."""
        return re.sub(r"#{9,}", "#...", self.said)[-6000:]


class Frames:
    """Sends the guest a frame."""

    def __init__(self, tap: str):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((tap, 0))
        self.socket.setblocking(False)

    def send(self) -> None:
        with contextlib.suppress(OSError):  # the tap is full, as it may be
            self.socket.send(FRAME)


def newest(pids: list) -> int:
    return max(pids, key=lambda pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class TestHostileGuest(ImmureTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not KERNEL.exists():
            raise AssertionError(f"{KERNEL.name} was not pushed; build it with: ./tools/build dev")
        HOST_POLICY.write_text(f'[networks]\ntaps = ["{TAP}"]\n')
        cls.addClassCleanup(HOST_POLICY.unlink)
        for words in (("tuntap", "add", TAP, "mode", "tap"), ("link", "set", TAP, "up")):
            subprocess.run(["ip", *words], check=True)
        cls.addClassCleanup(subprocess.run, ["ip", "link", "delete", TAP], check=True)
        cls.run_of_it = cls.run_beside_another()
        slowest = max(cls.run_of_it.meanwhile)
        print(f"          {len(cls.run_of_it.outcomes)} attacks in {cls.run_of_it.seconds:.0f} s; the other guest answered within "
              f"{max(cls.run_of_it.before):.2f} s before, {slowest[0]:.2f} s meanwhile ({slowest[1]}); grown: {cls.run_of_it.usage.growth()}; "
              f"log: {len(cls.run_of_it.log)} bytes", flush=True)  # fmt: skip

    @classmethod
    def run_beside_another(cls) -> Run:
        beside = Guest("beside", "shell", disks=[disk(image("beside.raw", 512))])
        try:
            beside.start().console_until("IMMURE-GUEST-READY")
            neighbour = Neighbour(beside)
            guest = cls.hostile_guest()
            cls.digest_before = digest(cls.fixed)
            cls.mark = AuditMark()
            return Run(guest, neighbour, TAP)
        finally:
            beside.kill()

    @classmethod
    def hostile_guest(cls) -> Guest:
        kernel = IMAGES / KERNEL.name
        shutil.copyfile(KERNEL, kernel)
        cls.addClassCleanup(kernel.unlink, missing_ok=True)
        cls.plain, cls.ring, cls.fixed = (image(f"hostile-guest-{name}.raw") for name in ("plain", "ring", "fixed"))
        cls.fixed.write_bytes(b"=" * cls.fixed.stat().st_size)
        disks = [disk(cls.plain, id="plain") | {"queues": 1}, disk(cls.ring, id="ring") | {"engine": "io_uring", "queues": 2},
                 disk(cls.fixed, id="fixed", read_only=True) | {"queues": 1}]  # fmt: skip
        guest = Guest("hostile-guest", kernel=kernel, initrd=None, memory="64 MiB", vcpus=4, command_line="", disks=disks,
                      virtio_console=True, balloon=True, nets=[{"id": "lan", "tap": TAP}])  # fmt: skip
        guest.tables |= {"vsock": {"cid": 3}, "watchdog": {"expiry": "end"}}
        guest.write()
        return guest

    def test_each_attack_leaves_devices_and_memory_as_they_should_be(self):
        run = self.run_of_it
        self.assertIn("before all attacks: ok", run.said)
        self.assertNotIn("the kernel itself is WRONG", run.said, run.words())
        self.assertEqual({name: outcome for name, outcome in run.outcomes.items() if outcome != "ok"}, {})
        count = re.search(r"^all attacks: (\w+)$", run.said, re.M)
        self.assertIsNotNone(count, run.words())
        self.assertEqual(int(count[1], 0), len(run.outcomes))
        self.assertGreaterEqual(len(run.outcomes), LEAST_ATTACKS)

    def test_its_vmm_lives_until_the_guest_switches_itself_off(self):
        self.assertEqual(self.run_of_it.exit, 0, self.run_of_it.words())

    def test_what_it_takes_of_the_host_stays_flat(self):
        usage = self.run_of_it.usage
        self.assertGreater(usage.looks, 10)
        over = {what: (usage.first[what], growth) for what, growth in usage.growth().items() if growth > MOST_GROWTH[what]}
        self.assertEqual(over, {})

    def test_its_log_stays_small(self):
        log = self.run_of_it.log
        self.assertGreater(log.count(b"guest driver: "), 10)
        self.assertLess(len(log), self.run_of_it.seconds * LINES_PER_SECOND * LINE_BYTES)
        self.assertLess(max(len(line) for line in log.splitlines()), LINE_BYTES)

    def test_another_guest_is_served_on_time(self):
        run = self.run_of_it
        self.assertGreater(len(run.meanwhile), 10)
        self.assertLess(max(run.meanwhile)[0], allowed(run.before), f"before: {run.before}\nmeanwhile: {sorted(run.meanwhile)[-10:]}")
        self.assertLess(run.after, allowed(run.before))

    def test_no_disk_has_grown_and_what_is_only_read_has_not_changed(self):
        self.assertEqual(digest(self.fixed), self.digest_before)
        for path in (self.plain, self.ring):
            self.assertEqual(path.stat().st_size, 4 * MEBIBYTE)
        self.assertTrue(self.plain.read_bytes().startswith(b"QFI\xfb"))

    def test_nothing_is_denied(self):
        self.assert_no_denials(self.mark)


def allowed(before: list) -> float:
    """The host has two CPUs, and the hostile guest five threads that never rest: a third of one CPU is the other guest's, which
    had one for itself before. Then it waits for its turn, behind threads that run for some of the scheduler's slices of 3 ms."""
    return 4 * max(before) + 2
