"""What a guest sends with addresses that are not its own, or that only a router or a server may send, reaches nobody."""

import os
import re
import signal
import subprocess
from pathlib import Path

from support.audit import AuditMark
from support.frames import Watch, arp, ethernet, icmpv6, ipv4, ipv6, mac, tagged, udp, v6
from support.guest import disk, image, immure, wait_for
from support.install import PATHS
from support.kernel import label_of_process, processes_named
from support.leftovers import snapshot, tables
from test_networks import MAC, NOT_ADMITTED, NetworkTest

CONFINEMENT_FAILED, UNSAFE_HOST = 9, 5
OWN4, OWN6, LINK_LOCAL = "192.0.2.2", "2001:db8::2", "fe80::ff:fe00:2a"
OTHER4, OTHER6, ROUTER = "192.0.2.1", "2001:db8::1", "fe80::1"
METADATA4, METADATA6 = "169.254.169.254", "fd00:ec2::254"
US, OTHER = mac(MAC), mac("02:00:00:00:00:2b")
ALL_NODES = "ff02::1"
UDP, TCP, ICMPV6, HOP_BY_HOP, FRAGMENT = 17, 6, 58, 0, 44
ASK, ANSWER = 1, 2


def about(address: str) -> bytes:
    """The body of a neighbour solicitation or advertisement."""
    return bytes(4) + v6(address)


def from_us(kind: int, payload: bytes) -> bytes:
    return ethernet(kind, payload, US)


def e4(*arguments) -> bytes:
    return from_us(0x0800, ipv4(*arguments))


def e6(*arguments) -> bytes:
    return from_us(0x86DD, ipv6(*arguments))


HONEST = {
    "ipv4": e4(OWN4, OTHER4, UDP, udp(1, 2)),
    "arp": from_us(0x0806, arp(ASK, US, OWN4, OTHER4)),
    "arp-probe": from_us(0x0806, arp(ASK, US, "0.0.0.0", OWN4)),
    "dhcp-request": e4("0.0.0.0", "255.255.255.255", UDP, udp(68, 67)),
    "ipv6": e6(OWN6, ALL_NODES, UDP, udp(1, 2)),
    "link-local": e6(LINK_LOCAL, ALL_NODES, UDP, udp(1, 2)),
    "solicitation": e6(LINK_LOCAL, "ff02::1:ff00:1", ICMPV6, icmpv6(135, about(OTHER6))),
    "is-it-free": e6("::", "ff02::1:ff00:2", ICMPV6, icmpv6(135, about(OWN6))),
    "advertisement": e6(OWN6, ALL_NODES, ICMPV6, icmpv6(136, about(OWN6))),
    "router-solicitation": e6("::", "ff02::2", ICMPV6, icmpv6(133, bytes(4))),
    "fragment": e6(OWN6, ALL_NODES, FRAGMENT, bytes([ICMPV6, 0, 0, 1, 0, 0, 0, 1]) + icmpv6(128, bytes(20))),
}
# What no guest may send, whether it names its addresses or not.
NEVER = {
    "mac": ethernet(0x0800, ipv4(OWN4, OTHER4, UDP, udp(1, 2)), OTHER),
    "arp-mac": from_us(0x0806, arp(ANSWER, OTHER, OWN4, OTHER4)),
    "dhcp-answer": e4(OWN4, "255.255.255.255", UDP, udp(67, 68)),
    "dhcpv6-answer": e6(LINK_LOCAL, ALL_NODES, UDP, udp(547, 546)),
    "router-advertisement": e6(LINK_LOCAL, ALL_NODES, ICMPV6, icmpv6(134, bytes(12))),
    "router-advertisement-behind-options": e6(LINK_LOCAL, ALL_NODES, HOP_BY_HOP,
                                              bytes([ICMPV6, 0, 1, 4, 0, 0, 0, 0]) + icmpv6(134, bytes(12))),
    "router-advertisement-in-fragments": e6(LINK_LOCAL, ALL_NODES, FRAGMENT,
                                            bytes([60, 0, 0, 1, 0, 0, 0, 1]) + bytes([ICMPV6, 0, 1, 4, 0, 0, 0, 0])),
    "redirect": e6(LINK_LOCAL, ALL_NODES, ICMPV6, icmpv6(137, bytes(36))),
    "tag": from_us(0x8100, tagged(5) + ipv4(OWN4, OTHER4, UDP, udp(1, 2))),
    "tag-of-no-vlan": from_us(0x8100, tagged(0) + ipv4(OWN4, OTHER4, UDP, udp(1, 2))),
    "two-tags": from_us(0x88A8, tagged(5, 6) + ipv4(OWN4, OTHER4, UDP, udp(1, 2))),
    "another-protocol": from_us(0x88B5, bytes(46)),
    "be-metadata": e4(METADATA4, OTHER4, TCP, bytes(20)),
    "be-metadata-arp": from_us(0x0806, arp(ANSWER, US, METADATA4, OTHER4)),
    "be-metadata-ipv6-source": e6(METADATA6, ALL_NODES, UDP, udp(1, 2)),
    "be-metadata-ipv6": e6(LINK_LOCAL, ALL_NODES, ICMPV6, icmpv6(136, about(METADATA6))),
}  # fmt: skip
# What it may only send where it names no addresses.
OTHERS = {
    "ipv4-address": e4(OTHER4, OWN4, UDP, udp(1, 2)),
    "arp-address": from_us(0x0806, arp(ANSWER, US, OTHER4, OWN4)),
    "arp-probe-of-another": from_us(0x0806, arp(ASK, US, "0.0.0.0", OTHER4)),
    "ipv6-address": e6(OTHER6, ALL_NODES, UDP, udp(1, 2)),
    "router-address": e6(ROUTER, ALL_NODES, UDP, udp(1, 2)),
    "advertisement-of-another": e6(OWN6, ALL_NODES, ICMPV6, icmpv6(136, about(OTHER6))),
    "is-anothers-free": e6("::", "ff02::1:ff00:1", ICMPV6, icmpv6(135, about(OTHER6))),
}
METADATA = {
    "to-metadata": e4(OWN4, METADATA4, TCP, bytes(20)),
    "to-metadata-ipv6": e6(OWN6, METADATA6, TCP, bytes(20)),
}
ALL = HONEST | NEVER | OTHERS | METADATA
ADDRESSES = [OWN4, OWN6]


def table_of(guest: str) -> str:
    return subprocess.run(["nft", "list", "table", "netdev", f"immure-{guest}"], capture_output=True, text=True, check=True).stdout


class SpoofingTest(NetworkTest):
    def sender(self, name: str, net: dict, verbs: str = "frames"):
        """A guest that sends all of them; its disk says what they are."""
        lines = "".join(f"{frame} {data.hex()}\n" for frame, data in ALL.items())
        path = image(f"{name}.raw")
        path.write_bytes((lines + "\n").encode().ljust(1 << 16, b"\n"))
        guest = self.on_network(name, f"net-up,{verbs}", net)
        guest.disks = [disk(path)]
        guest.write()
        return guest

    def bridge_alone(self, name: str) -> str:
        """A bridge without an address: it answers nobody. Promiscuous, so that whoever watches it sees all."""
        self.bridge(name, "198.51.100.1/24")
        subprocess.run(["ip", "link", "set", name, "promisc", "on"], check=True)
        return name

    def arrived(self, guest, bridge: str) -> set:
        watch = Watch(bridge)
        done = guest.run()
        frames = watch.close()
        self.assert_ended(done, 0)
        self.assertIn("IMMURE-GUEST-FRAMES sent", done.stdout)
        self.assertNotIn("was not sent", done.stdout)
        return {name for name, frame in ALL.items() if frame in frames}


class TestFrames(SpoofingTest):
    def test_of_a_guest_that_names_its_addresses_only_what_is_its_own_arrives(self):
        self.allow('bridges = ["imspoof0"]')
        bridge = self.bridge_alone("imspoof0")
        guest = self.sender("sp-bound", {"bridge": bridge, "addresses": ADDRESSES})
        before, mark = snapshot(), AuditMark()
        self.assertEqual(self.arrived(guest, bridge), set(HONEST))
        self.assert_as_before(before)
        self.assert_no_denials(mark)

    def test_of_a_guest_that_names_none_no_lie_about_its_mac_address_arrives(self):
        self.allow('bridges = ["imspoof1"]')
        bridge = self.bridge_alone("imspoof1")
        guest = self.sender("sp-any", {"bridge": bridge})
        self.assertEqual(self.arrived(guest, bridge), set(HONEST | OTHERS))

    def test_a_guest_reaches_metadata_where_the_host_policy_lets_it_and_never_poses_as_it(self):
        self.allow('bridges = ["imspoof2"]\nmetadata = true')
        bridge = self.bridge_alone("imspoof2")
        guest = self.sender("sp-metadata", {"bridge": bridge, "addresses": ADDRESSES})
        self.assertEqual(self.arrived(guest, bridge), set(HONEST | METADATA))

    def test_where_the_host_policy_says_so_nothing_is_filtered(self):
        self.allow('bridges = ["imspoof3"]\nanti_spoofing = false')
        bridge = self.bridge_alone("imspoof3")
        before = snapshot()
        guest = self.sender("sp-off", {"bridge": bridge, "addresses": ADDRESSES}, "frames,hang").start()
        watch = Watch(bridge)
        guest.console_until("IMMURE-GUEST-FRAMES sent")
        self.assertEqual(tables(), before["tables"])
        watch.close()
        guest.kill()
        self.assertEqual(self.arrived(self.sender("sp-off", {"bridge": bridge}), bridge), set(ALL))

    def test_what_is_dropped_is_counted_by_its_reason_on_a_tap_as_well(self):
        self.allow('taps = ["imspoof4"]')
        tap = self.tap("imspoof4", "192.0.2.1/24")
        guest = self.sender("sp-tap", {"tap": tap, "addresses": ADDRESSES}, "ping,frames,ping,hang")
        before = snapshot()
        guest.start()
        console = guest.console_until("IMMURE-GUEST-READY")
        self.assertEqual(console.count("IMMURE-GUEST-PING answered"), 2, console)
        counts = [(reason, int(count)) for count, reason in re.findall(r'packets (\d+) .*comment "(.*)"', table_of("sp-tap"))]
        self.assertIn(("a MAC address of somebody else", 1), counts)
        self.assertIn(("a router advertisement", 2), counts)
        self.assertEqual([reason for reason, count in counts if count == 0], [])
        guest.kill()
        self.assert_as_before(before)
        self.assertIn(tap, os.listdir("/sys/class/net"))


class TestOwner(SpoofingTest):
    """The process that the rules belong to."""

    def start(self, name: str):
        bridge = self.bridge_alone("imspoof5")
        self.allow('bridges = ["imspoof5"]')
        guest = self.on_network(name, "hang", {"bridge": bridge, "addresses": ADDRESSES}).start()
        guest.console_until("IMMURE-GUEST-READY")
        (owner,) = processes_named("immure-net")
        return guest, owner

    def test_the_rules_belong_to_a_process_without_privilege_in_the_guests_cgroup(self):
        guest, owner = self.start("sp-owner")
        status = Path(f"/proc/{owner}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        vmm_uid = guest.inspect()["uid"]
        self.assertEqual(fields["Uid"].split(), [str(vmm_uid + 1)] * 4)
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(fields[capabilities], "0" * 16, capabilities)
        self.assertEqual((fields["NoNewPrivs"], fields["Seccomp"]), ("1", "2"))
        label = label_of_process(owner).split(":", 3)
        self.assertEqual(label[2], "immure_net_t")
        self.assertEqual(label[3], guest.inspect()["label"].split(":", 3)[3])
        self.assertIn("/immure/sp-owner/net", Path(f"/proc/{owner}/cgroup").read_text())
        held = {os.readlink(f"/proc/{owner}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{owner}/fd")}
        self.assertEqual(held, {"/dev/null", "socket"})

    def test_flushing_every_rule_of_the_host_leaves_them_and_nobody_can_change_them(self):
        guest, _ = self.start("sp-flush")
        rules = table_of("sp-flush")
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        self.assertEqual(table_of("sp-flush"), rules)
        for command in ("delete table netdev immure-sp-flush", "flush chain netdev immure-sp-flush from.lan",
                        "insert rule netdev immure-sp-flush from.lan accept"):  # fmt: skip
            self.assertNotEqual(subprocess.run(["nft", command], capture_output=True, check=False).returncode, 0, command)
        self.assertEqual(table_of("sp-flush"), rules)

    def test_without_its_owner_the_rules_go_and_so_does_the_guest(self):
        bridge = self.bridge_alone("imspoof5")
        self.allow('bridges = ["imspoof5"]')
        before = snapshot()
        runner = self.on_network("sp-orphan", "hang", {"bridge": bridge}).run_in_background()
        wait_for(lambda: processes_named("immure-net") and immure("inspect", "sp-orphan").returncode == 0)
        os.kill(processes_named("immure-net")[0], signal.SIGKILL)
        output, _ = runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, CONFINEMENT_FAILED, output.decode(errors="replace"))
        self.assertIn("the owner of the rules of its networks was gone", output.decode(errors="replace"))
        self.assert_as_before(before)

    def test_after_a_killed_keeper_gc_leaves_no_rules_and_no_owner(self):
        bridge = self.bridge_alone("imspoof5")
        self.allow('bridges = ["imspoof5"]')
        before = snapshot()
        guest = self.on_network("sp-keeper", "hang", {"bridge": bridge}).start()
        (owner,) = processes_named("immure-net")
        os.kill(guest.inspect()["keeper"]["pid"], signal.SIGKILL)
        self.assertIn("table netdev immure-sp-keeper", tables())
        self.assertEqual(immure("gc", check=True).stdout, "sp-keeper\n")
        self.assertFalse(Path(f"/proc/{owner}").exists())
        self.assert_as_before(before)

    def test_rules_outlive_a_reboot_of_the_guest(self):
        bridge = self.bridge_alone("imspoof5")
        self.allow('bridges = ["imspoof5"]')
        guest = self.on_network("sp-reboot", "echo,reboot", {"bridge": bridge}).start()
        (owner,) = processes_named("immure-net")
        first = guest.pid()
        guest.console_until("IMMURE-GUEST-READY")
        guest.console_until("IMMURE-GUEST-ECHO quit", send=b"quit\n")
        wait_for(lambda: immure("inspect", "sp-reboot").returncode == 0 and guest.pid() != first, 120)
        self.assertEqual(processes_named("immure-net"), [owner])
        self.assertIn("table netdev immure-sp-reboot", tables())


class TestRefusals(SpoofingTest):
    def test_without_the_program_that_makes_the_rules_a_guest_with_networks_does_not_start(self):
        bridge = self.bridge_alone("imspoof6")
        self.allow('bridges = ["imspoof6"]')
        program = PATHS["immure-net"]
        kept = program.with_suffix(".kept")
        program.rename(kept)
        self.addCleanup(kept.rename, program)
        before = snapshot()
        done = self.on_network("sp-none", "hang", {"bridge": bridge}).run()
        self.assert_ended(done, UNSAFE_HOST, "bind the networks to their addresses", str(program))
        self.assert_as_before(before)

    def test_a_table_of_the_guests_name_that_somebody_else_made_is_not_taken_over(self):
        bridge = self.bridge_alone("imspoof6")
        self.allow('bridges = ["imspoof6"]')
        subprocess.run(["nft", "add", "table", "netdev", "immure-sp-taken"], check=True)
        self.addCleanup(subprocess.run, ["nft", "delete", "table", "netdev", "immure-sp-taken"], check=True)
        before = snapshot()
        done = self.on_network("sp-taken", "hang", {"bridge": bridge}).run()
        self.assert_ended(done, UNSAFE_HOST, "File exists")
        self.assert_as_before(before)

    def test_where_the_host_policy_wants_addresses_a_guest_without_them_is_not_admitted(self):
        self.allow('bridges = ["imspoof6"]\nrequire_addresses = true')
        done = self.on_network("sp-asked", "hang", {"bridge": "imspoof6"}).run()
        self.assert_ended(done, NOT_ADMITTED, "nets[0].addresses is missing", "networks.require_addresses")
        checked = immure("policy", "check", self.on_network("sp-asked", "hang", {"bridge": "imspoof6"}).spec)
        self.assertIn("networks.require_addresses", checked.stdout + checked.stderr)
