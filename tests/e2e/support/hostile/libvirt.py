"""libvirt as Debian installs it: its daemon, started for a test only, and guests that it starts."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from .attempts import HOSTILE_VMM

LIBVIRTD, QEMU = Path("/usr/sbin/libvirtd"), Path("/usr/bin/qemu-system-x86_64")
# tests/hostile/emulator.cpp knows it by this name.
EMULATOR = Path("/usr/libexec/hostile-emulator")
IMAGES, STATE, RUN = Path("/var/lib/libvirt/images"), Path("/var/lib/libvirt/qemu"), Path("/run/libvirt/qemu")
LOGS = Path("/var/log/libvirt/qemu")
UNITS = [f"{name}.{kind}" for name in ("libvirtd", "virtlogd") for kind in ("service", "socket")]
UNITS += ["libvirtd-ro.socket", "libvirtd-admin.socket", "virtlogd-admin.socket"]
START_SECONDS = 180


def installed() -> bool:
    return LIBVIRTD.exists()


@contextlib.contextmanager
def running():
    """The daemon; yields its PID. The hostile program is installed as an emulator, with the label that QEMU's program has."""
    shutil.copyfile(HOSTILE_VMM, EMULATOR)
    EMULATOR.chmod(0o755)
    subprocess.run(["chcon", f"--reference={QEMU}", EMULATOR], check=True)
    try:
        subprocess.run(["systemctl", "start", "libvirtd.service"], check=True, timeout=START_SECONDS)
        shown = subprocess.run(["systemctl", "show", "--property=MainPID", "--value", "libvirtd.service"], check=True,
                               capture_output=True, text=True)  # fmt: skip
        yield int(shown.stdout)
    finally:
        subprocess.run(["systemctl", "stop", *UNITS], check=False, timeout=START_SECONDS, capture_output=True)
        EMULATOR.unlink()


def virsh(*words) -> None:
    """In the caller's own domain: virsh's may read few files."""
    own_label = Path("/proc/self/attr/current").read_text().rstrip("\0\n")
    done = subprocess.run(["runcon", own_label, "virsh", "--quiet", *map(str, words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=START_SECONDS, check=False)  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(f"virsh {' '.join(map(str, words))}: {done.stderr.strip()}")


def image(name: str, size: int, mode: int = 0o600) -> Path:
    path = IMAGES / name
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    path.chmod(mode)
    return path


class Domain:
    """A guest with these disks, each a path and whether it is only read. It is made and stays paused: its QEMU is all there."""

    def __init__(self, name: str, disks: list):
        self.name, self.disks, self.pid = name, disks, 0

    def start(self) -> None:
        definition = Path(f"/run/{self.name}.xml")
        definition.write_text(self.definition())
        try:
            virsh("create", "--paused", definition)
        finally:
            definition.unlink()
        self.pid = int((RUN / f"{self.name}.pid").read_text())
        (self.socket,) = STATE.glob(f"domain-*-{self.name}/monitor.sock")

    def destroy(self) -> None:
        with contextlib.suppress(AssertionError):  # it may have ended
            virsh("destroy", self.name)

    def command_line(self) -> list:
        return Path(f"/proc/{self.pid}/cmdline").read_text().rstrip("\0").split("\0")

    def cgroup(self) -> Path:
        """The nearest one that has a limit of memory."""
        group = Path("/sys/fs/cgroup") / Path(f"/proc/{self.pid}/cgroup").read_text().strip().removeprefix("0::/")
        while not (group / "memory.max").exists():
            group = group.parent
        return group

    def log_bytes(self) -> int:
        """Of all that virtlogd keeps; it may be renaming them."""
        sizes = []
        for path in LOGS.glob(f"{self.name}.log*"):
            with contextlib.suppress(FileNotFoundError):
                sizes.append(os.stat(path).st_size)
        return sum(sizes)

    def definition(self) -> str:
        disks = "".join(
            f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{path}'/>"
            f"<target dev='vd{'ab'[number]}' bus='virtio'/>{'<readonly/><shareable/>' if read_only else ''}</disk>"
            for number, (path, read_only) in enumerate(self.disks)
        )
        return f"""<domain type='kvm'>
  <name>{self.name}</name>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <emulator>{EMULATOR}</emulator>
    {disks}
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""
