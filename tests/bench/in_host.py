#!/usr/bin/env python3
"""The figures of tools/bench, taken inside the test host. Prints a Markdown table for each part.

    in_host.py launch   latency of a launch, memory of VMM and keeper
    in_host.py boot     from exec to the guest's init, beside QEMU's microvm (meant for the counted clock)
    in_host.py libvirt  latency of a launch beside libvirt's of an equal guest
    in_host.py measure  what measuring adds to a launch
    in_host.py devices  what a request to a disk or over a network costs, beside QEMU's microvm
    in_host.py many     how long the first and the last of many launches take while all guests stay, and what they cost
"""

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from beside_libvirt import libvirt
from devices import devices
from measuring import measure
from tracepoints import Trace

GUESTS = Path("/guests")
KERNELS = ("vmlinux-6.12", "bzImage-6.12")
MEMORY_MIB = 256
AT_ONCE = 16
NANOSECONDS_PER_INSTRUCTION = 2  # -icount shift=1
COMMAND_LINE = "console=ttyS0 quiet panic=-1 immure.test=hang"
MARKER = b"IMMURE-GUEST-INIT"


def write_spec(path, kernel, disk):
    path.write_text(
        f'name = "{path.stem}"\n'
        f'[boot]\nkernel = "{kernel}"\ninitrd = "{GUESTS}/busybox.cpio"\ncommand_line = "{COMMAND_LINE}"\n'
        f'[cpu]\ncount = 1\n[memory]\nsize = "{MEMORY_MIB} MiB"\n'
        f'[[disks]]\nid = "data"\npath = "{disk}"\nformat = "raw"\n'
    )


def make_disk(path):
    with open(path, "wb") as disk:
        disk.truncate(64 << 20)
    return path


def median_and_highest(values):
    return statistics.median(values), max(values)


def resident_kib(pid, skip_mapping_kib=None):
    """Resident memory of a process; mappings of at least `skip_mapping_kib` (the guest's memory) left out."""
    total, counted = 0, True
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if match := re.match(r"^([0-9a-f]+)-([0-9a-f]+) ", line):
            size = (int(match[2], 16) - int(match[1], 16)) // 1024
            counted = skip_mapping_kib is None or size < skip_mapping_kib
        elif counted and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def run_time_ns(pid):
    return sum(int(Path(task, "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())


def anonymous_kib(pid):
    return int(re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


def launch(runs):
    directory = Path("/var/lib/immure/images/bench")
    directory.mkdir(parents=True, exist_ok=True)
    disk = make_disk(directory / "launch.raw")
    memory = {}
    print("| launch, ms of the clock | kernel | median | highest |\n|---|---|---|---|")
    for kernel in KERNELS:
        spec = directory / f"bench-{kernel.split('-')[0].lower()}.toml"
        write_spec(spec, GUESTS / kernel, disk)
        figures = [launch_once(spec, memory) for _ in range(runs)]
        size = f"{kernel}, {(GUESTS / kernel).stat().st_size / 1e6:.1f} MB"
        for what in figures[0]:
            median, highest = median_and_highest([each[what] for each in figures])
            print(f"| {what} | {size} | {median / 1e6:.2f} | {highest / 1e6:.2f} |")
    print("\n| resident memory, KiB | median | highest |\n|---|---|---|")
    for what, values in memory.items():
        median, highest = median_and_highest(values)
        print(f"| {what} | {median:.0f} | {highest:.0f} |")
    latency(runs)


def launch_once(spec, memory):
    """Nanoseconds of one launch by what they are; adds to the lists of `memory`."""
    name = spec.stem
    with Trace() as trace:
        subprocess.run(["immure", "run", "-d", spec], check=True, stdout=subprocess.DEVNULL)
        time.sleep(0.5)
    state = json.loads(subprocess.run(["immure", "inspect", name, "--json"], check=True, capture_output=True).stdout)
    keeper, vmm = state["keeper"]["pid"], state["vmm_pid"]
    for what, value in (
        ("VMM, beside guest memory", resident_kib(vmm, MEMORY_MIB * 1024)),
        ("keeper", resident_kib(keeper)),
        ("keeper, of that its own (the rest is its program, which all keepers share)", anonymous_kib(keeper)),
    ):
        memory.setdefault(what, []).append(value)
    start = trace.first("sched_process_exec", "immure-launch")
    figures = {
        "exec of the launcher to exec of the VMM": trace.first("sched_process_exec", f"pid={vmm} ") - start,
        "exec of the launcher to the guest's first instruction": trace.first("kvm_entry") - start,
        "CPU time of launcher and keeper": run_time_ns(keeper),
    }
    subprocess.run(["immure", "kill", name], check=True, stdout=subprocess.DEVNULL)
    return figures


def kvm_exits():
    return int(Path("/sys/kernel/debug/kvm/exits").read_text())


def until_marker(command):
    """Nanoseconds and VM exits from exec until the guest's init has spoken; then the machine is killed."""
    exits = kvm_exits()
    start = time.monotonic_ns()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = b""
    while MARKER not in seen:
        chunk = os.read(process.stdout.fileno(), 4096)
        if not chunk:
            raise SystemExit(f"{command[0]} ended before the guest's init spoke:\n{seen.decode(errors='replace')}")
        seen += chunk
    elapsed = time.monotonic_ns() - start
    exits = kvm_exits() - exits
    return process, elapsed, exits


def boot_immure(kernel, directory):
    spec = directory / "bench-boot.toml"
    write_spec(spec, kernel, make_disk(directory / "boot.raw"))
    process, elapsed, exits = until_marker(["immure", "run", str(spec)])
    subprocess.run(["immure", "kill", spec.stem], check=True, stdout=subprocess.DEVNULL)
    process.wait()
    return elapsed, exits


def boot_qemu(kernel, directory):
    disk = make_disk(directory / "boot-qemu.raw")
    process, elapsed, exits = until_marker(
        ["qemu-system-x86_64", "-M", "microvm,pic=off,pit=off,rtc=off", "-accel", "kvm", "-cpu", "host"]
        + ["-smp", "1", "-m", str(MEMORY_MIB), "-nodefaults", "-no-user-config", "-nographic", "-serial", "stdio"]
        + ["-kernel", str(kernel), "-initrd", f"{GUESTS}/busybox.cpio", "-append", COMMAND_LINE]
        + ["-drive", f"id=d,file={disk},format=raw,if=none", "-device", "virtio-blk-device,drive=d"]
    )
    process.kill()
    process.wait()
    return elapsed, exits


def boot(runs):
    directory = Path("/var/lib/immure/images/bench")
    directory.mkdir(parents=True, exist_ok=True)
    print("| kernel | immure, instructions | QEMU microvm | ratio | exits, immure | exits, QEMU |\n|---|---|---|---|---|---|")
    for kernel in KERNELS:
        pairs = [(boot_immure(GUESTS / kernel, directory), boot_qemu(GUESTS / kernel, directory)) for _ in range(runs)]
        ours = statistics.median(p[0][0] for p in pairs) / NANOSECONDS_PER_INSTRUCTION
        theirs = statistics.median(p[1][0] for p in pairs) / NANOSECONDS_PER_INSTRUCTION
        our_exits = statistics.median(p[0][1] for p in pairs)
        their_exits = statistics.median(p[1][1] for p in pairs)
        print(f"| {kernel} | {ours:.3e} | {theirs:.3e} | {ours / theirs:.3f} | {our_exits:.0f} | {their_exits:.0f} |")


def write_sleeper_spec(path):
    path.write_text(f'name = "{path.stem}"\n[boot]\nkernel = "{GUESTS}/tiny/halt"\n[memory]\nsize = "32 MiB"\n')
    return path


def launch_sleeper(spec):
    """Nanoseconds from `immure run -d` until the guest runs."""
    start = time.monotonic_ns()
    subprocess.run(["immure", "run", "-d", spec], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic_ns() - start


def kill(specs):
    for spec in specs:
        subprocess.run(["immure", "kill", spec.stem], check=True, stdout=subprocess.DEVNULL)


def latency(runs):
    """From the command until the guest runs, of guests that do nothing: one alone, and as many as are asked for at once."""
    specs = [write_sleeper_spec(Path(f"/var/lib/immure/images/sleeper-{number}.toml")) for number in range(AT_ONCE)]
    alone, together = [], []
    for _ in range(20 * runs):
        alone.append(launch_sleeper(specs[0]))
        kill(specs[:1])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(2 * runs):
            together += pool.map(launch_sleeper, specs)
            kill(specs)
    for spec in specs:
        spec.unlink()
    print("\n| from the command until a guest of 32 MiB runs, ms of the clock | launches | median | p99 |\n|---|---|---|---|")
    for what, times in (("alone", alone), (f"{AT_ONCE} at once", together)):
        p99 = sorted(times)[math.ceil(0.99 * len(times)) - 1]
        print(f"| {what} | {len(times)} | {statistics.median(times) / 1e6:.1f} | {p99 / 1e6:.1f} |")


def available_kib():
    return int(re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())[1])


def many(runs):
    """`runs` times a hundred guests that do nothing."""
    count, sample = runs * 100, 20
    specs = [write_sleeper_spec(Path(f"/var/lib/immure/images/sleeper-{number}.toml")) for number in range(count)]
    before = available_kib()
    times = [launch_sleeper(spec) for spec in specs]
    after = available_kib()
    guests = json.loads(subprocess.run(["immure", "ps", "--json"], check=True, capture_output=True).stdout)
    shared = [key for key in ("label", "uid", "vmm_pid") if len({guest[key] for guest in guests}) != count]
    first, last = statistics.median(times[:sample]), statistics.median(times[-sample:])
    print("| of many guests | |\n|---|---|")
    print(f"| guests at a time | {len(guests)} |")
    print(f"| what two of them share | {', '.join(shared) or 'no label, no uid, no process'} |")
    print(f"| launch, median of the first {sample}, ms of the clock | {first / 1e6:.1f} |")
    print(f"| launch, median of the last {sample}, ms of the clock | {last / 1e6:.1f} |")
    print(f"| ratio | {last / first:.2f} |")
    print(f"| memory of the host for each, KiB (VMM, monitor, keeper, kernel) | {(before - after) / count:.0f} |")
    kill(specs)
    for spec in specs:
        spec.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["launch", "boot", "libvirt", "measure", "devices", "many"])
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    {"launch": launch, "boot": boot, "libvirt": libvirt, "measure": measure, "devices": devices, "many": many}[arguments.part](arguments.runs)


if __name__ == "__main__":
    main()
