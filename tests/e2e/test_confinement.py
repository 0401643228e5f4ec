"""What the kernel says of two guests that run at the same time."""

import os
import re

from immure_test import ImmureTest
from support import kernel
from support.guest import Guest, disk, image
from support.kernel import Access

LABEL = re.compile(r"system_u:system_r:immure_vmm_t:s0:c(\d+),c(\d+)")
IMAGE_LABEL = re.compile(r"system_u:object_r:immure_image_t:s0:c(\d+),c(\d+)")
# policy/fd_layout.hpp, and what the VMM opens for itself: its VM, its CPUs, and event and ring descriptors.
INHERITED = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16}
OWN_DESCRIPTORS = re.compile(r"anon_inode:(kvm-vm|kvm-vcpu.*|\[(eventfd|eventpoll|io_uring|timerfd|signalfd)\])")


class TestConfinement(ImmureTest):
    @classmethod
    def setUpClass(cls):
        cls.images = [image("confinement-a.raw"), image("confinement-b.raw")]
        cls.guests = [Guest(f"confined-{path.stem[-1]}", "hang", disks=[disk(path)]) for path in cls.images]
        for guest in cls.guests:
            cls.addClassCleanup(guest.kill)
            guest.start()
        cls.inspected = [guest.inspect() for guest in cls.guests]
        cls.pids = [facts["vmm_pid"] for facts in cls.inspected]

    def categories(self) -> list:
        return [LABEL.fullmatch(kernel.label_of_process(pid)).groups() for pid in self.pids]

    def test_each_vmm_has_a_label_of_two_categories_lower_first(self):
        for pid in self.pids:
            label = kernel.label_of_process(pid)
            found = LABEL.fullmatch(label)
            self.assertTrue(found, label)
            self.assertLess(int(found[1]), int(found[2]))

    def test_every_thread_has_the_label_of_its_process(self):
        for pid in self.pids:
            for tid in kernel.threads_of(pid):
                self.assertEqual(kernel.label_of_process(tid), kernel.label_of_process(pid))

    def test_a_disk_has_the_categories_of_its_guest(self):
        for path, categories in zip(self.images, self.categories()):
            found = IMAGE_LABEL.fullmatch(kernel.label_of_file(path))
            self.assertTrue(found, kernel.label_of_file(path))
            self.assertEqual(found.groups(), categories)

    def test_two_guests_share_neither_categories_nor_uid(self):
        self.assertNotEqual(*self.categories())
        uids = [kernel.status_of(pid)["Uid"] for pid in self.pids]
        self.assertNotEqual(*uids)

    def test_the_keeper_has_only_the_capabilities_that_a_launch_needs(self):
        # launcher/self.cpp: chown dac_override fowner kill setgid setuid setpcap sys_ptrace sys_admin sys_resource audit_write
        needed = sum(1 << number for number in (0, 1, 3, 5, 6, 7, 8, 19, 21, 24, 29))
        for facts in self.inspected:
            status = kernel.status_of(facts["keeper"]["pid"])
            for key in ("CapEff", "CapPrm", "CapBnd"):
                self.assertEqual(int(status[key], 16), needed, key)
            for key in ("CapInh", "CapAmb"):
                self.assertEqual(int(status[key], 16), 0, key)

    def test_the_vmm_is_not_root_in_any_way(self):
        for pid in self.pids:
            status = kernel.status_of(pid)
            for key in ("Uid", "Gid"):
                self.assertEqual(len(set(status[key].split())), 1)
                self.assertNotEqual(status[key].split()[0], "0")
            self.assertIn(status["Groups"], ("", status["Gid"].split()[0]))

    def test_no_thread_has_a_capability(self):
        for pid in self.pids:
            for tid in kernel.threads_of(pid):
                status = kernel.status_of(tid)
                for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
                    self.assertEqual(int(status[name], 16), 0, f"{name} of thread {tid}")

    def test_no_new_privileges_and_seccomp_filters_are_on_in_every_thread(self):
        for pid in self.pids:
            for tid in kernel.threads_of(pid):
                status = kernel.status_of(tid)
                self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), status["Name"])
                self.assertGreaterEqual(int(status["Seccomp_filters"]), 2, status["Name"])

    def test_the_root_is_empty_and_read_only(self):
        for pid in self.pids:
            self.assertEqual(kernel.root_entries(pid), [])
            self.assertLessEqual({"ro", "nosuid", "nodev", "noexec", "type=tmpfs"}, kernel.root_mount_options(pid))

    def test_every_namespace_is_its_own(self):
        host = kernel.namespaces_of(os.getpid())
        first, second = (kernel.namespaces_of(pid) for pid in self.pids)
        for name in kernel.NAMESPACES:
            self.assertEqual(len({host[name], first[name], second[name]}), 3, name)

    def test_the_vmm_holds_no_descriptor_beyond_the_list(self):
        for pid in self.pids:
            for number, target in kernel.descriptors_of(pid).items():
                if number not in INHERITED:
                    self.assertRegex(target, OWN_DESCRIPTORS, f"descriptor {number}")

    def test_only_the_disk_among_its_descriptors_has_a_path_on_the_host(self):
        for pid, path in zip(self.pids, self.images):
            targets = kernel.descriptors_of(pid).values()
            files = {target for target in targets if target.startswith("/") and not target.startswith("/memfd:")}
            self.assertLessEqual(files, {str(path), "/dev/null", "/dev/kvm", "/null", "/kvm"})

    def test_no_core_is_dumped(self):
        for pid in self.pids:
            self.assertEqual(kernel.core_limit(pid), "0")

    def test_inspect_says_what_the_kernel_says(self):
        for pid, facts, path in zip(self.pids, self.inspected, self.images):
            status = kernel.status_of(pid)
            self.assertEqual(facts["label"], kernel.label_of_process(pid))
            self.assertEqual(facts["image_label"], kernel.label_of_file(path))
            self.assertEqual((facts["uid"], facts["gid"]), (int(status["Uid"].split()[0]), int(status["Gid"].split()[0])))
            self.assertEqual(set(map(int_of_mask, facts["capabilities"].values())), {0})
            self.assertEqual(int(facts["no_new_privs"]), 1)
            self.assertEqual(facts["seccomp"], {"mode": 2, "filters": int(status["Seccomp_filters"])})
            self.assertEqual({name: facts["namespaces"][name] for name in kernel.NAMESPACES}, kernel.namespaces_of(pid))
            self.assertEqual(facts["root_entries"], [])
            self.assertIn(str(path), [file["path"] for file in facts["files"]])

    def test_the_vmm_has_the_limits_of_a_cgroup_of_its_own(self):
        groups = [open(f"/proc/{pid}/cgroup").read().strip() for pid in self.pids]
        self.assertNotEqual(*groups)
        for pid, facts in zip(self.pids, self.inspected):
            folder = "/sys/fs/cgroup/" + facts["cgroup"].removeprefix("/sys/fs/cgroup").lstrip("/")
            self.assertIn(str(pid), open(f"{folder}/cgroup.procs").read().split())
            self.assertNotEqual(open(f"{folder}/memory.max").read().strip(), "max")
            self.assertNotEqual(open(f"{folder}/pids.max").read().strip(), "max")

    def test_selinux_would_not_let_a_guest_use_the_other_ones_disk(self):
        labels = [kernel.label_of_process(pid) for pid in self.pids]
        disks = [kernel.label_of_file(path) for path in self.images]
        for permission in ("read", "write"):
            self.assertTrue(Access.allowed(labels[0], disks[0], "file", permission))
            self.assertFalse(Access.allowed(labels[0], disks[1], "file", permission))
            self.assertFalse(Access.allowed(labels[1], disks[0], "file", permission))

    def test_selinux_would_not_let_a_vmm_open_or_run_anything(self):
        label = kernel.label_of_process(self.pids[0])
        disk_label = kernel.label_of_file(self.images[0])
        self.assertFalse(Access.allowed(label, disk_label, "file", "open"))
        for target in (disk_label, "system_u:object_r:shell_exec_t:s0", "system_u:object_r:bin_t:s0"):
            self.assertFalse(Access.allowed(label, target, "file", "execute"))

    def test_selinux_would_not_let_a_guest_touch_the_other_ones_processes(self):
        labels = [kernel.label_of_process(pid) for pid in self.pids]
        for permission in ("ptrace", "sigkill", "signal", "getattr"):
            self.assertFalse(Access.allowed(labels[0], labels[1], "process", permission), permission)

    def test_the_monitor_is_confined_with_the_same_categories(self):
        for facts, categories in zip(self.inspected, self.categories()):
            pid = facts["monitor"]["pid"]
            self.assertEqual(kernel.label_of_process(pid), "system_u:system_r:immure_monitor_t:s0:c{},c{}".format(*categories))
            status = kernel.status_of(pid)
            self.assertNotEqual(status["Uid"].split()[0], "0")
            self.assertEqual([int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")], [0, 0, 0])
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))


def int_of_mask(value) -> int:
    return value if isinstance(value, int) else int(value, 16)
