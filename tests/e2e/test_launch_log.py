"""Every launch is on record: what the kernel said of it, how it ended; and a record that was changed is found."""

import json
import subprocess
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import IMMURE, disk, image, immure, wait_for

LOG = Path("/var/lib/immure/launches.jsonl")
FAILURE, BAD_LOG, KILLED = 1, 14, 12


def entries(name: str) -> list:
    return json.loads(immure("audit", "show", name, "--json", check=True).stdout)


class TestLaunchLog(ImmureTest):
    def tiny_guest(self, name: str):
        return self.guest(name, kernel="tiny/halt", initrd=None, memory="32 MiB", disks=[disk(image(f"{name}.raw"))])

    def test_a_launch_is_recorded_with_what_the_kernel_said_and_how_it_ended(self):
        mark = AuditMark()
        guest = self.tiny_guest("recorded").start()
        seen = guest.inspect()
        guest.kill()
        started, ended = entries("recorded")[-2:]
        self.assertEqual((started["event"], ended["event"]), ("started", "ended"))
        self.assertEqual(started["uuid"], seen["uuid"])
        self.assertEqual(started["read_back"]["attr/current"], seen["label"])
        self.assertEqual(started["read_back"]["status"]["CapBnd"], "0" * 16)
        self.assertEqual(started["read_back"]["status"]["Seccomp"], "2")
        self.assertEqual(len(started["read_back"]["mountinfo"]), 1)
        self.assertEqual((ended["exit_code"], ended["exit_code_name"]), (KILLED, "killed"))
        self.assertEqual(immure("audit", "verify").returncode, 0)
        # The digest of its line is in the kernel's audit log, too.
        (control,) = [line for line in mark.of_type("VIRT_CONTROL") if "op=start" in line and 'vm="recorded"' in line]
        digest = control.split("record=")[1].split()[0].rstrip("'")
        self.assertEqual(immure("audit", "verify", "--head", digest).returncode, 0)
        self.assertEqual(immure("audit", "verify", "--head", "0" * 64).returncode, BAD_LOG)
        self.assert_no_denials(mark)

    def test_what_was_refused_and_what_failed_is_recorded_with_its_reason(self):
        guest = self.guest("refused-log", kernel="tiny/absent", initrd=None, memory="32 MiB")
        self.assertNotEqual(guest.run().returncode, 0)
        last = entries("refused-log")[-1]
        self.assertEqual(last["event"], "failed")
        self.assertIn("tiny/absent", last["message"])

    def test_a_changed_line_is_found(self):
        self.tiny_guest("changed").start().kill()
        copy = Path("/root/copy.jsonl")
        copy.write_text(LOG.read_text().replace('"changed"', '"chanced"', 1))
        self.addCleanup(copy.unlink)
        done = immure("audit", "verify", "--file", copy)
        self.assertEqual(done.returncode, BAD_LOG, done.stdout)
        self.assertIn("broken", done.stdout)

    def test_a_launch_that_cannot_be_recorded_does_not_start(self):
        guest = self.tiny_guest("unrecorded")
        kept = LOG.with_suffix(".kept")
        LOG.rename(kept)
        self.addCleanup(lambda: kept.rename(LOG))
        LOG.write_text("this is no launch log\n")
        done = guest.run()
        self.assert_ended(done, FAILURE, "launch log", "audit verify")
        self.assertEqual(LOG.read_text(), "this is no launch log\n")

    def test_a_log_that_may_only_be_appended_to_works(self):
        self.tiny_guest("append-only").start().kill()
        subprocess.run(["chattr", "+a", LOG], check=True)
        self.addCleanup(subprocess.run, ["chattr", "-a", LOG], check=True)
        self.tiny_guest("append-only").start().kill()
        self.assertEqual(immure("audit", "verify").returncode, 0)

    def test_wait_ends_with_the_guests_exit_code(self):
        guest = self.tiny_guest("waited").start()
        waiting = subprocess.Popen([IMMURE, "wait", "waited"])
        wait_for(lambda: Path(f"/proc/{waiting.pid}/wchan").read_text().startswith(("do_poll", "do_sys_poll", "poll")))
        guest.kill()
        self.assertEqual(waiting.wait(timeout=60), KILLED)
