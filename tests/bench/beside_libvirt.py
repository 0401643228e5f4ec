"""How long it takes from the command until the guest runs: immure's, and libvirt's of an equal guest."""

import json
import statistics
import subprocess
from pathlib import Path

from tracepoints import Trace

MEMORY_MIB, DISK_BYTES = 256, 64 << 20
NAME = "bench-libvirt"
UNITS = [f"{name}.{kind}" for name in ("libvirtd", "virtlogd") for kind in ("service", "socket")]
UNITS += ["libvirtd-ro.socket", "libvirtd-admin.socket", "virtlogd-admin.socket"]
STEPS = ("exec of the command to exec of the VMM", "exec of the command to the guest's first instruction")
SPEC = f"""name = "{NAME}"
[boot]
kernel = "/guests/tiny/halt"
[cpu]
count = 1
[memory]
size = "{MEMORY_MIB} MiB"
[[disks]]
id = "data"
path = "/var/lib/immure/images/{NAME}.raw"
format = "raw"
"""
DEFINITION = f"""<domain type='kvm'>
  <name>{NAME}</name>
  <memory unit='MiB'>{MEMORY_MIB}</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/{NAME}.raw'/>
      <target dev='vda' bus='virtio'/></disk>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def libvirt(runs):
    immure_files = [written("/var/lib/immure/images", "toml", SPEC), disk("/var/lib/immure/images")]
    libvirt_files = [written("/run", "xml", DEFINITION), disk("/var/lib/libvirt/images")]
    # Its daemon runs already and knows what its QEMU can do, as on a host that has been up for a while.
    subprocess.run(["systemctl", "start", "libvirtd.service"], check=True)
    try:
        virsh("create", libvirt_files[0])
        virsh("destroy", NAME)
        pairs = [(launched_by_immure(immure_files[0]), launched_by_libvirt(libvirt_files[0])) for _ in range(runs)]
    finally:
        subprocess.run(["systemctl", "stop", *UNITS], check=False, capture_output=True)
        for path in immure_files + libvirt_files:
            path.unlink()
    print("| launch beside libvirt's, ms of the clock | immure | libvirt | ratio |\n|---|---|---|---|")
    for number, what in enumerate(STEPS):
        ours, theirs = (statistics.median(pair[side][number] for pair in pairs) / 1e6 for side in (0, 1))
        print(f"| {what} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.3f} |")


def written(folder, kind, text):
    path = Path(folder, f"{NAME}.{kind}")
    path.write_text(text)
    return path


def disk(folder):
    path = Path(folder, f"{NAME}.raw")
    with path.open("wb") as file:
        file.truncate(DISK_BYTES)
    return path


def virsh(*words):
    """In the caller's own domain: virsh's may read few files."""
    own_label = Path("/proc/self/attr/current").read_text().rstrip("\0\n")
    subprocess.run(["runcon", own_label, "virsh", "--quiet", *words], check=True, stdin=subprocess.DEVNULL)


def launched_by_immure(spec):
    with Trace() as trace:
        subprocess.run(["immure", "run", "-d", spec], check=True, stdout=subprocess.DEVNULL)
    state = subprocess.run(["immure", "inspect", NAME, "--json"], check=True, capture_output=True).stdout
    subprocess.run(["immure", "kill", NAME], check=True, stdout=subprocess.DEVNULL)
    return durations(trace, "/immure ", json.loads(state)["vmm_pid"])


def launched_by_libvirt(definition):
    with Trace() as trace:
        virsh("create", definition)
    pid = int(Path(f"/run/libvirt/qemu/{NAME}.pid").read_text())
    virsh("destroy", NAME)
    return durations(trace, "/virsh ", pid)


def durations(trace, command, vmm):
    """Nanoseconds of each of STEPS, from the exec of the command, whose path ends so, for the VMM with this PID."""
    start = trace.first("sched_process_exec", command)
    return trace.first("sched_process_exec", f" pid={vmm} ") - start, trace.first("kvm_entry") - start
