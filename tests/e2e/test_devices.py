"""What a guest's machine is like, by the keys of its specification, as Debian's kernels see it."""

import json
import re
import socket
import subprocess
import threading
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import disk, image, immure, values, wait_for

HOST_POLICY = Path("/etc/immure/host.toml")
GUEST_CRASHED = 10
KERNELS = {"12": "debian12/vmlinux", "13": "debian13/vmlinux"}


def pid_of(name: str) -> int:
    """Of its VMM; 0 while it has none that can be looked at."""
    done = immure("inspect", name, "--json")
    return json.loads(done.stdout)["vmm_pid"] if done.returncode == 0 else 0


class TestProcessor(ImmureTest):
    def test_a_guest_sees_the_sockets_cores_and_threads_that_it_was_given(self):
        guest = self.guest("topology", "topology", vcpus=4)
        guest.tables["cpu"] |= {"sockets": 2, "threads": 2}
        guest.write()
        done = guest.run()
        self.assert_ended(done, 0)
        self.assertEqual([line.split()[1] for line in values(done.stdout, "TOPOLOGY")], ["0", "0", "1", "1"])
        self.assertEqual([line.split()[-1] for line in values(done.stdout, "TOPOLOGY")], ["0-1", "0-1", "2-3", "2-3"])

    def test_a_guest_is_not_told_of_a_feature_that_is_switched_off(self):
        flags = {}
        for name, off in (("flags-all", []), ("flags-less", ["rdrand", "sse4_2"])):
            guest = self.guest(name, "cpu-flags")
            guest.tables["cpu"]["features_off"] = off
            guest.write()
            done = guest.run()
            self.assert_ended(done, 0)
            flags[name] = set(values(done.stdout, "FLAGS")[0].split())
        self.assertIn("sse4_2", flags["flags-all"])
        self.assertEqual(flags["flags-less"] & {"rdrand", "sse4_2"}, set())
        self.assertNotIn("svm", flags["flags-all"])

    def test_a_guest_of_a_model_has_its_features_or_is_told_what_the_host_lacks(self):
        guest = self.guest("model", "cpu-flags")
        flags = {}
        for model in ("x86-64-v2", "x86-64-v3", "x86-64-v4"):
            guest.tables["cpu"]["model"] = model
            guest.write()
            done = guest.run()
            flags[model] = set(values(done.stdout, "FLAGS")[0].split()) if done.returncode == 0 else done.stderr
        self.assertIsInstance(flags["x86-64-v2"], set, flags["x86-64-v2"])
        self.assertLessEqual({"cx16", "lahf_lm", "popcnt", "sse4_2", "ssse3"}, flags["x86-64-v2"])
        self.assertEqual(flags["x86-64-v2"] & {"aes", "avx", "avx2", "bmi2", "rdrand", "sha_ni", "xsave"}, set())
        self.assertIsInstance(flags["x86-64-v3"], set, flags["x86-64-v3"])
        # Not AVX: QEMU's emulation does not tell KVM what a guest enables of XSAVE, so Linux does without (of every model).
        self.assertLessEqual({"abm", "aes", "bmi1", "bmi2", "movbe", "rdrand"}, flags["x86-64-v3"])
        self.assertEqual(flags["x86-64-v3"] & {"adx", "clwb", "rdseed", "sha_ni", "xsaves"}, set())
        # No emulated host has AVX-512.
        self.assertRegex(str(flags["x86-64-v4"]), "cpu.model: this host is no x86-64-v4: it lacks .*avx512f")


class TestMemory(ImmureTest):
    def boots_with(self, name: str, **keys) -> None:
        guest = self.guest(name, "memory", memory="128 MiB")
        guest.tables["memory"] |= keys
        guest.write()
        self.assert_ended(guest.run(), 0)

    def test_memory_can_be_there_at_the_start_and_stay(self):
        mark = AuditMark()
        self.boots_with("memory-small", pages="small", prefault=True)
        self.boots_with("memory-locked", lock=True)
        self.assert_no_denials(mark)

    def test_a_guest_sees_its_nodes_and_the_host_binds_their_memory(self):
        mark = AuditMark()
        guest = self.guest("nodes", "nodes,hang", memory="256 MiB", vcpus=4)
        guest.tables["numa"] = {"nodes": 2, "host_nodes": [0, 0]}
        guest.write()
        console = guest.start().console_until("IMMURE-GUEST-READY")
        nodes = re.findall(r"NODE (\d) cpus=(\S+) kib=(\d+) distance=(\S+)", console)
        self.assertEqual([(node, cpus, distance) for node, cpus, _, distance in nodes], [("0", "0-1", "10,20"), ("1", "2-3", "20,10")])
        for _, _, kib, _ in nodes:
            # What the kernel keeps for itself is not counted; it lies in the first node for the most part.
            self.assertTrue(64 << 10 < int(kib) <= 128 << 10, console)
        bound = [line for line in Path(f"/proc/{guest.pid()}/numa_maps").read_text().splitlines() if " bind:0 " in line]
        self.assertEqual(len(bound), 1, "neighbours with one policy are one mapping")
        self.assert_no_denials(mark)

    def test_memory_cannot_be_bound_to_a_node_that_the_host_lacks(self):
        guest = self.guest("no-such-node", memory="256 MiB", vcpus=2)
        guest.tables["numa"] = {"nodes": 2, "host_nodes": [0, 7]}
        guest.write()
        self.assert_ended(guest.run(), 1, "numa.host_nodes: bind memory to the host's node 7")

    def test_huge_pages_come_from_the_hosts_reserve_or_the_launch_ends(self):
        reserve = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
        guest = self.guest("huge", "memory", memory="128 MiB")
        guest.tables["memory"]["pages"] = "2 MiB"
        guest.write()
        reserve.write_text("0")
        done = guest.run()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nr_hugepages", done.stderr)
        self.addCleanup(reserve.write_text, "0")
        reserve.write_text("64")
        if int(reserve.read_text()) < 64:
            self.skipTest("this host's memory is too fragmented for 64 huge pages")
        self.assert_ended(guest.run(), 0)


class TestDisks(ImmureTest):
    def write_to(self, name: str, **keys):
        path = image(f"{name}.raw")
        mark = AuditMark()
        done = self.guest(name, "disk-queues,disk-write", vcpus=2, disks=[disk(path) | keys]).run()
        self.assert_ended(done, 0)
        self.assertIn("IMMURE-GUEST-WRITE good", done.stdout)
        self.assertTrue(path.read_bytes().startswith(b"1\n2\n3\n4\n5\n"))
        self.assert_no_denials(mark)
        return done.stdout

    def test_a_disk_has_a_queue_for_each_vcpu_and_says_how_large_its_blocks_are(self):
        self.assertIn("IMMURE-GUEST-QUEUES 2 512 4096", self.write_to("queues"))
        self.assertIn("IMMURE-GUEST-QUEUES 1 ", self.write_to("one-queue", queues=1))

    def test_a_disk_is_written_past_the_hosts_cache(self):
        self.write_to("direct", direct=True)

    def test_a_disk_is_written_through_io_uring(self):
        self.write_to("uring", engine="io_uring")
        self.write_to("uring-direct", engine="io_uring", direct=True)

    def test_a_guest_has_as_many_disks_and_networks_as_there_may_be(self):
        HOST_POLICY.write_text('[networks]\nbridges = ["imbr24"]\n')
        self.addCleanup(HOST_POLICY.unlink)
        subprocess.run(["ip", "link", "add", "imbr24", "type", "bridge"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "imbr24"], check=True)
        paths = {f"disk{number}": image(f"many-{number}.raw", 1) for number in range(24)}
        nets = [{"id": f"net{number}", "bridge": "imbr24", "mac": f"02:00:00:00:18:{number:02x}"} for number in range(8)]
        guest = self.guest("many-devices", "disks-sign,nets", disks=[disk(path, id=id) for id, path in paths.items()], nets=nets)
        done = guest.run()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(sorted(values(done.stdout, "SIGNED")), sorted(paths))
        self.assertEqual(values(done.stdout, "INTERFACE"), [net["mac"] for net in nets])
        self.assertEqual([path.read_bytes()[:16].rstrip(b"\0").decode().strip() for path in paths.values()], list(paths))

    def test_a_disk_over_its_limit_waits_until_the_limit_is_taken_away(self):
        path = image("limited.raw")
        guest = self.guest("limited", "echo,disk-speed", disks=[disk(path)])
        guest.tables["entropy"] = {"enabled": False}
        guest.write()
        # At 1 MiB each second, 4 MiB take four; Linux counts while it waits.
        guest.spec.write_text(guest.spec.read_text() + '\n[disks.limit]\nbytes_per_second = "1 MiB"\nbytes_burst = "64 KiB"\n')
        guest.start()
        guest.console_until("IMMURE-GUEST-READY")
        console = guest.console_until("IMMURE-GUEST-SPEED", send=b"quit\n")
        before, after = map(float, values(console, "SPEED")[0].split())
        self.assertGreater(after - before, 3)
        wait_for(lambda: immure("inspect", "limited").returncode != 0)

        guest.start()
        guest.console_until("IMMURE-GUEST-READY")
        immure("limit", "limited", "disk:disk0", check=True)
        console = guest.console_until("IMMURE-GUEST-SPEED", send=b"quit\n")
        before, after = map(float, values(console, "SPEED")[0].split())
        self.assertLess(after - before, 3)

    def test_a_device_that_is_not_there_has_no_limit(self):
        self.guest("unlimited", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        self.assert_ended(immure("limit", "unlimited", "disk:none", "--operations-per-second", "1"), 1, "disk:ID")


class TestWatchdog(ImmureTest):
    def hangs(self, name: str, expiry: str, kernel: str):
        guest = self.guest(name, "watchdog", kernel=kernel)
        guest.tables["watchdog"] = {"expiry": expiry}
        guest.write()
        return guest

    def test_a_guest_that_stops_kicking_ends(self):
        for release, kernel in KERNELS.items():
            done = self.hangs(f"watchdog-end-{release}", "end", kernel).run()
            self.assert_ended(done, GUEST_CRASHED, "watchdog")
            self.assertEqual(values(done.stdout, "WATCHDOG"), ["wdat_wdt"])

    def test_or_is_reset_by_a_fresh_vmm(self):
        guest = self.hangs("watchdog-reset", "reset", KERNELS["13"]).start()
        first = guest.pid()
        guest.console_until("IMMURE-GUEST-READY")
        wait_for(lambda: pid_of(guest.name) not in (0, first))


class TestVsock(ImmureTest):
    def vsock_guest(self, name: str, test: str, kernel: str):
        guest = self.guest(name, test, kernel=kernel)
        guest.tables["vsock"] = {"cid": 3}
        guest.write()
        return guest.start()

    def ask(self, guest, line: str) -> socket.socket:
        # The monitor may only use a socket that has its guest's categories.
        level = guest.inspect()["label"].split(":", 3)[3]
        own = Path("/proc/thread-self/attr/current").read_text().strip("\0\n").split(":", 3)
        Path("/proc/thread-self/attr/sockcreate").write_text(":".join([*own[:3], level]))
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        Path("/proc/thread-self/attr/sockcreate").write_bytes(b"\n")
        self.addCleanup(client.close)
        client.settimeout(120)
        client.connect(f"/run/immure/guests/{guest.name}/vsock.sock")
        client.sendall(line.encode())
        return client

    def answer(self, client: socket.socket) -> str:
        text = b""
        while not text.endswith(b"\n"):
            byte = client.recv(1)
            if not byte:
                break
            text += byte
        return text.decode()

    def test_a_program_of_the_host_reaches_a_port_of_the_guest(self):
        for release, kernel in KERNELS.items():
            mark = AuditMark()
            guest = self.vsock_guest(f"vsock-{release}", "vsock-echo", kernel)
            guest.console_until("IMMURE-GUEST-READY")
            # The guest is ready a moment before it listens.
            client = None
            for _ in range(50):
                client = self.ask(guest, "CONNECT 22\n")
                if self.answer(client).startswith("OK "):
                    break
            text = bytes(range(256)) * 4096
            sender = threading.Thread(target=lambda to=client: (to.sendall(text), to.shutdown(socket.SHUT_WR)))
            sender.start()
            back = b""
            while chunk := client.recv(65536):
                back += chunk
            sender.join()
            self.assertEqual(len(back), len(text))
            self.assertEqual(back, text)
            self.assert_no_denials(mark)

    def test_a_guest_reaches_a_program_of_the_host_that_accepts(self):
        guest = self.vsock_guest("vsock-out", "echo,vsock-connect,hang", KERNELS["13"])
        client = self.ask(guest, "ACCEPT 1000\n")
        guest.console_until("IMMURE-GUEST-READY")
        guest.console_until("IMMURE-GUEST-ECHO quit", send=b"quit\n")
        self.assertTrue(self.answer(client).startswith("OK "))
        text = b""
        while chunk := client.recv(4096):
            text += chunk
        self.assertEqual(text, b"hello from the guest\n")
        client.sendall(b"hello from the host")
        client.close()
        guest.console_until("IMMURE-GUEST-VSOCK hello from the host")

    def test_a_port_where_nobody_listens_is_refused(self):
        guest = self.vsock_guest("vsock-refused", "hang", KERNELS["13"])
        guest.console_until("IMMURE-GUEST-READY")
        self.assertEqual(self.answer(self.ask(guest, "CONNECT 99\n")), "")


class TestWhatIsNotThere(ImmureTest):
    def test_ports_of_old_devices_answer_with_ones(self):
        self.assert_ended(self.guest("old-ports", kernel="tiny/old-ports", initrd=None, memory="32 MiB").run(), 0)
