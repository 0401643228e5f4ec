"""A guest's varlink socket, with systemd's varlinkctl as a foreign client; metrics and top."""

import json
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import IMMURE, Guest, disk, image, immure, wait_for
from support.install import PUSHED
from support.terminal import Terminal

NO_SUCH_GUEST = 8
WRITTEN = 1 << 20  # by "disk-write" of the guest's init
AT_S0 = ["runcon", "-l", "s0"]


def path_of(guest: Guest) -> str:
    return f"/run/immure/guests/{guest.name}/varlink.sock"


def varlinkctl(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run([*AT_S0, "varlinkctl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=60)  # fmt: skip
    if check and done.returncode != 0:
        raise AssertionError(f"varlinkctl {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def call(guest: Guest, method: str, **parameters) -> dict:
    return json.loads(varlinkctl("call", "--json=short", path_of(guest), f"io.immure.Guest.{method}", json.dumps(parameters)).stdout)


def refusal(guest: Guest, method: str, **parameters) -> str:
    done = varlinkctl("call", path_of(guest), f"io.immure.Guest.{method}", json.dumps(parameters), check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def connected(guest: Guest) -> socket.socket:
    """A client of our own, at s0 as varlinkctl is."""
    own = Path("/proc/thread-self/attr/current").read_text().strip("\0\n").split(":", 3)
    Path("/proc/thread-self/attr/sockcreate").write_text(":".join([*own[:3], "s0"]))
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    Path("/proc/thread-self/attr/sockcreate").write_bytes(b"\n")
    client.connect(path_of(guest))
    client.settimeout(30)
    return client


class TestControl(ImmureTest):
    def echo_guest(self, name: str, test: str = "echo", **options) -> Guest:
        guest = self.guest(name, test, **options).start()
        guest.console_until("IMMURE-GUEST-READY")
        return guest

    def test_a_start_is_analyzed_and_drawn(self):
        guest = self.echo_guest("analyzed", disks=[disk(image("analyzed.raw"), id="root")], balloon=True)
        timeline = json.loads(immure("analyze", "analyzed", "--json", check=True).stdout)
        ends = [step["end_usec"] for step in timeline["launch"]]
        self.assertGreater(len(ends), 15)
        self.assertEqual([0, *ends[:-1]], [step["begin_usec"] for step in timeline["launch"]])
        self.assertEqual(ends, sorted(ends))
        boot = {mark["what"]: mark["usec"] for mark in timeline["boot"]}
        self.assertEqual(set(boot), {"disk:root", "balloon", "rng"})
        # The last driver was there before the guest was; the guest was there before now.
        self.assertLess(0, min(boot.values()))
        self.assertLess(max(boot.values()), call(guest, "GetStatistics")["machine"]["uptime_usec"])
        picture = PUSHED / "timeline.svg"
        immure("analyze", "analyzed", "--svg", picture, check=True)
        texts = [text.text for text in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")]
        for step in [*timeline["launch"], *timeline["boot"]]:
            self.assertTrue(any(text.startswith(step["what"]) for text in texts), step)
        # Of a guest that is gone the launcher's steps are still known.
        guest.kill()
        gone = json.loads(immure("analyze", "analyzed", "--json", check=True).stdout)
        self.assertEqual((gone["launch"], gone["boot"]), (timeline["launch"][:-1], []))
        self.assert_ended(immure("analyze", "nobody"), NO_SUCH_GUEST, "nobody")

    def test_varlinkctl_finds_out_what_there_is(self):
        mark = AuditMark()
        guest = self.guest("vl-what", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        self.assertIn("io.immure.Guest", varlinkctl("info", path_of(guest)).stdout)
        for interface in ("org.varlink.service", "io.immure.Guest"):
            text = varlinkctl("introspect", path_of(guest), interface).stdout
            self.assertIn(f"interface {interface}", text)
        for member in ("method GetStatistics", "method Subscribe", "type Disk", "error NoSuchDevice"):
            self.assertIn(member, text)
        Path("/run/introspected.varlink").write_text(text)
        varlinkctl("validate-idl", "/run/introspected.varlink")
        state = call(guest, "GetState")
        self.assertEqual((state["state"], state["starts"], state["vcpus"], state["memory_bytes"]), ("running", 1, 1, 32 << 20))
        # varlinkctl says some errors of varlink's own as an errno: ENXIO, EINVAL, EBADE.
        self.assertRegex(refusal(guest, "Explode"), "MethodNotFound|No such device or address")
        self.assertRegex(refusal(guest, "GetState", nonsense=1), "InvalidParameter|Invalid argument")
        self.assertRegex(refusal(guest, "Subscribe"), "ExpectedMore|Invalid exchange")
        self.assertIn("NoBalloon", refusal(guest, "SetBalloon", bytes=0))
        no_limit = {"bytes_per_second": 0, "bytes_burst": 0, "operations_per_second": 0, "operations_burst": 0}
        self.assertIn("NoSuchDevice", refusal(guest, "SetLimit", device="disk:none", limit=no_limit))
        self.assert_no_denials(mark)

    def test_counters_are_what_the_guest_did(self):
        for engine in ("plain", "io_uring"):
            name = f"vl-count-{engine.replace('_', '-')}"
            guest = self.echo_guest(name, "disk-write,echo", disks=[disk(image(f"{name}.raw"), id="root") | {"engine": engine}])
            before = call(guest, "GetStatistics")
            counters = before["disks"][0]
            self.assertEqual((counters["id"], counters["written_bytes"], counters["errors"]), ("root", WRITTEN, 0))
            self.assertGreaterEqual(counters["read_bytes"], WRITTEN)
            self.assertGreaterEqual(counters["flushes"], 1)
            self.assertGreater(before["machine"]["uptime_usec"], 1_000_000)
            self.assertGreater(before["vcpus"][0]["port_exits"], 0)
            guest.console_until("IMMURE-GUEST-ECHO hello", send=b"hello\n")
            after = call(guest, "GetStatistics")
            self.assertGreaterEqual(after["machine"]["console_input_bytes"] - before["machine"]["console_input_bytes"], 6)
            self.assertGreaterEqual(after["machine"]["console_output_bytes"] - before["machine"]["console_output_bytes"], 24)
            self.assertEqual(after["disks"][0]["written_bytes"], WRITTEN)
            guest.kill()

    def test_subscribers_hear_of_a_reset_and_what_is_changed(self):
        guest = self.guest("vl-events", "echo,reboot", balloon=True).start()
        guest.console_until("IMMURE-GUEST-READY")
        listener = subprocess.Popen([*AT_S0, "varlinkctl", "call", "--more", "--json=short", path_of(guest), "io.immure.Guest.Subscribe", "{}"],
                                    stdout=subprocess.PIPE, text=True)  # fmt: skip
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        events = []

        def listen() -> None:
            # varlinkctl marks answers that come one by one as records (RFC 7464).
            events.extend(json.loads(line.strip("\x1e\n"))["event"] for line in listener.stdout if line.strip("\x1e\n"))

        threading.Thread(target=listen, daemon=True).start()
        wait_for(lambda: events)
        immure("balloon", guest.name, "192 MiB", check=True)
        wait_for(lambda: len(events) >= 2)
        guest.console_until("IMMURE-GUEST-ECHO quit", send=b"quit\n")
        wait_for(lambda: len(events) >= 4, 120)
        self.assertEqual([event["what"] for event in events[:4]], ["subscribed", "balloon", "ended", "started"])
        self.assertEqual(events[1]["bytes"], 64 << 20)
        self.assertEqual(events[2]["cause"], "reset")
        self.assertEqual(call(guest, "GetState")["starts"], 2)
        immure("reset", guest.name, check=True)
        wait_for(lambda: len(events) >= 7, 120)
        self.assertEqual([event["what"] for event in events[4:7]], ["reset", "ended", "started"])
        self.assertEqual(events[5]["cause"], "reset")
        self.assertEqual(call(guest, "GetState")["starts"], 3)

    def test_the_end_of_a_guest_is_told_with_its_cause(self):
        guest = self.guest("vl-panic", "echo,panic").start()
        guest.console_until("IMMURE-GUEST-READY")
        client = connected(guest)
        client.sendall(b'{"method":"io.immure.Guest.Subscribe","more":true}\0')
        heard = client.recv(65536)
        self.assertIn(b'"subscribed"', heard)
        guest.console_until("IMMURE-GUEST-PANICKING", send=b"quit\n")
        client.settimeout(120)
        while chunk := client.recv(65536):
            heard += chunk
        self.assertIn(b'"cause":"panic"', heard)

    def test_the_examples_of_the_documentation_work(self):
        text = (PUSHED / "control.md").read_text()
        examples = [line for line in text.splitlines() if line.startswith("runcon ")]
        self.assertGreaterEqual(len(examples), 8)
        guest = self.guest("web", "button,hang", disks=[disk(image("vl-web.raw"), id="root")], balloon=True).start()
        guest.console_until("IMMURE-GUEST-READY")
        mark = AuditMark()
        for example in examples:
            done = subprocess.run(["bash", "-o", "pipefail", "-c", example], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, f"{example}\n{done.stdout}{done.stderr}")
        self.assert_no_denials(mark)
        guest.console_until("IMMURE-GUEST-BUTTON pressed")

    def test_a_guest_says_how_its_memory_is(self):
        guest = self.echo_guest("vl-memory", balloon=True)

        def said(memory) -> bool:
            return memory is not None and memory["total_bytes"] > 0

        wait_for(lambda: said(call(guest, "GetStatistics").get("memory")))
        # Each look asks anew: what it says now is of after the first look.
        first = call(guest, "GetStatistics")
        wait_for(lambda: call(guest, "GetStatistics")["memory"]["said_usec"] > first["machine"]["uptime_usec"])
        memory = call(guest, "GetStatistics")["memory"]
        self.assertTrue(128 << 20 < memory["total_bytes"] <= 256 << 20, memory)
        self.assertTrue(0 < memory["free_bytes"] < memory["total_bytes"], memory)
        self.assertIn(f'immure_guest_memory_said_total_bytes{{guest="{guest.name}"}} {memory["total_bytes"]}', immure("metrics", guest.name, check=True).stdout)
        without = self.echo_guest("vl-no-balloon")
        self.assertNotIn("memory", call(without, "GetStatistics"))
        self.assertNotIn("memory_said_total_bytes{", immure("metrics", without.name, check=True).stdout)

    def test_a_paused_guest_is_silent_and_says_so_in_time(self):
        guest = self.guest("vl-paused", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        immure("pause", guest.name, check=True)
        began = time.monotonic()
        self.assertIn("VmmSilent", refusal(guest, "GetStatistics"))
        self.assertLess(time.monotonic() - began, 20)
        self.assertIn('state="paused"} 1', immure("metrics", guest.name, check=True).stdout)
        immure("resume", guest.name, check=True)
        self.assertIn("machine", call(guest, "GetStatistics"))

    def test_hostile_clients_disturb_neither_the_guest_nor_its_console(self):
        mark = AuditMark()
        guest = self.echo_guest("vl-hostile")
        clients = [connected(guest) for _ in range(100)]
        for i, client in enumerate(clients):
            try:
                client.settimeout(0.01)
                if i % 4 == 0:
                    client.sendall(os.urandom(20_000))
                elif i % 4 == 1:
                    client.sendall(b'{"method":' + b"[" * 10_000 + b"\0")
                elif i % 4 == 2:
                    # Asks and asks, and never reads.
                    client.sendall(b'{"method":"io.immure.Guest.GetStatistics"}\0' * 1000)
            except OSError:
                pass  # turned away
        guest.console_until("IMMURE-GUEST-ECHO still-here", send=b"still-here\n")
        self.assertEqual(call(guest, "GetState")["state"], "running")
        done = immure("stop", guest.name, "--timeout", "1")
        self.assertIn(done.returncode, (0, 12), done.stderr)
        for client in clients:
            client.close()
        self.assert_no_denials(mark)

    def test_a_client_with_all_categories_is_out_of_the_monitors_reach(self):
        """Why the examples say runcon: without it the connection ends, and the next one is served."""
        guest = self.guest("vl-level", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        done = subprocess.run(["varlinkctl", "call", path_of(guest), "io.immure.Guest.GetState", "{}"], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False, timeout=60)  # fmt: skip
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(call(guest, "GetState")["state"], "running")


class TestUsage(ImmureTest):
    def test_metrics_are_of_all_guests_or_of_one(self):
        mark = AuditMark()
        first = self.guest("vl-metrics-1", "disk-write,echo", disks=[disk(image("vl-metrics.raw"), id="root")]).start()
        self.guest("vl-metrics-2", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        first.console_until("IMMURE-GUEST-READY")
        text = immure("metrics", check=True).stdout
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) immure_guest_[a-z_]+ .+|immure_guest_[a-z_]+\{guest="vl-metrics-[12]"(,[a-z]+="[^"]*")*\} [0-9.]+)$')
        self.assertIn(f'immure_guest_disk_written_bytes_total{{guest="vl-metrics-1",disk="root"}} {WRITTEN}', text)
        self.assertIn('immure_guest_state{guest="vl-metrics-2",state="running"} 1', text)
        seconds = float(re.search(r'immure_guest_cpu_seconds_total\{guest="vl-metrics-1"\} ([0-9.]+)', text)[1])
        self.assertGreater(seconds, 0.1)
        self.assertNotIn("vl-metrics-1", immure("metrics", "vl-metrics-2", check=True).stdout)
        self.assert_ended(immure("metrics", "vl-metrics-3"), 8, "vl-metrics-3")
        self.assert_no_denials(mark)

    def test_top_shows_a_guest_that_works_and_one_that_does_not(self):
        busy = self.guest("vl-busy", "spin").start()
        self.guest("vl-idle", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        busy.console_until("IMMURE-GUEST-READY")
        table = json.loads(immure("top", "--json", "-d", "2", check=True).stdout)
        self.assertEqual([guest["name"] for guest in table], ["vl-busy", "vl-idle"])
        self.assertGreater(table[0]["cpu_percent"], 30)
        self.assertLess(table[1]["cpu_percent"], 20)
        for guest in table:
            self.assertLess(guest["beside_bytes"], 16 << 20)
            self.assertGreater(guest["beside_bytes"], 100 << 10)
        text = immure("top", "--once", "-d", "0.5", check=True).stdout
        self.assertTrue(text.startswith("NAME"), text)
        self.assertNotIn("\033", text)

    def test_a_guest_that_goes_meanwhile_is_no_error_and_a_terminal_is_refreshed(self):
        guest = self.guest("vl-goes", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        with Terminal([IMMURE, "top", "-d", "0.5", "-n", "4"]) as terminal:
            terminal.expect("vl-goes", 30)
            guest.kill()
            self.assertEqual(terminal.wait(30), 0)
            self.assertIn("\033[H\033[J", terminal.seen())
