"""Guests under load, whose programs check what comes back: fio on disks, iperf3 over networks, stress-ng on memory and CPUs."""

import re
import subprocess
from pathlib import Path

from support.guest import disk, image
from support.install import PUSHED
from test_networks import NetworkTest
from test_passt import OUTSIDE, PasstTest

TOOLS, TOOLS_INITRD = PUSHED / "tools.raw", PUSHED / "tools.cpio"
ON_HOST = Path("/mnt/tools")
SECONDS = 600
# The emulation of the host does not tell KVM of XSETBV: without XSAVE there is nothing to be warned of (docs/testing.md).
LINE = "console=ttyS0 quiet panic=-1 noxsave"
# What any hypervisor's guest on a processor of AMD's says that is told nothing of frequencies.
KNOWN_WARNINGS = ("amd_pstate: the _CPC object is not present",)


class WorkloadTest(NetworkTest):
    def load(self, name: str, command: str, *, disks=(), nets=(), vcpus: int = 2, before: str = "", line: str = "") -> str:
        """Runs one of the tools in a guest; yields what it said."""
        words = command.replace(" ", "+")
        tests = ",".join(test for test in (before, "tools") if test)
        guest = self.guest(name, kernel="debian13/vmlinux", initrd=TOOLS_INITRD, vcpus=vcpus, nets=nets, memory="384 MiB",
                           command_line=f"{LINE} immure.test={tests} immure.tools={words} {line}",
                           disks=[*disks, disk(TOOLS, id="tools", read_only=True)])  # fmt: skip
        done = guest.run(timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("IMMURE-GUEST-TOOLS passed", done.stdout)
        warnings = re.findall(r"IMMURE-GUEST-WARNING (.*)", done.stdout)
        self.assertEqual([text for text in warnings if not any(known in text for known in KNOWN_WARNINGS)], [])
        return done.stdout


class TestDisks(WorkloadTest):
    def verify(self, engine: str, *, direct: bool, queues: int) -> None:
        name = f"fio-{engine.replace('_', '-')}-{'direct' if direct else 'cached'}-{queues}"
        drive = {**disk(image(f"{name}.raw", 32), id="data"), "engine": engine, "direct": direct, "queues": queues}
        said = self.load(name, "/usr/bin/fio --name=v --filename=/dev/vda --ioengine=libaio --direct=1 --iodepth=16 --numjobs=1 --rw=randwrite "
                         "--bsrange=4k-128k --size=32m --fsync=64 --verify=crc32c --verify_fatal=1 --do_verify=1", disks=[drive])  # fmt: skip
        self.assertRegex(said, r"READ: .*io=3[0-9]")

    def test_fio_verifies_what_the_plain_engine_wrote_through_the_cache_of_the_host(self):
        self.verify("plain", direct=False, queues=1)

    def test_fio_verifies_what_the_plain_engine_wrote_past_the_cache_on_two_queues(self):
        self.verify("plain", direct=True, queues=2)

    def test_fio_verifies_what_io_uring_wrote_through_the_cache_on_two_queues(self):
        self.verify("io_uring", direct=False, queues=2)

    def test_fio_verifies_what_io_uring_wrote_past_the_cache_of_the_host(self):
        self.verify("io_uring", direct=True, queues=1)


class TestMachine(WorkloadTest):
    def test_stress_ng_finds_nothing_wrong_with_memory_and_processors(self):
        said = self.load("stress", "/usr/bin/stress-ng --cpu 2 --vm 1 --vm-bytes 64m --cache 1 --switch 1 --timer 1 --verify --timeout 20s --temp-path /tmp")
        self.assertIn("successful run completed", said)


class IperfTest(WorkloadTest):
    def serve_iperf(self) -> None:
        ON_HOST.mkdir(exist_ok=True)
        subprocess.run(["mount", "-o", "loop,ro", TOOLS, ON_HOST], check=True)
        self.addCleanup(subprocess.run, ["umount", ON_HOST], check=True)
        for folder in ("dev", "proc"):
            subprocess.run(["mount", "--bind", f"/{folder}", ON_HOST / folder], check=True)
            self.addCleanup(subprocess.run, ["umount", ON_HOST / folder], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", ON_HOST / "tmp"], check=True)
        self.addCleanup(subprocess.run, ["umount", ON_HOST / "tmp"], check=True)
        server = subprocess.Popen(["chroot", ON_HOST, "/usr/bin/iperf3", "--server"], stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

    def both_ways(self, name: str, net: dict, before: str, peer: str = "192.0.2.1") -> None:
        self.serve_iperf()
        said = self.load(name, f"/usr/bin/iperf3 --client {peer} --bidir --time 8 --parallel 2", nets=[{"id": "lan", **net}], before=before,
                         line="immure.address=192.0.2.2/24")  # fmt: skip
        for direction in ("TX-C", "RX-C"):
            self.assertRegex(said, rf"\[SUM\]\[{direction}\].*[1-9].* sec .*receiver")


class TestNetworks(IperfTest):
    def test_iperf_goes_both_ways_over_a_tap(self):
        self.allow('taps = ["imload0"]')
        self.both_ways("iperf-tap", {"tap": self.tap("imload0", "192.0.2.1/24")}, "net-up")

    def test_iperf_goes_both_ways_over_a_port_of_a_bridge(self):
        self.allow('bridges = ["imload1"]\nanti_spoofing = false')
        self.both_ways("iperf-bridge", {"bridge": self.bridge("imload1", "192.0.2.1/24")}, "net-up")


class TestPasst(IperfTest, PasstTest):
    def test_iperf_goes_both_ways_through_passt(self):
        self.outside()
        self.both_ways("iperf-passt", {"passt": True}, "dhcp", OUTSIDE)
