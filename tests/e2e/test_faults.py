"""Whatever system call of a launch fails: the launch says so, and nothing is left that the next command does not undo."""

from immure_test import ImmureTest
from support.guest import disk, image, immure
from support.launcher_calls import calls_of, launch, request_for
from support.leftovers import snapshot, wait_until_as

GUEST_CRASHED = 10
# Their result is not looked at, or there is none.
HARMLESS = {"exit_group", "rt_sigreturn", "umask"}
# Of the confined process, between clone3 and its program.
ON_THE_WAY = ("sethostname", "unshare", "mount", "pivot_root", "umount2", "setgroups", "setresgid", "setresuid", "capset", "keyctl",
              "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp", "execveat", "close_range", "dup2",
              "prlimit64", "fchdir", "chdir")  # fmt: skip
POINTS = 80


class TestFaults(ImmureTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.disk = image("faults.raw")

    def request(self, name: str) -> bytes:
        return request_for(self.guest(name, kernel="tiny/triple-fault", initrd=None, memory="32 MiB", disks=[disk(self.disk)]))

    def assert_undone(self, before: dict, what: str) -> None:
        if wait_until_as(before, seconds=1):
            # Undoing may be what failed: its journal is still there then.
            immure("gc")
            self.assertEqual(wait_until_as(before, seconds=5), {}, what)

    def test_each_call_of_the_launcher_may_fail(self):
        request = self.request("faulty")
        before = snapshot()
        calls = calls_of(request)
        self.assertGreater(len(calls), 200)
        self.assert_undone(before, "without a fault")
        points = [(name, calls[: place + 1].count(name)) for place, name in enumerate(calls) if name not in HARMLESS]
        first = [point for point in points if point[1] == 1]
        others = [point for point in points if point[1] != 1]
        chosen = first + others[:: max(1, len(others) // max(1, POINTS - len(first)))]
        failed = 0
        for name, number in chosen:
            done = launch(request, "-o", "/dev/null", "-e", f"inject={name}:error=EIO:when={number}")
            self.assertNotEqual(done.returncode, 0, name)
            failed += done.returncode != GUEST_CRASHED
            self.assert_undone(before, f"{name}, time {number}: exit {done.returncode}\n{done.stderr}")
        print(f"          {len(chosen)} of {len(points)} calls made to fail, {failed} launches did", flush=True)
        self.assertGreater(failed, len(chosen) // 3)

    def test_each_call_on_the_way_into_confinement_may_fail(self):
        request = self.request("faulty-way")
        before = snapshot()
        self.assertEqual(launch(request, "-f", "-o", "/dev/null").returncode, GUEST_CRASHED)
        for name in ON_THE_WAY:
            done = launch(request, "-f", "-o", "/dev/null", "-e", f"inject={name}:error=EPERM:when=1")
            self.assertNotEqual(done.returncode, 0, name)
            self.assert_undone(before, f"{name}: exit {done.returncode}\n{done.stderr}")
