"""Networks: a tap that the host's owner made, and a port of a bridge that a launch makes and that goes with it."""

import hashlib
import socket
import subprocess
import threading
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import immure, wait_for
from support.leftovers import snapshot

BAD_SPECIFICATION, NOT_ADMITTED, FAILURE = 3, 4, 1
HOST_POLICY = Path("/etc/immure/host.toml")
MAC = "02:00:00:00:00:2a"
PATTERN = b"".join(b"%d\n" % number for number in range(1, 2000001))


def ip(*words) -> None:
    subprocess.run(["ip", *words], check=True)


def serve(address: str, port: int, talk) -> threading.Thread:
    """Accepts one connection and talks to it."""
    listener = socket.create_server((address, port))
    listener.settimeout(180)

    def run() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                talk(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def read_all(connection: socket.socket, into: list) -> None:
    while chunk := connection.recv(1 << 16):
        into.append(chunk)


class NetworkTest(ImmureTest):
    def allow(self, text: str) -> None:
        HOST_POLICY.write_text(f"[networks]\n{text}\n")
        self.addCleanup(HOST_POLICY.unlink)

    def tap(self, name: str, address: str | None = None) -> str:
        ip("tuntap", "add", name, "mode", "tap")
        self.addCleanup(ip, "link", "delete", name)
        if address:
            ip("address", "add", address, "dev", name)
        ip("link", "set", name, "up")
        return name

    def bridge(self, name: str, address: str) -> str:
        ip("link", "add", name, "type", "bridge")
        self.addCleanup(ip, "link", "delete", name)
        ip("address", "add", address, "dev", name)
        ip("link", "set", name, "up")
        return name

    def on_network(self, name: str, test: str, net: dict, address: str = "192.0.2.2/24", peer: str = "192.0.2.1"):
        line = f"console=ttyS0 quiet panic=-1 immure.test={test} immure.address={address} immure.peer={peer}"
        return self.guest(name, command_line=line, nets=[{"id": "lan", "mac": MAC, **net}])


class TestTaps(NetworkTest):
    def test_a_guest_on_a_tap_reaches_the_host_and_nothing_is_denied(self):
        self.allow('taps = ["imtap0"]')
        tap = self.tap("imtap0", "192.0.2.1/24")
        before, mark = snapshot(), AuditMark()
        done = self.on_network("net-tap", "net-up,ping", {"tap": tap}).run()
        self.assert_ended(done, 0)
        self.assertIn(f"IMMURE-GUEST-NET {MAC}", done.stdout)
        self.assertIn("IMMURE-GUEST-PING answered", done.stdout)
        self.assert_as_before(before)
        self.assert_no_denials(mark)
        self.assertTrue(any(f'new-net="{MAC}"' in line for line in mark.of_type("VIRT_RESOURCE")), mark.of_type("VIRT_RESOURCE"))

    def test_bytes_arrive_unchanged_both_ways_in_segments_of_up_to_64_kib(self):
        self.allow('taps = ["imtap1"]')
        tap = self.tap("imtap1", "192.0.2.1/24")
        received = []
        threads = [serve("192.0.2.1", 7001, lambda connection: connection.sendall(PATTERN)),
                   serve("192.0.2.1", 7002, lambda connection: read_all(connection, received))]  # fmt: skip
        done = self.on_network("net-bytes", "net-up,fetch,send", {"tap": tap}).run()
        for thread in threads:
            thread.join(60)
        self.assert_ended(done, 0)
        self.assertIn(f"IMMURE-GUEST-FETCHED {hashlib.sha256(PATTERN).hexdigest()}", done.stdout)
        self.assertEqual(hashlib.sha256(b"".join(received)).digest(), hashlib.sha256(PATTERN).digest())

    def test_a_vmm_holds_its_tap_and_no_other_way_to_the_network(self):
        self.allow('taps = ["imtap2"]')
        tap = self.tap("imtap2")
        guest = self.on_network("net-held", "hang", {"tap": tap}).start()
        inspection = guest.inspect()
        self.assertEqual(inspection["networks"], [{"id": "lan", "mac": MAC, "interface": tap, "kind": "tap"}])
        self.assertEqual(inspection["capabilities"]["effective"], "0000000000000000")
        namespace = Path(f"/proc/{inspection['vmm_pid']}/net/dev").read_text()
        self.assertNotIn(tap, namespace)
        keeper = Path(f"/proc/{inspection['keeper']['pid']}/status").read_text()
        capabilities = int(keeper.split("CapBnd:\t")[1].split()[0], 16)
        self.assertEqual(capabilities >> 12 & 1, 0, "the keeper kept CAP_NET_ADMIN")

    def test_a_tap_has_one_guest_at_a_time(self):
        self.allow('taps = ["imtap3"]')
        tap = self.tap("imtap3")
        self.on_network("net-first", "hang", {"tap": tap}).start()
        before = snapshot()
        self.assert_ended(self.on_network("net-second", "hang", {"tap": tap}).run(), FAILURE, tap, "busy")
        self.assert_as_before(before)

    def test_a_tap_that_is_not_there_is_not_made(self):
        self.allow('taps = ["imtap4"]')
        before = snapshot()
        self.assert_ended(self.on_network("net-none", "hang", {"tap": "imtap4"}).run(), FAILURE, "there is no tap imtap4")
        self.assert_as_before(before)

    def test_a_guest_reboots_with_its_network(self):
        self.allow('taps = ["imtap5"]')
        tap = self.tap("imtap5", "192.0.2.1/24")
        guest = self.on_network("net-reboot", "net-up,ping,echo,reboot", {"tap": tap}).start()
        first = guest.pid()
        guest.console_until("IMMURE-GUEST-PING answered")
        guest.console_until("IMMURE-GUEST-ECHO quit", send=b"quit\n")
        wait_for(lambda: immure("inspect", "net-reboot").returncode == 0 and guest.pid() != first, 120)
        guest.console_until("IMMURE-GUEST-PING answered")


class TestBridges(NetworkTest):
    def test_two_guests_on_a_bridge_reach_the_host_through_ports_that_go_with_them(self):
        self.allow('bridges = ["imbr0"]')
        bridge = self.bridge("imbr0", "198.51.100.1/24")
        before, mark = snapshot(), AuditMark()
        first = self.on_network("net-br-1", "net-up,ping,hang", {"bridge": bridge}, "198.51.100.2/24", "198.51.100.1").start()
        first.console_until("IMMURE-GUEST-PING answered")
        second = self.on_network("net-br-2", "net-up,ping", {"bridge": bridge, "mac": "02:00:00:00:00:2b"},
                                 "198.51.100.3/24", "198.51.100.2")  # fmt: skip
        done = second.run()
        self.assert_ended(done, 0)
        self.assertIn("IMMURE-GUEST-PING answered", done.stdout)
        interface = first.inspect()["networks"][0]["interface"]
        self.assertTrue(Path(f"/sys/class/net/{bridge}/brif/{interface}").exists(), interface)
        first.kill()
        self.assert_as_before(before)
        self.assert_no_denials(mark)

    def test_an_interface_that_is_no_bridge_is_refused_and_nothing_is_left(self):
        self.allow('bridges = ["lo"]')
        before = snapshot()
        self.assert_ended(self.on_network("net-lo", "hang", {"bridge": "lo"}).run(), FAILURE, "lan", "bridge lo")
        self.assert_as_before(before)


class TestAdmission(NetworkTest):
    def test_a_network_that_the_host_did_not_allow_is_refused(self):
        before = snapshot()
        done = self.on_network("net-denied", "hang", {"bridge": "imbr9"}).run()
        self.assert_ended(done, NOT_ADMITTED, 'nets[0].bridge is "imbr9"', "networks.bridges")
        self.assert_as_before(before)

    def test_a_network_with_a_tap_and_a_bridge_is_refused(self):
        done = self.on_network("net-both", "hang", {"bridge": "b", "tap": "t"}).run()
        self.assert_ended(done, BAD_SPECIFICATION, "net-both.toml:", "nets[0].bridge", "there is a tap as well")
