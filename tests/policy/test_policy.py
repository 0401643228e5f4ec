"""What the compiled policy does not allow: the promises of docs/selinux.md, asked of the policy itself.

Runs in the test host as part of the end-to-end suite, or on any host with the module loaded:
    python3 -m unittest discover tests/policy
IMMURE_POLICY=FILE asks a policy file in place of the running policy.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from compiled_policy import (  # noqa: E402
    FILE_CLASSES, access_of, ioctls_of, members_of, permissions_on, policy, rules_of, sources_with, targets_with)  # fmt: skip

VMM, MONITOR, PASST, LAUNCHER = "immure_vmm_t", "immure_monitor_t", "immure_passt_t", "immure_t"
NET = "immure_net_t"
CONFINED = (VMM, MONITOR, NET)

# /dev/kvm: version, create machine, MSRs, extensions, run size, CPUID; TSC and MSR features.
KVM_IOCTLS = set(range(0xAE00, 0xAE06)) | {0xAE0A, 0xAE88, 0xAE9D}


class TestConfinedDomains(unittest.TestCase):
    """Promises for the VMM, for the monitor and for the owner of the rules of networks."""

    def test_they_are_bound_to_their_categories(self):
        constrained = members_of("mcs_constrained_type")
        for domain in CONFINED:
            with self.subTest(domain):
                self.assertIn(domain, constrained)

    def test_they_cannot_become_another_domain(self):
        for domain in CONFINED:
            with self.subTest(domain):
                for permission in ("transition", "dyntransition", "setcurrent", "setexec"):
                    self.assertEqual(set(), targets_with(domain, permission, {"process"}), permission)

    def test_they_cannot_run_a_program(self):
        for domain in CONFINED:
            with self.subTest(domain):
                self.assertEqual(set(), targets_with(domain, "execute_no_trans"))

    def test_they_have_no_capability(self):
        for domain in (VMM, MONITOR):
            with self.subTest(domain):
                classes = {object_class for (_, object_class) in access_of(domain)}
                self.assertEqual(set(), {name for name in classes if name.startswith("cap")})

    def test_they_cannot_make_memory_executable(self):
        for domain in CONFINED:
            with self.subTest(domain):
                for permission in ("execmem", "execstack", "execheap"):
                    self.assertEqual(set(), targets_with(domain, permission), permission)

    def test_they_have_no_network(self):
        allowed_here = {"unix_stream_socket", "unix_dgram_socket"}
        for domain in (VMM, MONITOR):
            with self.subTest(domain):
                for (target, object_class), permissions in access_of(domain).items():
                    if object_class.endswith("_socket") and object_class not in allowed_here:
                        used = permissions & {"create", "connect", "bind", "name_connect", "name_bind", "node_bind", "write"}
                        self.assertEqual(set(), used, f"{object_class} {target}")

    def test_they_can_connect_to_nobody(self):
        """setrans_t comes with being a domain; its range puts it out of reach of a domain bound to its categories."""
        for domain in CONFINED:
            with self.subTest(domain):
                self.assertLessEqual(targets_with(domain, "connectto"), {"setrans_t"})
                self.assertEqual(set(), targets_with(domain, "sendto", {"unix_dgram_socket"}))

    def test_they_reach_no_other_process(self):
        for domain in CONFINED:
            with self.subTest(domain):
                for permission in ("ptrace", "signal", "sigkill", "sigstop", "setsched", "setrlimit", "getattr"):
                    self.assertLessEqual(targets_with(domain, permission, {"process"}), {domain}, permission)

    def test_they_create_no_file(self):
        for domain in CONFINED:
            with self.subTest(domain):
                self.assertLessEqual(targets_with(domain, "create", FILE_CLASSES), {domain})

    def test_they_belong_to_the_system_role_only(self):
        roles = {str(role) for role in policy().roles() if any(str(kind) in CONFINED for kind in role.types())}
        self.assertEqual({"system_r"}, roles - {"object_r"})

    def test_only_the_launcher_makes_them(self):
        for domain in CONFINED:
            with self.subTest(domain):
                self.assertEqual({LAUNCHER}, sources_with(domain, "process", "transition"))


class TestVmm(unittest.TestCase):
    def test_it_opens_no_image(self):
        images = set(members_of("immure_image_source_type"))
        self.assertIn("immure_image_t", images)
        self.assertEqual(set(), targets_with(VMM, "open", {"file", "blk_file"}) & images)

    def test_it_has_no_other_image_than_those_labelled_for_guests(self):
        others = set(members_of("immure_image_source_type")) - {"immure_image_t", "immure_content_t"}
        for permission in ("read", "write", "append", "map", "ioctl"):
            self.assertEqual(set(), targets_with(VMM, permission, {"file", "blk_file"}) & others, permission)

    def test_it_does_not_change_an_image_that_is_shared(self):
        for permission in ("write", "append", "setattr"):
            self.assertNotIn("immure_content_t", targets_with(VMM, permission))

    def test_it_writes_only_what_it_is_given(self):
        given = {"immure_image_t", "immure_tmpfs_t", VMM}
        self.assertLessEqual(targets_with(VMM, "write", {"file", "blk_file"}), given)
        devices = {"kvm_device_t", "tun_tap_device_t", "vhost_device_t", "null_device_t", "zero_device_t", "devtty_t"}
        self.assertLessEqual(targets_with(VMM, "write", {"chr_file"}), devices)

    def test_it_opens_no_device_of_ours(self):
        self.assertEqual(set(), {"kvm_device_t", "tun_tap_device_t", "vhost_device_t"} & targets_with(VMM, "open"))

    def test_it_has_only_the_kvm_ioctls_that_a_machine_needs(self):
        self.assertEqual(KVM_IOCTLS, ioctls_of(VMM, "kvm_device_t", "chr_file"))

    def test_it_has_only_the_ioctls_of_a_tap_that_was_attached_for_it(self):
        self.assertEqual({0x54D0, 0x54D2, 0x54D8}, ioctls_of(VMM, "tun_tap_device_t", "chr_file"))

    def test_it_has_only_the_ioctls_that_take_start_and_stop_a_vhost_net(self):
        self.assertEqual({0xAF00, 0xAF01, 0xAF03, 0xAF10, 0xAF11, 0xAF12, 0xAF20, 0xAF21, 0xAF22, 0xAF30},
                         ioctls_of(VMM, "vhost_device_t", "chr_file"))  # fmt: skip

    def test_its_rules_can_be_read_in_one_sitting(self):
        self.assertLessEqual(len(rules_of(VMM)), 100)


class TestMonitor(unittest.TestCase):
    def test_it_has_neither_images_nor_kvm_nor_guest_memory(self):
        for target in ("immure_image_t", "immure_content_t", "kvm_device_t"):
            self.assertEqual([], [key for key in access_of(MONITOR) if key[0] == target])

    def test_of_sealed_memfds_it_uses_one_that_it_is_given(self):
        """The machine's record. It can neither open nor map one; kernel and initrd have the same type, and are not given to it."""
        found = {key: set(access) for key, access in access_of(MONITOR).items() if key[0] == "immure_tmpfs_t"}
        self.assertEqual({("immure_tmpfs_t", "file"): {"getattr", "read", "write"}}, found)

    def test_it_only_reads_the_log(self):
        self.assertNotIn("immure_pipe_t", targets_with(MONITOR, "write"))


class TestOwnerOfRules(unittest.TestCase):
    def test_it_talks_to_nf_tables_and_to_no_other_part_of_the_network(self):
        sockets = {kind for (_, kind), used in access_of(NET).items() if kind.endswith("_socket") and "create" in used}
        self.assertLessEqual(sockets, {"netlink_netfilter_socket", "unix_stream_socket", "unix_dgram_socket"})
        self.assertEqual(set(), targets_with(NET, "name_connect") | targets_with(NET, "name_bind"))

    def test_it_may_change_networks_and_has_no_other_capability(self):
        capabilities = {key: used for key, used in access_of(NET).items() if key[1].startswith("cap")}
        self.assertEqual({(NET, "capability"): {"net_admin"}}, capabilities)

    def test_it_has_neither_images_nor_kvm_nor_taps(self):
        for target in ("immure_image_t", "immure_content_t", "kvm_device_t", "tun_tap_device_t", "vhost_device_t"):
            self.assertEqual([], [key for key in access_of(NET) if key[0] == target])


class TestPasst(unittest.TestCase):
    def test_it_is_bound_to_its_categories_and_made_by_the_launcher_alone(self):
        self.assertIn(PASST, members_of("mcs_constrained_type"))
        self.assertEqual({LAUNCHER}, sources_with(PASST, "process", "transition"))
        self.assertEqual({"immure_passt_exec_t"}, targets_with(PASST, "entrypoint"))

    def test_it_runs_no_program_and_becomes_nothing_else(self):
        self.assertEqual(set(), targets_with(PASST, "execute_no_trans"))
        for permission in ("transition", "dyntransition", "setcurrent", "setexec"):
            self.assertEqual(set(), targets_with(PASST, permission, {"process"}), permission)
        for permission in ("execmem", "execstack", "execheap"):
            self.assertEqual(set(), targets_with(PASST, permission), permission)

    def test_it_has_nothing_of_a_guest_but_the_socket_and_the_log(self):
        for target in ("immure_image_t", "immure_content_t", "immure_tmpfs_t", "immure_var_run_t", "immure_var_lib_t",
                       "kvm_device_t", "tun_tap_device_t"):  # fmt: skip
            used = set().union(*(rights for (kind, _), rights in access_of(PASST).items() if kind == target))
            self.assertLessEqual(used, {"search", "getattr"}, target)
        self.assertNotIn("immure_pipe_t", targets_with(PASST, "read"))

    def test_its_capabilities_are_those_of_a_user_namespace_of_its_own(self):
        classes = {object_class: permissions for (_, object_class), permissions in access_of(PASST).items()
                   if object_class.startswith("cap")}  # fmt: skip
        self.assertLessEqual(set(classes), {"cap_userns"})
        self.assertLessEqual(classes.get("cap_userns", set()), {"setpcap", "sys_admin"})

    def test_it_makes_no_socket_but_those_of_connections_and_the_question_for_routes(self):
        made = {object_class for (target, object_class), permissions in access_of(PASST).items()
                if object_class.endswith("_socket") and "create" in permissions}  # fmt: skip
        # That of the Unix domain comes with being a domain, for setrans_t; passt's filter makes none.
        self.assertEqual({"tcp_socket", "udp_socket", "icmp_socket", "netlink_route_socket"}, made - {"unix_stream_socket"})
        self.assertLessEqual(targets_with(PASST, "connectto"), {"setrans_t"})
        self.assertNotIn("nlmsg_write", access_of(PASST).get((PASST, "netlink_route_socket"), set()))

    def test_it_takes_no_reserved_port(self):
        ports = targets_with(PASST, "name_bind", {"tcp_socket", "udp_socket"})
        self.assertEqual(set(), ports & {"reserved_port_t", "ssh_port_t", "dns_port_t", "http_port_t"})

    def test_it_reaches_no_other_process_and_writes_no_file(self):
        for permission in ("ptrace", "signal", "sigkill", "setsched", "getattr"):
            self.assertLessEqual(targets_with(PASST, permission, {"process"}), {PASST}, permission)
        for permission in ("write", "append", "create", "setattr", "unlink"):
            kinds = {"file", "blk_file", "lnk_file", "sock_file", "dir"}
            self.assertLessEqual(targets_with(PASST, permission, kinds), {PASST, "setrans_runtime_t"}, permission)


class TestOthers(unittest.TestCase):
    def test_other_managers_guests_have_no_access_to_ours(self):
        known = {str(kind) for kind in policy().types()}
        for domain in known & {"svirt_t", "svirt_prot_exec_t", "svirt_tcg_t", "container_t", "container_kvm_t", "qemu_t"}:
            with self.subTest(domain=domain):
                for target in ("immure_image_t", "immure_content_t", VMM):
                    used = permissions_on(target, domain) & {"read", "write", "ptrace", "signal"}
                    self.assertEqual(set(), used, target)

    def test_the_policy_lets_a_process_with_no_new_privs_enter_its_domain(self):
        self.assertIn("nnp_nosuid_transition", {str(name) for name in policy().polcaps()})

    def test_the_launcher_is_no_unconfined_domain(self):
        self.assertNotIn(LAUNCHER, members_of("unconfined_domain_type"))
        self.assertEqual(set(), targets_with(LAUNCHER, "load_policy") | targets_with(LAUNCHER, "setenforce"))


if __name__ == "__main__":
    unittest.main()
