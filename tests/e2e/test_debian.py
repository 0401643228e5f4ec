"""Unmodified Debian systems: to the login prompt, in, and off by their own `poweroff`."""

import subprocess

from immure_test import ImmureTest
from support.guest import GUESTS, IMMURE, disk
from support.install import IMAGES
from support.leftovers import snapshot
from support.terminal import Terminal

# Systemd and its services, every instruction of them emulated.
BOOT_SECONDS = 400


class TestDebian(ImmureTest):
    def boots_to_login_and_powers_off(self, system: str, console: str) -> None:
        path = IMAGES / f"{system}.raw"
        subprocess.run(["cp", "--sparse=always", GUESTS / system / "disk.raw", path], check=True)
        self.addCleanup(path.unlink)
        before = snapshot()
        guest = self.guest(system, kernel=f"{system}/vmlinuz", initrd=f"{system}/initrd.img", memory="512 MiB",
                           disks=[disk(path, id="root")], command_line=f"console={console} root=/dev/vda rw quiet")  # fmt: skip
        with Terminal([IMMURE, "run", guest.spec]) as terminal:
            terminal.expect("login:", BOOT_SECONDS)
            terminal.send("root\n")
            terminal.expect("assword:", 60)
            terminal.send("immure\n")
            terminal.expect("~#", 120)
            terminal.send("cat /etc/debian_version; systemctl --no-pager is-system-running --wait; lsblk -n /dev/vda\n")
            terminal.expect("vda", 120)
            terminal.send("poweroff\n")
            self.assertEqual(terminal.wait(180), 0, terminal.seen())
        self.assert_as_before(before)

    def test_debian_13_boots_to_login_on_the_virtio_console_and_its_poweroff_ends_everything(self):
        self.boots_to_login_and_powers_off("debian13", "hvc0")

    def test_debian_12_boots_to_login_on_the_serial_port_and_its_poweroff_ends_everything(self):
        self.boots_to_login_and_powers_off("debian12", "ttyS0")
