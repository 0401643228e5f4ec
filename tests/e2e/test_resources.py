"""What a guest may have of the host is what the kernel says that it has."""

import os
import re
import subprocess
from pathlib import Path

from immure_test import ImmureTest
from support import kernel
from support.audit import AuditMark
from support.guest import Guest, disk, image, immure
from support.install import IMAGES
from support.leftovers import snapshot

HOST_POLICY = Path("/etc/immure/host.toml")
NOT_ADMITTED, UNSAFE_HOST, BAD_SPECIFICATION = 4, 5, 3


def group_of(guest: Guest) -> Path:
    return Path("/sys/fs/cgroup") / guest.inspect()["cgroup"].removeprefix("/sys/fs/cgroup").lstrip("/")


def memory_flags_of(pid: int) -> list:
    """VmFlags of the guest's memory, which is the largest mapping: proc_pid_smaps(5)."""
    mappings = re.findall(r"^Size: +(\d+) kB.*?^VmFlags: ([a-z0-9 ]*)$", Path(f"/proc/{pid}/smaps").read_text(), re.M | re.S)
    return max(mappings, key=lambda mapping: int(mapping[0]))[1].split()


def said_by(group: Path, *files: str) -> dict:
    return {file: (group / file).read_text().strip() for file in files}


class TestResources(ImmureTest):
    def tiny_guest(self, name: str, *, cpu: dict | None = None, resources: dict | None = None, vcpus: int = 1) -> Guest:
        guest = self.guest(name, kernel="tiny/halt", initrd=None, memory="32 MiB", vcpus=vcpus)
        guest.tables["cpu"].update(cpu or {})
        guest.tables["resources"] = resources or {}
        guest.write()
        return guest

    def allow(self, text: str) -> None:
        HOST_POLICY.write_text(text)
        self.addCleanup(HOST_POLICY.unlink)

    def test_every_limit_is_in_the_kernel(self):
        self.allow('[limits]\nswap = "16 MiB"\n')
        resources = {"cpu_weight": 50, "cpu_quota": 75, "cpus": "1", "memory_nodes": "0", "memory_overhead": "16 MiB",
                     "memory_low": "8 MiB", "swap": "4 MiB", "pids_max": 20}  # fmt: skip
        mark = AuditMark()
        group = group_of(self.tiny_guest("limited", resources=resources).start())
        self.assertEqual(
            said_by(group, "cpu.weight", "cpu.max", "cpuset.cpus.effective", "cpuset.mems.effective", "memory.max", "memory.low",
                    "memory.swap.max", "pids.max"),
            {"cpu.weight": "50", "cpu.max": "75000 100000", "cpuset.cpus.effective": "1", "cpuset.mems.effective": "0",
             "memory.max": str(48 << 20), "memory.low": str(8 << 20), "memory.swap.max": str(4 << 20), "pids.max": "20"})  # fmt: skip
        self.assert_no_denials(mark)

    def test_the_kernel_limits_the_device_beneath_a_disk(self):
        limit = {"device_limit": {"write_bytes_per_second": "1 MiB", "read_operations_per_second": 50}}
        guest = self.tiny_guest("slow-disks")
        guest.disks = [disk(image(f"slow-{letter}.raw"), id=letter) | limit for letter in "ab"]
        guest.write()
        mark = AuditMark()
        group = group_of(guest.start())
        device = os.stat(guest.disks[0]["path"]).st_dev
        place = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
        whole = ((place.parent if (place / "partition").exists() else place) / "dev").read_text().strip()
        self.assertEqual(said_by(group, "io.max"), {"io.max": f"{whole} rbps=max wbps={2 << 20} riops=100 wiops=max"})
        self.assert_no_denials(mark)

    def test_a_disk_on_no_block_device_cannot_be_limited_so(self):
        memory = IMAGES / "in-memory"
        memory.mkdir()
        self.addCleanup(memory.rmdir)
        context = os.getxattr(IMAGES, "security.selinux").rstrip(b"\0").decode()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=2m,rootcontext={context}", "tmpfs", memory], check=True)
        self.addCleanup(subprocess.run, ["umount", memory], check=True)
        guest = self.tiny_guest("in-memory")
        guest.disks = [disk(image("in-memory/disk.raw", 1)) | {"device_limit": {"write_bytes_per_second": "1 MiB"}}]
        guest.write()
        before = snapshot()
        self.assert_ended(guest.run(), UNSAFE_HOST, "disks[0].device_limit", "no block device")
        self.assert_as_before(before)

    def test_without_being_asked_a_guest_has_no_swap(self):
        group = group_of(self.tiny_guest("unlimited").start())
        self.assertEqual(said_by(group, "memory.swap.max"), {"memory.swap.max": "0"})

    def test_memory_is_merged_only_where_the_host_policy_allows_it(self):
        self.assertNotIn("mg", memory_flags_of(self.tiny_guest("apart").start().pid()))
        merged = self.tiny_guest("merged")
        merged.tables["memory"]["merge"] = True
        merged.write()
        self.assert_ended(merged.run(), NOT_ADMITTED, "memory.merge", "limits.memory_merge")
        self.allow("[limits]\nmemory_merge = true\n")
        self.assertIn("mg", memory_flags_of(merged.start().pid()))

    def test_vcpus_run_where_and_as_they_are_told(self):
        self.allow("[limits]\nrealtime_priority = 3\n")
        mark = AuditMark()
        guest = self.tiny_guest("pinned", vcpus=2, cpu={"pinning": [1, 0], "realtime_priority": 3}).start()
        places = {}
        for tid in kernel.threads_of(guest.pid()):
            places[kernel.status_of(tid)["Name"]] = (os.sched_getaffinity(tid), os.sched_getscheduler(tid), os.sched_getparam(tid).sched_priority)
        self.assertEqual(places["vcpu0"], ({1}, os.SCHED_FIFO, 3))
        self.assertEqual(places["vcpu1"], ({0}, os.SCHED_FIFO, 3))
        self.assertEqual(places["io"], ({0, 1}, os.SCHED_OTHER, 0))
        self.assert_no_denials(mark)

    def test_a_cpu_that_the_host_does_not_have_ends_the_launch(self):
        before = snapshot()
        done = self.tiny_guest("nowhere", resources={"cpus": "1000"}).run()
        self.assert_ended(done, UNSAFE_HOST, "cpuset.cpus")
        done = self.tiny_guest("nowhere", cpu={"pinning": [1000]}).run()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("CPU 1000", done.stderr)
        self.assert_as_before(before)

    def test_cpus_swap_and_priority_are_the_host_policys_to_give(self):
        self.allow('[cpus]\nallowed = "1"\n')
        self.assertEqual(said_by(group_of(self.tiny_guest("kept").start()), "cpuset.cpus.effective"), {"cpuset.cpus.effective": "1"})
        self.assert_ended(self.tiny_guest("greedy", resources={"cpus": "0-1"}).run(), NOT_ADMITTED, "resources.cpus", "allows 1")
        self.assert_ended(self.tiny_guest("greedy", resources={"swap": "1 MiB"}).run(), NOT_ADMITTED, "resources.swap")
        self.assert_ended(self.tiny_guest("greedy", cpu={"realtime_priority": 1}).run(), NOT_ADMITTED, "realtime_priority")

    def test_nobody_in_a_guests_cgroup_can_open_a_device(self):
        group = group_of(self.tiny_guest("without-devices").start())

        def opened_in(group: Path, path: str) -> int:
            script = f"exec 2>/dev/null; echo $$ > {group}/cgroup.procs && : < {path}"
            return subprocess.run(["sh", "-c", script], stdin=subprocess.DEVNULL, check=False).returncode

        outside = group.parents[2]
        self.assertEqual(opened_in(group, "/etc/hostname"), 0)
        for device in ("/dev/kvm", "/dev/zero", "/dev/vda"):
            self.assertEqual(opened_in(outside, device), 0, device)
            self.assertNotEqual(opened_in(group, device), 0, device)

    def test_a_wrong_place_is_told_with_its_key(self):
        done = immure("validate", self.tiny_guest("wrong", cpu={"pinning": [0, 1]}).spec)
        self.assert_ended(done, BAD_SPECIFICATION, "cpu.pinning", "2 numbers for 1 vCPUs")
