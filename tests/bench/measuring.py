"""What measuring adds to a launch: where kernel, initrd, disk and VMM are under fs-verity, and where they are not."""

import statistics
import subprocess
from pathlib import Path

from fs_verity import VerityFileSystem
from tracepoints import Trace

GUESTS, IMAGES = Path("/guests"), Path("/var/lib/immure/images")
HOST_POLICY = Path("/etc/immure/host.toml")
VMM = Path("/usr/libexec/immure/immure-vmm")
NAME, DISK_MIB = "bench-measure", 64


def measure(runs):
    files = VerityFileSystem(IMAGES / "bench-verity", 256)
    try:
        print("| measuring, ms of the clock, beside a launch without | added |\n|---|---|")
        for what, folder in (("hashed at each launch", IMAGES), ("under fs-verity", files.directory)):
            kept = files if folder == files.directory else None
            sizes = [place(kept, source, name) for source, name in sources()]
            if kept:
                subprocess.run(["mount", "--bind", files.add("immure-vmm", VMM.read_bytes(), like=VMM), VMM], check=True)
            spec = write_spec(folder)
            added = statistics.median(launched(spec, "required") - launched(spec, "off") for _ in range(runs)) / 1e6
            sizes = ", ".join([*sizes, f"{VMM.stat().st_size / 1e6:.1f}"])
            print(f"| kernel, initrd, read-only disk and VMM {what} ({sizes} MB) | {added:.1f} |")
    finally:
        subprocess.run(["umount", VMM], check=False, capture_output=True)
        HOST_POLICY.unlink(missing_ok=True)
        for _, name in sources():
            (IMAGES / name).unlink(missing_ok=True)
        files.close()


def sources():
    yield GUESTS / "bzImage-6.12", "bench-kernel"
    yield GUESTS / "busybox.cpio", "bench-initrd"
    yield None, "bench-disk"


def place(files, source, name):
    """Yields its size in MB."""
    content = source.read_bytes() if source else bytes(DISK_MIB << 20)
    if files:
        files.add(name, content)
    else:
        (IMAGES / name).write_bytes(content)
        (IMAGES / name).chmod(0o600)
    return f"{len(content) / 1e6:.1f}"


def write_spec(folder):
    path = IMAGES / f"{NAME}.toml"
    path.write_text(
        f'name = "{NAME}"\n[boot]\nkernel = "{folder}/bench-kernel"\ninitrd = "{folder}/bench-initrd"\n'
        f'[memory]\nsize = "256 MiB"\n[[disks]]\nid = "data"\npath = "{folder}/bench-disk"\nformat = "raw"\nread_only = true\n'
    )
    return path


def launched(spec, mode):
    """Nanoseconds from exec of the launcher to the guest's first instruction."""
    HOST_POLICY.write_text(f'[attestation]\nmeasure = "{mode}"\n')
    with Trace() as trace:
        subprocess.run(["immure", "run", "-d", spec], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["immure", "kill", NAME], check=True, stdout=subprocess.DEVNULL)
    return trace.first("kvm_entry") - trace.first("sched_process_exec", "immure-launch")
