"""The emulated machine: how QEMU and its TPM are started. The order and kind of devices are part of a saved state."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

GUEST_RAM_MIB = 4096
# The guest kernel keeps a disk's size over a restore, so the drive with test guests has the same size with any content.
GUESTS_DRIVE_BYTES = 4 << 30
COMMAND_LINE = (
    "console=ttyS0 root=/dev/vda rw security=selinux selinux=1 enforcing=1 audit=1 audit_backlog_limit=65536 "
    "mitigations=off net.ifnames=0 quiet systemd.show_status=0"
)


@dataclass(frozen=True)
class Clock:
    """How the machine's time runs."""

    name: str
    arguments: tuple
    # More for the kernel's command line.
    command_line: str = ""


# Both cores at work, the machine's time is ours. The module takes VM exits of its own: where they are counted, it is not.
REAL_TIME = Clock("realtime", ("-accel", "tcg,thread=multi,tb-size=512", "-smp", "2"), "modules_load=kvm_exit_after_injection")
# The machine's clock counts instructions (2 ns each): the same work takes the same time to 0.02 %.
COUNTED = Clock("icount", ("-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=1,sleep=off", "-smp", "1"))


@dataclass(frozen=True)
class Boot:
    kernel: Path
    initrd: Path
    # Loaded before QEMU.
    preload: Path


def qemu_version() -> str:
    return subprocess.run(["qemu-system-x86_64", "--version"], check=True, capture_output=True, text=True).stdout


def qemu_command(boot: Boot, clock: Clock, port: int, guests_drive: Path, incoming: Path | None) -> list:
    """Run in the instance's folder: sockets and the overlay are named relative to it (socket paths have 107 bytes)."""
    command = [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-M", "q35", "-cpu", "max",
        *clock.arguments, "-m", str(GUEST_RAM_MIB),
        "-kernel", boot.kernel, "-initrd", boot.initrd, "-append", f"{COMMAND_LINE} {clock.command_line}".strip(),
        "-drive", "file=disk.qcow2,if=virtio,format=qcow2,cache=unsafe,discard=unmap",
        "-drive", f"file={guests_drive},if=virtio,format=raw,read-only=on",
        "-chardev", "socket,id=tpm,path=tpm.sock", "-tpmdev", "emulator,id=tpm0,chardev=tpm",
        "-device", "tpm-tis,tpmdev=tpm0",
        # No way out of the machine, and one way in.
        "-nic", f"user,model=virtio-net-pci,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:22",
        "-device", "virtio-rng-pci",
        # Restores of one state must not draw the same random numbers: this makes the kernel reseed.
        "-device", "vmgenid,guid=auto",
        "-serial", "file:serial.log", "-qmp", "unix:qmp.sock,server=on,wait=off",
    ]  # fmt: skip
    if incoming:
        command += ["-incoming", f"exec:cat {incoming}"]
    return [str(part) for part in command]


def swtpm_command() -> list:
    # --terminate: the emulator ends when QEMU closes the connection, in whatever way QEMU ended.
    return ["swtpm", "socket", "--tpm2", "--tpmstate", "dir=tpm", "--ctrl", "type=unixio,path=tpm.sock",
            "--flags", "startup-clear", "--terminate"]  # fmt: skip
