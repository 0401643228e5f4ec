"""Who asks, by his login, decides what he may start; all of a tenant's guests together have no more than his share."""

import json
import subprocess
from pathlib import Path

from immure_test import ImmureTest
from support.guest import IMMURE, Guest, disk, image, immure
from support.leftovers import snapshot

HOST_POLICY = Path("/etc/immure/host.toml")
NOT_ADMITTED, USAGE = 4, 2
OWN, SHARED = Path("/var/lib/immure/acme"), Path("/guests")
ACME, NOBODYS = "immure-acme", "immure-stranger"
POLICY = f"""
[images]
directories = ["{SHARED}"]
[[tenants]]
name = "acme"
groups = ["{ACME}"]
guest_names = "acme-"
directories = ["{OWN}"]
vcpus = 1
guests = 2
total_memory = "96 MiB"
"""


def asked_by(user: str, *arguments) -> subprocess.CompletedProcess:
    """As root, in the login of that user: as behind sudo."""
    script = f'echo "$(id -u {user})" > /proc/self/loginuid && exec "$@"'
    return subprocess.run(["sh", "-c", script, "sh", IMMURE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, timeout=120)  # fmt: skip


class TestTenants(ImmureTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (ACME, NOBODYS):
            subprocess.run(["useradd", "--user-group", user], check=True)
            cls.addClassCleanup(subprocess.run, ["userdel", user], check=False)
        OWN.mkdir()
        cls.addClassCleanup(OWN.rmdir)
        HOST_POLICY.write_text(POLICY)
        cls.addClassCleanup(HOST_POLICY.unlink)

    def tiny_guest(self, name: str, *, memory: str = "32 MiB", vcpus: int = 1, disks=()) -> Guest:
        return self.guest(name, kernel="tiny/halt", initrd=None, memory=memory, vcpus=vcpus, disks=disks)

    def own_disk(self, name: str) -> Path:
        path = image(name).rename(OWN / name)
        self.addCleanup(path.unlink)
        return path

    def test_a_tenant_starts_guests_within_his_share_and_no_more(self):
        for name in ("acme-1", "acme-2"):
            guest = self.tiny_guest(name, disks=[disk(self.own_disk(f"{name}.raw"))])
            self.assert_ended(asked_by(ACME, "run", "-d", guest.spec), 0)
        before = snapshot()
        self.assert_ended(asked_by(ACME, "run", "-d", self.tiny_guest("acme-3").spec), NOT_ADMITTED,
                          "tenant's number of guests is 3", "at most 2")  # fmt: skip
        self.assert_as_before(before)
        tenants = {guest["name"]: guest["tenant"] for guest in json.loads(immure("ps", "--json", check=True).stdout)}
        self.assertEqual((tenants["acme-1"], tenants["acme-2"]), ("acme", "acme"))
        (entry,) = [entry for entry in json.loads(immure("audit", "show", "acme-1", "--json", check=True).stdout)
                    if entry["event"] == "started"]  # fmt: skip
        self.assertEqual(entry["tenant"], "acme")

    def test_memory_of_all_his_guests_counts(self):
        self.assert_ended(asked_by(ACME, "run", "-d", self.tiny_guest("acme-4", memory="64 MiB").spec), 0)
        self.assert_ended(asked_by(ACME, "run", "-d", self.tiny_guest("acme-5", memory="64 MiB").spec), NOT_ADMITTED,
                          "tenant's memory", "tenants.total_memory")  # fmt: skip

    def test_he_has_what_his_table_says_and_nothing_else(self):
        path = image("not-his.raw")
        for guest, rule in (
            (self.tiny_guest("other-name"), "tenants.guest_names"),
            (self.tiny_guest("acme-big", vcpus=2), "limits.vcpus"),
            (self.tiny_guest("acme-disk", disks=[disk(path)]), "tenants.directories"),
            (self.tiny_guest("acme-disk", disks=[disk(path, read_only=True)]), "images.directories"),
        ):
            before = snapshot()
            self.assert_ended(asked_by(ACME, "run", "-d", guest.spec), NOT_ADMITTED, rule)
            checked = asked_by(ACME, "policy", "check", guest.spec, "--json")
            self.assertEqual(checked.returncode, NOT_ADMITTED)
            self.assertEqual([each["rule"] for each in json.loads(checked.stdout)["rules"] if not each["passed"]], [rule])
            self.assert_as_before(before)

    def test_who_is_nobodys_starts_nothing_but_the_host_itself_may(self):
        guest = self.tiny_guest("acme-6")
        self.assert_ended(asked_by(NOBODYS, "run", "-d", guest.spec), NOT_ADMITTED, NOBODYS)
        self.assert_ended(asked_by("root", "run", "-d", guest.spec), 0)

    def test_policy_check_says_what_would_be_said_to_another(self):
        guest = self.tiny_guest("acme-7")
        answer = json.loads(immure("policy", "check", guest.spec, "--as", ACME, "--json", check=True).stdout)
        self.assertEqual((answer["admitted"], answer["requester"], answer["tenant"], answer["shares_evaluated"]),
                         (True, ACME, "acme", True))  # fmt: skip
        self.assert_ended(immure("policy", "check", guest.spec, "--as", "no-such-user"), USAGE, "no-such-user")
        self.assertEqual(immure("policy", "check", guest.spec, "--as", NOBODYS).returncode, NOT_ADMITTED)
        self.assertIn("admitted", immure("policy", "check", guest.spec, check=True).stdout)
