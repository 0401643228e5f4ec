"""The two guests of `bench devices`, which do what they are told over their consoles."""

import json
import os
import re
import subprocess
from pathlib import Path

GUESTS = Path("/guests")
KERNEL, INITRD = GUESTS / "bzImage-6.12", GUESTS / "busybox.cpio"
SPEC = Path("/var/lib/immure/images/bench-devices.toml")
MEMORY_MIB = 256
MAC = "02:00:00:00:00:2a"
READY, LOADED = re.compile(rb"IMMURE-GUEST-READY\r?\n"), re.compile(rb"IMMURE-GUEST-LOADED (\w+) \.\r?\n")


def command_line(address):
    return f"console=ttyS0 quiet panic=-1 noxsave immure.test=net-up,load immure.address={address}"


class Guest:
    """While the `with` block runs."""

    def __init__(self, command):
        self.seen = b""
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([str(word) for word in command], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)

    def __enter__(self):
        self.wait_for(READY)
        return self

    def wait_for(self, pattern):
        while not (found := pattern.search(self.seen)):
            chunk = os.read(self.process.stdout.fileno(), 4096)
            if not chunk:
                said = self.seen.decode(errors="replace")
                raise SystemExit(f"{self.process.args[0]} ended while {pattern.pattern} was awaited:\n{said}")
            self.seen += chunk
        self.seen = self.seen[found.end() :]
        return found

    def load(self, words):
        """Nanoseconds of the guest's clock."""
        self.process.stdin.write(f"{words}\n".encode())
        self.process.stdin.flush()
        result = self.wait_for(LOADED)[1]
        if not result.isdigit():
            raise SystemExit(f"{self.process.args[0]}: its guest could not: {words}")
        return int(result)


class ImmureGuest(Guest):
    def __init__(self, disks, tap, address):
        text = (f'name = "{SPEC.stem}"\n[boot]\nkernel = "{KERNEL}"\ninitrd = "{INITRD}"\ncommand_line = "{command_line(address)}"\n'
                f'[memory]\nsize = "{MEMORY_MIB} MiB"\n')  # fmt: skip
        for number, (disk, engine) in enumerate(zip(disks, ("plain", "io_uring"))):
            text += f'[[disks]]\nid = "disk{number}"\npath = "{disk}"\nformat = "raw"\nengine = "{engine}"\n'
        text += f'[[nets]]\nid = "lan"\nmac = "{MAC}"\ntap = "{tap}"\n'
        SPEC.write_text(text)
        super().__init__(["immure", "run", SPEC])

    def __enter__(self):
        super().__enter__()
        state = subprocess.run(["immure", "inspect", SPEC.stem, "--json"], check=True, capture_output=True).stdout
        self.pid = json.loads(state)["vmm_pid"]
        return self

    def __exit__(self, *_):
        subprocess.run(["immure", "kill", SPEC.stem], check=False, stdout=subprocess.DEVNULL)
        self.process.wait()
        SPEC.unlink()


class MicrovmGuest(Guest):
    def __init__(self, disks, tap, address):
        # Over PCI, as immure's devices: with an interrupt for each queue, which its virtio-mmio has not.
        words = ["qemu-system-x86_64", "-M", "microvm,pic=off,pit=off,rtc=off,pcie=on", "-accel", "kvm", "-cpu", "host", "-smp", "1"]
        words += ["-m", MEMORY_MIB, "-nodefaults", "-no-user-config", "-nographic", "-serial", "stdio"]
        words += ["-kernel", KERNEL, "-initrd", INITRD, "-append", command_line(address)]
        for number, (disk, aio) in enumerate(zip(disks, ("threads", "io_uring"))):
            words += ["-drive", f"id=d{number},file={disk},format=raw,if=none,cache=writeback,aio={aio}"]
            words += ["-device", f"virtio-blk-pci,drive=d{number}"]
        words += ["-netdev", f"tap,id=n,ifname={tap},script=no,downscript=no", "-device", f"virtio-net-pci,netdev=n,mac={MAC},romfile="]
        super().__init__(words)
        self.pid = self.process.pid

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
