"""A wall that cannot stand ends the launch, with the cause in the message and nothing left behind."""

import subprocess

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import disk, image
from support.install import PATHS
from support.leftovers import snapshot

UNSAFE_HOST, CONFINEMENT_FAILED = 5, 9


class TestFailClosed(ImmureTest):
    def tiny_guest(self, name: str):
        return self.guest(name, kernel="tiny/halt", initrd=None, memory="32 MiB", disks=[disk(image(f"{name}.raw"))])

    def test_a_permissive_host_is_refused(self):
        guest = self.tiny_guest("permissive")
        before = snapshot()
        subprocess.run(["setenforce", "0"], check=True)
        try:
            done = guest.run()
        finally:
            subprocess.run(["setenforce", "1"], check=True)
        self.assert_ended(done, UNSAFE_HOST, "ermissive")
        self.assert_as_before(before)

    def test_a_permissive_domain_is_refused(self):
        """A policy module may make one domain permissive; the host as a whole still says enforcing."""
        guest = self.tiny_guest("permissive-domain")
        before = snapshot()
        subprocess.run(["semanage", "permissive", "-a", "immure_vmm_t"], check=True, capture_output=True)
        try:
            done = guest.run()
        finally:
            subprocess.run(["semanage", "permissive", "-d", "immure_vmm_t"], check=True, capture_output=True)
        self.assert_ended(done, UNSAFE_HOST, "ermissive")
        self.assert_as_before(before)

    def test_a_vmm_without_its_label_is_not_started(self):
        guest = self.tiny_guest("wrong-label")
        vmm = PATHS["immure-vmm"]
        before = snapshot()
        subprocess.run(["chcon", "-t", "bin_t", vmm], check=True)
        try:
            done = guest.run()
        finally:
            subprocess.run(["restorecon", "-F", vmm], check=True)
        self.assertIn(done.returncode, (UNSAFE_HOST, CONFINEMENT_FAILED), done.stderr)
        self.assertIn("immure-vmm", done.stderr)
        self.assert_as_before(before)

    def test_a_host_without_kvm_is_refused(self):
        guest = self.tiny_guest("no-kvm")
        before = snapshot()
        subprocess.run(["mv", "/dev/kvm", "/dev/kvm.away"], check=True)
        try:
            done = guest.run()
        finally:
            subprocess.run(["mv", "/dev/kvm.away", "/dev/kvm"], check=True)
        self.assert_ended(done, UNSAFE_HOST, "kvm")
        self.assert_as_before(before)


class TestAudit(ImmureTest):
    def test_the_audit_log_tells_of_the_guest_and_its_end(self):
        path = image("audited.raw")
        mark = AuditMark()
        self.guest("audited", disks=[disk(path)]).run()
        text = "\n".join(mark.of_type("VIRT_MACHINE_ID", "VIRT_RESOURCE", "VIRT_CONTROL"))
        for piece in ('vm="audited"', "vm-ctx=system_u:system_r:immure_vmm_t:s0:c", f'new-disk="{path}"', "op=start", "op=stop"):
            self.assertIn(piece, text)
