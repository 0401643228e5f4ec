"""Whatever is killed, and whenever: the next command finds what was left and undoes it."""

import os
import signal
import subprocess
import time

from immure_test import ImmureTest
from support.guest import IMMURE, Guest, disk, image, immure, values, wait_for
from support.kernel import processes_named
from support.leftovers import snapshot


class TestCrashes(ImmureTest):
    def tiny_guest(self, name: str):
        return self.guest(name, kernel="tiny/halt", initrd=None, memory="32 MiB", disks=[disk(image(f"{name}.raw"))])

    def test_a_killed_vmm_ends_the_guest_and_run_says_so(self):
        guest = self.tiny_guest("killed-vmm")
        before = snapshot()
        runner = guest.run_in_background()
        os.kill(guest.pid_when_running(), signal.SIGKILL)
        runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, 11)
        self.assert_as_before(before)

    def test_what_a_guest_flushed_is_there_after_its_vmm_was_killed(self):
        for options in ({"engine": "plain"}, {"engine": "io_uring"}, {"engine": "io_uring", "direct": True}):
            name = "flushed-" + "-".join(str(value).lower() for value in options.values())
            with self.subTest(name):
                path = image(f"{name}.raw", 8)
                guest = self.guest(name, "disk-flush", disks=[disk(path) | options]).start()
                # Whatever it does just then: the next block is on its way.
                console = guest.console_until("IMMURE-GUEST-FLUSHED 20")
                os.kill(guest.pid(), signal.SIGKILL)
                wait_for(lambda: immure("inspect", name).returncode != 0)
                flushed = int(values(console, "FLUSHED")[-1])
                content = path.read_bytes()
                lost = [number for number in range(1, flushed + 1) if content[number * 4096 :][:8] != b"%08d" % number]
                self.assertEqual(lost, [])

    def test_a_killed_keeper_takes_its_guest_with_it_and_the_next_command_undoes_the_rest(self):
        guest = self.tiny_guest("killed-keeper")
        before = snapshot()
        guest.start()
        os.kill(guest.inspect()["keeper"]["pid"], signal.SIGKILL)
        self.next_command_cleans(before)

    def test_gc_undoes_what_a_killed_keeper_left_and_names_the_guest(self):
        guest = self.tiny_guest("collected")
        before = snapshot()
        guest.start()
        os.kill(guest.inspect()["keeper"]["pid"], signal.SIGKILL)
        self.assertEqual(immure("gc", check=True).stdout, "collected\n")
        self.assert_as_before(before)
        self.assertEqual(immure("gc", check=True).stdout, "")

    def test_a_killed_monitor_leaves_nothing(self):
        guest = self.tiny_guest("killed-monitor")
        before = snapshot()
        guest.start()
        os.kill(guest.inspect()["monitor"]["pid"], signal.SIGKILL)
        guest.kill()
        self.assert_as_before(before)

    def test_a_launcher_killed_at_any_moment_leaves_nothing_that_the_next_command_does_not_undo(self):
        guest = self.tiny_guest("killed-launcher")
        before = snapshot()
        for milliseconds in range(0, 400, 20):
            runner = subprocess.Popen([IMMURE, "run", "-d", guest.spec], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)  # fmt: skip
            wait_for(lambda: processes_named("immure-launch") or runner.poll() is not None)
            time.sleep(milliseconds / 1000)
            for pid in processes_named("immure-launch"):
                kill_if_there(pid)
            runner.wait(timeout=60)
        self.next_command_cleans(before)

    def next_command_cleans(self, before: dict) -> None:
        self.assert_ended(self.guest("next", kernel="tiny/triple-fault", initrd=None, memory="32 MiB").run(), 10)
        self.assert_as_before(before)


class TestMany(ImmureTest):
    COUNT = 64

    def test_sixty_four_launches_at_once_share_nothing(self):
        guests = [self.tiny(number) for number in range(self.COUNT)]
        before = snapshot()
        runners = [subprocess.Popen([IMMURE, "run", "-d", guest.spec], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE) for guest in guests]  # fmt: skip
        for runner, guest in zip(runners, guests):
            _, error = runner.communicate(timeout=300)
            self.assertEqual(runner.returncode, 0, f"{guest.name}: {error.decode()}")
        facts = [guest.inspect() for guest in guests]
        for key in ("label", "uid", "vmm_pid", "image_label", "cgroup"):
            self.assertEqual(len({fact[key] for fact in facts}), self.COUNT, key)
        killers = [subprocess.Popen([IMMURE, "kill", guest.name], stdin=subprocess.DEVNULL) for guest in guests]
        self.assertEqual({killer.wait(timeout=300) for killer in killers}, {0})
        self.assert_as_before(before)

    def tiny(self, number: int):
        path = image(f"many-{number}.raw", 1)
        return Guest(f"many-{number}", kernel="tiny/halt", initrd=None, memory="32 MiB", disks=[disk(path)])


def kill_if_there(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
