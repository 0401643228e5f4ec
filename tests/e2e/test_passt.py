"""User networking through passt: what a guest reaches by it, what it does not, and what passt itself is."""

import hashlib
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import immure, wait_for
from support.kernel import (core_limit, descriptors_of, label_of_process, namespaces_of, processes_named, root_entries,
                            root_mount_options, status_of)  # fmt: skip
from support.leftovers import snapshot

BAD_SPECIFICATION, NOT_ADMITTED, FAILURE = 3, 4, 1
HOST_POLICY = Path("/etc/immure/host.toml")
# On an interface that leads nowhere: the host itself, by an address that is not its loopback.
OUTSIDE, METADATA = "192.0.2.1", "169.254.169.254"
PATTERN = b"".join(b"%d\n" % number for number in range(1, 500001))
NO_CAPABILITY = "0000000000000000"


def ip(*words) -> None:
    subprocess.run(["ip", *words], check=True)


class Server:
    """Sends the same bytes to whoever connects, and counts who did."""

    def __init__(self, address: str, port: int, answer: bytes):
        self.connections = 0
        self.listener = socket.create_server((address, port))
        threading.Thread(target=self.run, args=(answer,), daemon=True).start()

    def run(self, answer: bytes) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.sendall(answer)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def fetch(address: str, port: int, seconds: float = 30) -> bytes:
    with socket.create_connection((address, port), timeout=seconds) as connection:
        data = bytearray()
        while chunk := connection.recv(1 << 16):
            data += chunk
    return bytes(data)


def categories_of(label: str) -> str:
    return label.rsplit(":", 1)[1]


class PasstTest(ImmureTest):
    def setUp(self):
        self.allow("passt = true")
        # Whose interface passt takes addresses from, and what it tells guests by DHCP.
        ip("route", "add", "default", "via", "10.0.2.2", "dev", "eth0")
        self.addCleanup(ip, "route", "delete", "default")

    def allow(self, text: str) -> None:
        HOST_POLICY.write_text(f"[networks]\n{text}\n")
        self.addCleanup(HOST_POLICY.unlink, missing_ok=True)

    def serve(self, address: str, port: int, answer: bytes = b"reached\n") -> Server:
        server = Server(address, port, answer)
        self.addCleanup(server.close)
        return server

    def outside(self) -> None:
        ip("link", "add", "imout", "type", "dummy")
        self.addCleanup(ip, "link", "delete", "imout")
        for address in (OUTSIDE, METADATA):
            ip("address", "add", f"{address}/32", "dev", "imout")
        ip("link", "set", "imout", "up")

    def on_passt(self, name: str, test: str, peer: str = OUTSIDE, **net):
        line = f"console=ttyS0 quiet panic=-1 immure.test={test} immure.peer={peer}"
        return self.guest(name, command_line=line, nets=[{"id": "wan", "passt": True, **net}])

    def fetch_once_served(self, address: str, port: int) -> bytes:
        """passt takes a connection that the guest's program does not take yet, and ends it."""
        answers = []

        def answered() -> bool:
            try:
                answers.append(fetch(address, port))
            except OSError:
                return False
            return bool(answers[-1])

        wait_for(answered, 60)
        return answers[-1]

    def no_passt_left(self) -> None:
        wait_for(lambda: not processes_named("passt"), 20)


class TestReach(PasstTest):
    def test_a_guest_gets_an_address_and_fetches_from_outside_and_nothing_is_denied(self):
        self.outside()
        self.serve(OUTSIDE, 7001, PATTERN)
        before, mark = snapshot(), AuditMark()
        done = self.on_passt("passt-fetch", "dhcp,fetch-open").run()
        self.assert_ended(done, 0)
        self.assertRegex(done.stdout, r"IMMURE-GUEST-DHCP \d+\.\d+\.\d+\.\d+")
        self.assertIn(f"IMMURE-GUEST-FETCHED {hashlib.sha256(PATTERN).hexdigest()}", done.stdout)
        self.assert_as_before(before)
        self.no_passt_left()
        self.assert_no_denials(mark)

    def test_a_guest_is_reached_through_the_ports_that_are_forwarded_and_through_no_other(self):
        mark = AuditMark()
        guest = self.on_passt("passt-forward", "dhcp,serve", forward=["tcp:127.0.0.1:18080:80", "udp:127.0.0.1:18053:53"]).start()
        guest.console_until("IMMURE-GUEST-READY")
        pid = guest.inspect()["passt"]["pid"]
        listening = subprocess.run(["ss", "-Hlntup"], check=True, capture_output=True, text=True).stdout
        own = {line.split()[4] for line in listening.splitlines() if f"pid={pid}," in line}
        self.assertEqual(own, {"127.0.0.1:18080", "127.0.0.1:18053"})
        self.assertEqual(self.fetch_once_served("127.0.0.1", 18080), b"hello from the guest\n")
        # Answers to datagrams come back to the host's own loopback.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.connect(("127.0.0.1", 18053))
            answer = b""
            for _ in range(12):
                client.send(b"anybody?\n")
                try:
                    answer = client.recv(100)
                    break
                except (TimeoutError, ConnectionRefusedError):
                    continue
            self.assertEqual(answer, b"anybody?\n")
        self.assert_no_denials(mark)

    def test_a_guest_reaches_neither_the_hosts_loopback_nor_where_clouds_keep_secrets(self):
        self.outside()
        outside = self.serve(OUTSIDE, 7001)
        hidden = [self.serve("127.0.0.1", 7001), self.serve(METADATA, 7001)]
        done = self.on_passt("passt-hidden", "dhcp,fetch,hidden").run()
        self.assert_ended(done, 0)
        self.assertEqual(outside.connections, 1, done.stdout)
        for address in ("gateway", "127.0.0.1", METADATA):
            self.assertIn(f"IMMURE-GUEST-HIDDEN {address} nothing", done.stdout)
        self.assertEqual([server.connections for server in hidden], [0, 0])

    def test_what_passt_may_do_is_decided_by_the_kernel_not_by_passt(self):
        """The filters of its cgroup, asked by another process in that cgroup."""
        self.outside()
        servers = [self.serve(OUTSIDE, 7001), self.serve("127.0.0.1", 7001), self.serve(METADATA, 7001)]
        guest = self.on_passt("passt-kernel", "hang", forward=["tcp:127.0.0.1:18080:80"]).start()
        group = Path("/sys/fs/cgroup/immure/passt-kernel/passt/cgroup.procs")
        attempts = (
            "import os, socket, sys\n"
            f"open({str(group)!r}, 'w').write(str(os.getpid()))\n"
            "def attempt(deed):\n"
            "    try:\n"
            "        deed(); return 'done'\n"
            "    except OSError as error:\n"
            "        return os.strerror(error.errno)\n"
            "def connect(address, family=socket.AF_INET):\n"
            "    return attempt(lambda: socket.socket(family, socket.SOCK_STREAM).connect((address, 7001)))\n"
            "def send(address):\n"
            "    return attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', (address, 7001)))\n"
            "def bind(address, port):\n"
            "    return attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).bind((address, port)))\n"
            f"print(connect({OUTSIDE!r}), connect('127.0.0.1'), connect('0.0.0.0'), connect({METADATA!r}),\n"
            "      connect('::1', socket.AF_INET6), connect('::ffff:127.0.0.1', socket.AF_INET6),\n"
            f"      send({OUTSIDE!r}), send('127.0.0.1'), send({METADATA!r}),\n"
            "      bind('127.0.0.1', 18081), bind('0.0.0.0', 18080), sep='\\n')\n"
        )
        answers = subprocess.run(["python3", "-c", attempts], check=True, capture_output=True, text=True).stdout.splitlines()
        no = "Operation not permitted"
        self.assertEqual(answers, ["done", no, no, no, no, no, "done", no, no, no, no])
        self.assertEqual([server.connections for server in servers], [1, 0, 0])
        guest.kill()


class TestConfinement(PasstTest):
    def test_passt_is_what_was_planned(self):
        mark = AuditMark()
        guest = self.on_passt("passt-held", "hang", forward=["tcp:127.0.0.1:18080:80"]).start()
        inspection = guest.inspect()
        self.assertEqual(inspection["networks"], [{"id": "wan", "kind": "passt", "interface": None,
                                                   "mac": inspection["networks"][0]["mac"],
                                                   "forward": ["tcp:127.0.0.1:18080:80"]}])  # fmt: skip
        passt, monitor = inspection["passt"], inspection["monitor"]
        pid = passt["pid"]
        label = label_of_process(pid)
        self.assertEqual(label, f"system_u:system_r:immure_passt_t:s0:{categories_of(inspection['label'])}")
        self.assertEqual(passt["label"], label)
        self.assertEqual(len({0, passt["uid"], monitor["uid"], inspection["uid"]}), 4)
        status = status_of(pid)
        self.assertEqual({status[key] for key in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {NO_CAPABILITY})
        self.assertEqual((status["Groups"], status["NoNewPrivs"], status["Seccomp"], status["Seccomp_filters"]), ("", "1", "2", "2"))
        self.assertEqual(root_entries(pid), [])
        self.assertLessEqual({"type=tmpfs", "ro", "nosuid", "nodev", "noexec"}, root_mount_options(pid))
        self.assertEqual(core_limit(pid), "0")
        self.assertEqual(Path(f"/proc/{pid}/cgroup").read_text(), "0::/immure/passt-held/passt\n")
        own = {name for name, target in namespaces_of(pid).items() if target != namespaces_of(1)[name]}
        self.assertEqual(own, {"mnt", "pid", "ipc", "uts", "cgroup"})
        self.assertNotEqual(os.readlink(f"/proc/{pid}/ns/user"), os.readlink("/proc/1/ns/user"))
        for number, target in descriptors_of(pid).items():
            kinds = ("/dev/null", "pipe:", "socket:", "anon_inode:")
            self.assertTrue(target.startswith(kinds), f"fd {number} is {target}")
        text = immure("inspect", "passt-held", check=True).stdout
        self.assertIn("immure_passt_t", text)
        self.assertIn("tcp:127.0.0.1:18080:80", text)
        guest.kill()
        self.assert_no_denials(mark)

    def test_whatever_is_killed_nothing_is_left(self):
        guest = self.on_passt("passt-killed", "hang")
        before = snapshot()
        with self.subTest("the guest"):
            guest.start().kill()
            self.no_passt_left()
            self.assert_as_before(before)
        with self.subTest("its keeper"):
            os.kill(guest.start().inspect()["keeper"]["pid"], signal.SIGKILL)
            immure("gc", check=True)
            self.no_passt_left()
            self.assert_as_before(before)
        with self.subTest("its VMM"):
            os.kill(guest.start().pid(), signal.SIGKILL)
            self.no_passt_left()
            self.assert_as_before(before)

    def test_a_guest_goes_on_without_its_link_when_passt_is_killed(self):
        guest = self.on_passt("passt-gone", "dhcp,carrier").start()
        guest.console_until("IMMURE-GUEST-CARRIER 1")
        os.kill(guest.inspect()["passt"]["pid"], signal.SIGKILL)
        guest.console_until("IMMURE-GUEST-CARRIER 0", send=b"again\n")
        self.assertIsNone(guest.inspect()["passt"])

    def test_a_guest_reboots_with_a_passt_that_is_new(self):
        self.outside()
        self.serve(OUTSIDE, 7001)
        guest = self.on_passt("passt-reboot", "dhcp,fetch,echo,reboot").start()
        reached = f"IMMURE-GUEST-FETCHED {hashlib.sha256(b'reached' + bytes([10])).hexdigest()}"
        guest.console_until(reached)
        first, passt = guest.pid(), guest.inspect()["passt"]["pid"]
        guest.console_until("IMMURE-GUEST-ECHO quit", send=b"quit\n")
        wait_for(lambda: immure("inspect", "passt-reboot").returncode == 0 and guest.pid() != first, 120)
        self.assertNotEqual(guest.inspect()["passt"]["pid"], passt)
        self.assertEqual(len(processes_named("passt")), 1)
        guest.console_until(reached)


class TestRefusals(PasstTest):
    def test_a_guest_goes_through_passt_only_where_the_host_policy_says_so(self):
        HOST_POLICY.unlink()
        before = snapshot()
        done = self.on_passt("passt-denied", "hang").run()
        self.assert_ended(done, NOT_ADMITTED, "nets[0].passt is true", "networks.passt")
        self.allow("passt = true")
        done = self.on_passt("passt-denied", "hang", forward=["tcp:0.0.0.0:18080:80"]).run()
        self.assert_ended(done, NOT_ADMITTED, "tcp:0.0.0.0:18080:80", "ports of 127.0.0.1, ::1", "networks.forward_addresses")
        self.assert_as_before(before)

    def test_policy_check_says_what_each_rule_makes_of_it(self):
        guest = self.on_passt("passt-check", "hang", forward=["tcp:127.0.0.1:18080:80"])
        done = immure("policy", "check", guest.spec)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("networks.passt", done.stdout)
        self.assertIn("networks.forward_addresses", done.stdout)

    def test_a_port_that_is_taken_ends_the_launch_with_its_name(self):
        self.serve("127.0.0.1", 18080)
        before = snapshot()
        done = self.on_passt("passt-taken", "hang", forward=["tcp:127.0.0.1:18080:80"]).run()
        self.assert_ended(done, FAILURE, "passt ended before the guest ran", "18080")
        self.assert_as_before(before)
        self.no_passt_left()

    def test_a_host_without_passt_is_told_what_to_install(self):
        programs = [path for path in (Path("/usr/bin/passt"), Path("/usr/bin/passt.avx2")) if path.exists()]
        for path in programs:
            path.rename(f"{path}.away")
            self.addCleanup(Path(f"{path}.away").rename, path)
        before = snapshot()
        self.assert_ended(self.on_passt("passt-missing", "hang").run(), 5, "there is no /usr/bin/passt", "install the package passt")
        self.assert_as_before(before)

    def test_a_passt_without_its_label_is_not_started(self):
        programs = [path for path in (Path("/usr/bin/passt"), Path("/usr/bin/passt.avx2")) if path.exists()]
        for path in programs:
            subprocess.run(["chcon", "-t", "bin_t", path], check=True)
            self.addCleanup(subprocess.run, ["restorecon", "-F", path], check=True)
        before = snapshot()
        done = self.on_passt("passt-label", "hang").run()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("start passt", done.stderr)
        self.assert_as_before(before)

    def test_what_is_wrong_with_a_forwarded_port_is_told_with_its_place(self):
        done = self.on_passt("passt-wrong", "hang", forward=["tcp:127.0.0.1:80:80"]).run()
        self.assert_ended(done, BAD_SPECIFICATION, "passt-wrong.toml:", "nets[0].forward", "those below 1024")
