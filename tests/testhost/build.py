"""The layers of the test host, from nothing to a machine that is ready in seconds:

base    Debian as installed (mmdebstrap)
kernel  the packages of another kernel, where that is asked for
host    configured, policy module installed, labelled: a disk, a kernel, an initrd and an ssh key
ready   the host booted once: its disk's changes and the state of the running machine
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

from . import machine
from .instance import Instance
from .layers import layer
from .mirror import debian_mirror
from .paths import CHECKOUT, HERE, cache_root, hash_of
from .progress import BuildError, as_root, run_logged, stage

MODULE_FILES = [CHECKOUT / "selinux/module" / f"immure.{kind}" for kind in ("te", "fc", "if")]
# Debian 13's kernel, and the newest one.
STABLE, UNSTABLE = KERNELS = "6.12", "unstable"
# What the machine has done before its state is saved; run inside it.
SETTLE = """set -e
systemctl is-system-running --wait >/dev/null || systemctl --failed --no-legend
[ "$(getenforce)" = Enforcing ]
[ -c /dev/kvm ]
[ -c /dev/tpm0 ]
for service in auditd hold-a-machine; do systemctl -q is-active $service; done
for module in $(sed -n 's/.*modules_load=//p' /proc/cmdline); do grep -q "^$module " /proc/modules; done
sync; echo 3 >/proc/sys/vm/drop_caches; id -Z
"""


def build_base() -> Path:
    recipe, packages = HERE / "make-rootfs", HERE / "packages.txt"

    def make(folder: Path) -> None:
        with stage("install Debian 13") as tick:
            run_logged(as_root([recipe, folder / "rootfs.tar", packages, debian_mirror()]), folder / "log", tick)

    return layer(cache_root() / "testhost" / f"base-{hash_of(recipe, packages)}", make)


def build_kernel() -> Path:
    recipe = HERE / "fetch-kernel"

    def make(folder: Path) -> None:
        with stage("fetch Debian unstable's kernel") as tick:
            run_logged([recipe, folder, debian_mirror()], folder / "log", tick)

    return layer(cache_root() / "testhost" / f"kernel-{hash_of(recipe)}", make)


def build_host(kernel: str) -> Path:
    recipes = [HERE / "make-image", HERE / "configure-image", HERE / "hold-a-machine", HERE / "make-rootfs", HERE / "packages.txt",
               *sorted((HERE / "kvm_exit_after_injection").iterdir()), *MODULE_FILES]  # fmt: skip
    packages = [build_kernel()] if kernel == UNSTABLE else []

    def make(folder: Path) -> None:
        base = build_base()
        with stage("configure and label the host, install the policy module") as tick:
            command = [HERE / "make-image", base / "rootfs.tar", folder, MODULE_FILES[0].parent, *packages]
            run_logged(as_root(command), folder / "log", tick)
            if os.geteuid() != 0:
                subprocess.run(as_root(["chown", "-R", f"{os.getuid()}:{os.getgid()}", folder]), check=True)

    return layer(cache_root() / "testhost" / f"host-{kernel}-{hash_of(*recipes, *(layer.name for layer in packages))}", make)


def build_preload() -> Path:
    source = HERE / "leave_ignne_alone.c"

    def make(folder: Path) -> None:
        with stage("compile what QEMU is started with") as tick:
            command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", folder / f"{source.stem}.so", source]
            run_logged(command, folder / "log", tick)

    return layer(cache_root() / "testhost" / f"preload-{hash_of(source)}", make) / f"{source.stem}.so"


def boot_files(host: Path) -> machine.Boot:
    return machine.Boot(kernel=host / "vmlinuz", initrd=host / "initrd.img", preload=build_preload())


def empty_guests_drive() -> Path:
    drive = cache_root() / "testhost" / "no-guests.raw"
    if not drive.exists():
        drive.parent.mkdir(parents=True, exist_ok=True)
        with drive.open("ab") as file:
            file.truncate(machine.GUESTS_DRIVE_BYTES)
    return drive


def build_ready(clock: machine.Clock, kernel: str) -> Path:
    host = build_host(kernel)
    inputs = [host.name, HERE / "machine.py", SETTLE, clock.name, machine.qemu_version()]

    def make(folder: Path) -> None:
        instance = Instance(f"build-{folder.name}"[:60])
        instance.stop()
        with stage(f"boot the host once ({clock.name}, kernel {kernel})") as tick:
            try:
                instance.start(disk=host / "disk.raw", boot=boot_files(host), clock=clock, key_folder=host,
                               guests_drive=empty_guests_drive(), kernel=kernel)  # fmt: skip
                instance.wait_for_ssh(400, tick)
                settled = instance.run(SETTLE, timeout=300)
                (folder / "log").write_text(settled.stdout + settled.stderr)
                if settled.returncode != 0:
                    raise BuildError(f"the host is not as it should be:\n{settled.stdout}{settled.stderr}")
                save_state(instance, folder)
            finally:
                instance.stop()

    return layer(cache_root() / "testhost" / f"ready-{clock.name}-{hash_of(*inputs)}", make)


def save_state(instance: Instance, folder: Path) -> None:
    """Stops the machine and keeps its state and the overlay of its disk."""
    qmp = instance.qmp()
    qmp.call("stop")
    qmp.call("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    qmp.call("migrate", uri=f"exec:cat >{folder / 'state'}")
    while (status := qmp.call("query-migrate").get("status")) != "completed":
        if status in ("failed", "cancelled"):
            raise BuildError("QEMU could not save the machine's state")
        time.sleep(0.1)
    qmp.call("quit")
    deadline = time.monotonic() + 30
    while instance.live_pids() and time.monotonic() < deadline:
        time.sleep(0.1)
    shutil.move(instance.folder / "disk.qcow2", folder / "disk.qcow2")
