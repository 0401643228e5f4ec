"""What a request costs the host: of a guest of immure's, and of QEMU's microvm, with the same kernel, initrd, disk and tap.

Each guest boots once and does what it is told (tests/guests/load.cpp), each thing twice, little of it and much of it: what is told is the
difference for each one more. Instructions are the CPU time of the VMM with its guest and what the kernel does for both; the guest's own clock
counts everything else that the host's one CPU does meanwhile, too. The disks lie in the host's page cache, so that nothing waits. System
calls are counted in runs of their own, as counting has a price.

A guest with so many interrupts stands still in the emulated host without tests/testhost/kvm_exit_after_injection (docs/testing.md). So that
module is loaded meanwhile, and adds to both VMMs an exit for each interrupt that is injected.
"""

import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devices_vmm import ImmureGuest, MicrovmGuest
from tracepoints import SystemCalls

IMAGES = Path("/var/lib/immure/images")
NANOSECONDS_PER_INSTRUCTION = 2  # -icount shift=1
DISK_MIB = 64
TAP, ADDRESS, PORT = "bench0", "192.0.2.1", 7001
MODULE = "kvm_exit_after_injection"
HOST_POLICY = Path("/etc/immure/host.toml")
DISKS = (("plain beside aio=threads", "/dev/vda"), ("io_uring beside aio=io_uring", "/dev/vdb"))
READS = (
    ("4 KiB read, random, one at once", "random {} 4096 1", (200, 1000)),
    ("4 KiB read, random, 16 at once", "random {} 4096 16", (200, 1000)),
    ("1 MiB read, sequential, 4 at once", "sequential {} 1048576 4", (8, 40)),
)
NET = (("MiB from the guest", "net {address} {port} {bytes} 0"), ("MiB to the guest", "net {address} {port} 0 {bytes}"))
NET_MIB = (4, 16)


@dataclass
class Figures:
    """For each request, or each MiB."""

    instructions: float
    time: float
    exits: float
    system_calls: float


def cpu_time(pid):
    """Nanoseconds of all threads of a process, of those that ended, too: clock_getcpuclockid(3)."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def exits():
    return int(Path("/sys/kernel/debug/kvm/exits").read_text())


def measure(guest, words, counts):
    def once(count):
        cpu, before = cpu_time(guest.pid), exits()
        passed = guest.load(words(count))
        return cpu_time(guest.pid) - cpu, passed, exits() - before

    def calls(count):
        with SystemCalls(guest.pid) as counted:
            guest.load(words(count))
        return counted.total

    more = counts[1] - counts[0]
    cpu, passed, left = ((many - few) / more for few, many in zip(*map(once, counts)))
    figures = Figures(cpu / NANOSECONDS_PER_INSTRUCTION, passed, left, (calls(counts[1]) - calls(counts[0])) / more)
    print(f"{type(guest).__name__}: {words(counts[1])}: {figures}", file=sys.stderr)
    return figures


def jobs():
    for engines, device in DISKS:
        for what, words, counts in READS:
            yield f"{what}; {engines}", lambda count, words=words, device=device: f"{words.format(device)} {count}", counts
    for what, words in NET:
        yield what, lambda mib, words=words: words.format(address=ADDRESS, port=PORT, bytes=mib << 20), NET_MIB


def serve(listener):
    """The other end of load(1)'s connections."""
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(bytes(int(lines.readline())))
            while lines.read1(1 << 18):
                pass


@contextmanager
def a_tap():
    """With an address of the host's, and somebody who listens there."""
    for words in (
        ("tuntap", "add", TAP, "mode", "tap", "vnet_hdr"),
        ("address", "add", f"{ADDRESS}/24", "dev", TAP),
        ("link", "set", TAP, "up"),
    ):
        subprocess.run(["ip", *words], check=True)
    HOST_POLICY.write_text(f'[networks]\ntaps = ["{TAP}"]\n')
    try:
        threading.Thread(target=serve, args=[socket.create_server((ADDRESS, PORT))], daemon=True).start()
        yield
    finally:
        HOST_POLICY.unlink()
        subprocess.run(["ip", "link", "delete", TAP], check=False)


@contextmanager
def a_module():
    subprocess.run(["modprobe", MODULE], check=True)
    try:
        yield
    finally:
        subprocess.run(["rmmod", MODULE], check=False)


def devices(_):
    disks = [IMAGES / f"bench-{number}.raw" for number in range(len(DISKS))]
    try:
        for disk in disks:
            disk.write_bytes(bytes(DISK_MIB << 20))
        with a_module(), a_tap():
            ours, theirs = (run_all(kind(disks, TAP, f"{ADDRESS[:-1]}2/24")) for kind in (ImmureGuest, MicrovmGuest))
    finally:
        for disk in disks:
            disk.unlink(missing_ok=True)
    print("| instructions for each | immure | QEMU microvm | QEMU's by immure's | the same of time | VM exits | system calls |")
    print("|---|---|---|---|---|---|---|")
    for (what, _, _), our, their in zip(jobs(), ours, theirs):
        ratios = f"{their.instructions / our.instructions:.2f} | {their.time / our.time:.2f}"
        counted = f"{our.exits:.2f} beside {their.exits:.2f} | {our.system_calls:.2f} beside {their.system_calls:.2f}"
        print(f"| {what} | {our.instructions:.0f} | {their.instructions:.0f} | {ratios} | {counted} |")


def run_all(guest):
    with guest:
        return [measure(guest, words, counts) for _, words, counts in jobs()]
