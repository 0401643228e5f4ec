"""What a request costs the host: fio and iperf3 in a guest of immure's, and in QEMU's microvm, with the same kernel, initrd and disk.

Each is run twice, with few requests and with many: what is told is the difference for each request more, so that neither the boot nor
the program's own start count.
"""

import os
import re
import statistics
import subprocess
import time
from pathlib import Path

GUESTS, IMAGES = Path("/guests"), Path("/var/lib/immure/images")
HERE = Path(__file__).resolve().parent
TOOLS, TOOLS_INITRD = HERE / "tools.raw", HERE / "tools.cpio"
KERNEL = GUESTS / "vmlinux-6.12"
NANOSECONDS_PER_INSTRUCTION = 2  # -icount shift=1
MEMORY_MIB, DISK_MIB = 384, 256
ADDRESS, HOST_POLICY = "192.0.2.1", Path("/etc/immure/host.toml")
ON_HOST = Path("/mnt/tools")
DONE = re.compile(rb"IMMURE-GUEST-TOOLS (\w+)\r?\n")
FIO = f"/usr/bin/fio --name=b --filename=/dev/vda --ioengine=libaio --direct=1 --size={DISK_MIB}m --norandommap"
PATTERNS = (
    ("4 KiB, random reads, 16 at once", "--rw=randread --bs=4k --iodepth=16", (1000, 4000)),
    ("4 KiB, random writes, 16 at once", "--rw=randwrite --bs=4k --iodepth=16", (1000, 4000)),
    ("1 MiB, sequential reads, 4 at once", "--rw=read --bs=1m --iodepth=4", (50, 200)),
)
ENGINES = (
    ("plain, through the cache", {"engine": "plain", "direct": False}, "aio=threads,cache=writeback"),
    ("io_uring, past the cache", {"engine": "io_uring", "direct": True}, "aio=io_uring,cache=none"),
)


def line_of(command, before=""):
    words = command.replace(" ", "+")
    return f"console=ttyS0 quiet panic=-1 noxsave immure.test={before}tools immure.tools={words} immure.address=192.0.2.2/24"


def exits():
    return int(Path("/sys/kernel/debug/kvm/exits").read_text())


def until_done(command, end):
    """Instructions and exits from exec until the guest has said that it is done."""
    before, start = exits(), time.monotonic_ns()
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = b""
    while not (done := DONE.search(seen)):
        chunk = os.read(process.stdout.fileno(), 4096)
        if not chunk:
            raise SystemExit(f"{command[0]} ended before its guest was done:\n{seen.decode(errors='replace')}")
        seen += chunk
    figures = (time.monotonic_ns() - start) / NANOSECONDS_PER_INSTRUCTION, exits() - before
    end(process)
    process.wait()
    if done[1] != b"passed":
        raise SystemExit(f"{command[0]}:\n{seen.decode(errors='replace')}")
    return figures


def immure(command, disk=None, tap=None, before=""):
    spec = IMAGES / "bench-devices.toml"
    text = (f'name = "bench-devices"\n[boot]\nkernel = "{KERNEL}"\ninitrd = "{TOOLS_INITRD}"\n'
            f'command_line = "{line_of(command, before)}"\n[memory]\nsize = "{MEMORY_MIB} MiB"\n')  # fmt: skip
    if disk:
        text += f'[[disks]]\nid = "data"\npath = "{IMAGES}/bench-devices.raw"\nformat = "raw"\n'
        text += f'engine = "{disk["engine"]}"\ndirect = {str(disk["direct"]).lower()}\n'
    text += f'[[disks]]\nid = "tools"\npath = "{TOOLS}"\nformat = "raw"\nread_only = true\n'
    if tap:
        text += f'[[nets]]\nid = "lan"\nmac = "02:00:00:00:00:2a"\ntap = "{tap}"\n'
    spec.write_text(text)
    return until_done(["immure", "run", spec], lambda _: subprocess.run(["immure", "kill", "bench-devices"], check=True, stdout=subprocess.DEVNULL))


def microvm(command, disk=None, tap=None, before=""):
    words = ["qemu-system-x86_64", "-M", "microvm,pic=off,pit=off,rtc=off", "-accel", "kvm", "-cpu", "host", "-smp", "1", "-m", MEMORY_MIB]
    words += ["-nodefaults", "-no-user-config", "-nographic", "-serial", "stdio"]
    words += ["-kernel", KERNEL, "-initrd", TOOLS_INITRD, "-append", line_of(command, before)]
    # The last one comes first.
    words += ["-drive", f"id=t,file={TOOLS},format=raw,if=none,read-only=on", "-device", "virtio-blk-device,drive=t"]
    if disk:
        words += ["-drive", f"id=d,file={IMAGES}/bench-devices.raw,format=raw,if=none,{disk}", "-device", "virtio-blk-device,drive=d"]
    if tap:
        words += ["-netdev", f"tap,id=n,ifname={tap},script=no,downscript=no", "-device", "virtio-net-device,netdev=n,mac=02:00:00:00:00:2a"]
    return until_done(words, subprocess.Popen.kill)


def more(measure, runs):
    """What one more costs, in instructions and exits."""
    figures = [measure(count) for count in runs]
    return tuple((figures[1][i] - figures[0][i]) / (runs[1] - runs[0]) for i in (0, 1))


def row(what, pairs):
    ours, theirs = (tuple(statistics.median(pair[side][i] for pair in pairs) for i in (0, 1)) for side in (0, 1))
    print(f"| {what} | {ours[0]:.0f} | {theirs[0]:.0f} | {theirs[0] / ours[0]:.2f} | {ours[1]:.2f} | {theirs[1]:.2f} |", flush=True)


def block(runs):
    disk = IMAGES / "bench-devices.raw"
    with disk.open("wb") as file:
        file.write(bytes(1 << 20) * DISK_MIB)
    print("| for each request | immure, instructions | QEMU microvm | times fewer | exits, immure | exits, QEMU |\n|---|---|---|---|---|---|")
    for engine, ours, theirs in ENGINES:
        for what, options, counts in PATTERNS:
            pairs = []
            for _ in range(runs):
                pairs.append((more(lambda count: immure(f"{FIO} {options} --number_ios={count}", disk=ours), counts),
                              more(lambda count: microvm(f"{FIO} {options} --number_ios={count}", disk=theirs), counts)))  # fmt: skip
            row(f"{what}; {engine}", pairs)
    disk.unlink()


def net(runs):
    """Of each KiB over a tap, the server on the host and its kernel's part counted, too."""
    for words in (["tuntap", "add", "bench0", "mode", "tap", "vnet_hdr"], ["address", "add", f"{ADDRESS}/24", "dev", "bench0"], ["link", "set", "bench0", "up"]):
        subprocess.run(["ip", *words], check=True)
    HOST_POLICY.write_text('[networks]\ntaps = ["bench0"]\n')
    ON_HOST.mkdir(exist_ok=True)
    mounts = [["-o", "loop,ro", TOOLS, ON_HOST], ["--bind", "/dev", ON_HOST / "dev"], ["--bind", "/proc", ON_HOST / "proc"], ["-t", "tmpfs", "none", ON_HOST / "tmp"]]
    for words in mounts:
        subprocess.run(["mount", *words], check=True)
    server = subprocess.Popen(["chroot", ON_HOST, "/usr/bin/iperf3", "--server"], stdout=subprocess.DEVNULL)
    print("\n| for each KiB over a tap | immure, instructions | QEMU microvm | times fewer | exits, immure | exits, QEMU |\n|---|---|---|---|---|---|")
    try:
        for what, options in (("guest to host", ""), ("host to guest", " --reverse")):
            counts = (8 << 10, 40 << 10)
            pairs = []
            for _ in range(runs):
                pairs.append((more(lambda kib: immure(iperf(kib, options), tap="bench0", before="net-up,"), counts),
                              more(lambda kib: microvm(iperf(kib, options), tap="bench0", before="net-up,"), counts)))  # fmt: skip
            row(what, pairs)
    finally:
        server.kill()
        server.wait()
        for words in reversed(mounts):
            subprocess.run(["umount", words[-1]], check=False)
        HOST_POLICY.unlink()
        subprocess.run(["ip", "link", "delete", "bench0"], check=False)


def iperf(kib, options):
    return f"/usr/bin/iperf3 --client {ADDRESS} --bytes {kib}K{options}"


def devices(runs):
    runs = max(1, runs // 5)
    block(runs)
    net(runs)
