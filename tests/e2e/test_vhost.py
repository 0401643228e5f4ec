"""Networks that the host's kernel serves: vhost-net."""

import hashlib
import re
import subprocess
from pathlib import Path

from support.audit import AuditMark
from support.guest import immure, wait_for
from support.kernel import descriptors_of, status_of
from support.leftovers import snapshot
from test_networks import BAD_SPECIFICATION, MAC, NOT_ADMITTED, PATTERN, read_all, serve
from test_spoofing import ADDRESSES, HONEST, SpoofingTest

UNSAFE_HOST = 5
# vmm_fd::first_vhost of policy/fd_layout.hpp
FIRST_VHOST = 56
PF_USER_WORKER = 0x4000


def workers_of(pid: int) -> list:
    """The threads of a process that are vhost-net's: field 9 of proc_pid_stat(5). KVM has one there, too, from Linux 6.13 on."""

    def is_worker(task: Path) -> bool:
        flags = int((task / "stat").read_text().rpartition(")")[2].split()[6])
        return flags & PF_USER_WORKER != 0 and (task / "comm").read_text().startswith("vhost-")

    return [task for task in Path(f"/proc/{pid}/task").iterdir() if is_worker(task)]


class VhostTest(SpoofingTest):
    def on_bridge(self, name: str, verbs: str, bridge: str = "imvhost"):
        self.allow(f'bridges = ["{bridge}"]\nvhost = true')
        self.bridge(bridge, "192.0.2.1/24")
        return self.on_network(name, verbs, {"bridge": bridge, "vhost": True})


class TestVhost(VhostTest):
    def test_bytes_arrive_unchanged_both_ways_and_nothing_is_denied_or_left(self):
        guest = self.on_bridge("vh-bytes", "net-up,ping,fetch,send")
        before, mark = snapshot(), AuditMark()
        received = []
        threads = [serve("192.0.2.1", 7001, lambda connection: connection.sendall(PATTERN)),
                   serve("192.0.2.1", 7002, lambda connection: read_all(connection, received))]  # fmt: skip
        done = guest.run()
        for thread in threads:
            thread.join(60)
        self.assert_ended(done, 0)
        self.assertIn(f"IMMURE-GUEST-NET {MAC}", done.stdout)
        self.assertIn("IMMURE-GUEST-PING answered", done.stdout)
        self.assertIn(f"IMMURE-GUEST-FETCHED {hashlib.sha256(PATTERN).hexdigest()}", done.stdout)
        self.assertEqual(hashlib.sha256(b"".join(received)).digest(), hashlib.sha256(PATTERN).digest())
        self.assert_as_before(before)
        self.assert_no_denials(mark)

    def test_the_vmm_alone_has_the_device_and_its_thread_is_as_confined_as_the_others(self):
        guest = self.on_bridge("vh-held", "net-up,ping,hang").start()
        guest.console_until("IMMURE-GUEST-PING answered")
        inspection = guest.inspect()
        vmm = inspection["vmm_pid"]
        self.assertEqual(descriptors_of(vmm)[FIRST_VHOST], "/dev/vhost-net")
        self.assertNotIn("/dev/vhost-net", descriptors_of(inspection["keeper"]["pid"]).values())
        self.assertIn({"fd": FIRST_VHOST, "target": "/dev/vhost-net"}, inspection["open_fds"])
        (worker,) = workers_of(vmm)
        status = status_of(f"{vmm}/task/{worker.name}")
        self.assertTrue(status["Name"].startswith("vhost-"), status)
        self.assertEqual((status["Seccomp"], status["NoNewPrivs"], status["CapEff"]), ("2", "1", "0" * 16))
        self.assertEqual((worker / "attr/current").read_text().rstrip("\0\n"), inspection["label"])
        self.assertIn("/immure/vh-held/vmm", (worker / "cgroup").read_text())
        # What goes through it is not what the VMM does.
        sent = [line for line in immure("metrics", "vh-held", check=True).stdout.splitlines() if re.search("net.*frames", line)]
        self.assertTrue(all(line.endswith(" 0") for line in sent if not line.startswith("#")), sent)

    def test_a_guest_stands_still_when_told_to_and_goes_on(self):
        guest = self.on_bridge("vh-pause", "net-up,ping,echo,ping,hang").start()
        guest.console_until("IMMURE-GUEST-PING answered")
        for verb in ("pause", "resume"):
            immure(verb, "vh-pause", check=True)
        guest.console_until("IMMURE-GUEST-PING answered", send=b"quit\n")

    def test_a_guest_reboots_with_its_network(self):
        guest = self.on_bridge("vh-reboot", "net-up,ping,echo,reboot").start()
        mark = AuditMark()
        first = guest.pid()
        guest.console_until("IMMURE-GUEST-PING answered")
        guest.console_until("IMMURE-GUEST-ECHO quit", send=b"quit\n")
        wait_for(lambda: immure("inspect", "vh-reboot").returncode == 0 and guest.pid() != first, 120)
        guest.console_until("IMMURE-GUEST-PING answered")
        self.assertEqual(len(workers_of(guest.pid())), 1)
        self.assert_no_denials(mark)

    def test_of_what_a_guest_sends_only_what_is_its_own_arrives(self):
        self.allow('bridges = ["imvhost1"]\nvhost = true')
        bridge = self.bridge_alone("imvhost1")
        guest = self.sender("vh-spoof", {"bridge": bridge, "addresses": ADDRESSES, "vhost": True})
        before, mark = snapshot(), AuditMark()
        self.assertEqual(self.arrived(guest, bridge), set(HONEST))
        self.assert_as_before(before)
        self.assert_no_denials(mark)


class TestRefusals(VhostTest):
    def test_without_a_word_in_the_host_policy_there_is_none(self):
        self.allow('bridges = ["imvhost"]')
        guest = self.on_network("vh-denied", "hang", {"bridge": "imvhost", "vhost": True})
        before = snapshot()
        self.assert_ended(guest.run(), NOT_ADMITTED, "nets[0].vhost is true", "networks.vhost")
        checked = immure("policy", "check", guest.spec)
        self.assertIn("networks.vhost", checked.stdout + checked.stderr)
        self.assert_as_before(before)

    def test_there_is_no_limit_that_the_kernel_would_not_keep(self):
        net = {"bridge": "imvhost", "vhost": True, "limit": {"bytes_per_second": "1 MiB"}}
        done = self.on_network("vh-limit", "hang", net).run()
        self.assert_ended(done, BAD_SPECIFICATION, "nets[0].vhost", "nets[].limit")

    def test_on_a_host_without_vhost_net_the_launch_ends_and_says_how_to_get_it(self):
        guest = self.on_bridge("vh-none", "hang")
        before = snapshot()
        # A rename and not an unlink: its label is to be there again.
        subprocess.run(["mv", "/dev/vhost-net", "/dev/vhost-net.kept"], check=True)
        self.addCleanup(subprocess.run, ["mv", "/dev/vhost-net.kept", "/dev/vhost-net"], check=True)
        self.assert_ended(guest.run(), UNSAFE_HOST, "there is no /dev/vhost-net: modprobe vhost_net")
        self.assert_as_before(before)
