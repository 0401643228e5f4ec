#!/usr/bin/env python3
"""The demonstration, on a host with KVM and SELinux: two guests side by side, and what the kernel says of each."""

import ctypes
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

IMAGES = Path("/var/lib/immure/images/demo")
BOLD, RESET = ("\033[1m", "\033[0m") if sys.stdout.isatty() or os.environ.get("IMMURE_COLOR") else ("", "")
CLONE_NEWNS = 0x00020000
COMMAND_LINE = "console=ttyS0 quiet panic=-1 immure.test=hang"


def heading(text):
    print(f"\n{BOLD}== {text}{RESET}", flush=True)


def immure(*arguments):
    return subprocess.run(["immure", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def write_guest(name, guests):
    disk = IMAGES / f"{name}.raw"
    with open(disk, "wb") as file:
        file.truncate(64 << 20)
    spec = IMAGES / f"{name}.toml"
    spec.write_text(
        f'name = "{name}"\n\n'
        f'[boot]\nkernel = "{guests}/vmlinux-6.12"\ninitrd = "{guests}/busybox.cpio"\n'
        f'command_line = "{COMMAND_LINE}"\n\n'
        f'[cpu]\ncount = 1\n\n[memory]\nsize = "256 MiB"\n\n'
        f'[[disks]]\nid = "data"\npath = "{disk}"\nformat = "raw"\n'
    )
    return spec


def show(state):
    heading(f"guest {state['name']}: what the kernel says of its VMM (pid {state['vmm_pid']})")
    capabilities = " ".join(f"{name}={value}" for name, value in state["capabilities"].items())
    namespaces = " ".join(f"{name}:{value}" for name, value in state["namespaces"].items())
    for key, value in (
        ("label", state["label"]),
        ("its disk's label", state["image_label"]),
        ("uid, gid", f"{state['uid']}, {state['gid']}"),
        ("capabilities", capabilities),
        ("no_new_privs", state["no_new_privs"]),
        ("seccomp", f"mode {state['seccomp']['mode']} ({state['seccomp']['filters']} filters)"),
        ("namespaces", namespaces),
        ("entries in its root", state["root_entries"]),
        ("open files", len(state["open_fds"])),
    ):
        print(f"  {key:20} {value}")


def read_console(name):
    """The guest's output so far, once its init has spoken: a second terminal that is closed again."""
    console = subprocess.Popen(
        ["immure", "console", name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    text = b""
    deadline = time.monotonic() + 180
    try:
        while b"IMMURE-GUEST-INIT" not in text:
            ready, _, _ = select.select([console.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(console.stdout.fileno(), 4096) if ready else b""
            if not chunk:
                raise SystemExit(f"guest {name} did not reach its init:\n{text.decode(errors='replace')}")
            text += chunk
    finally:
        console.terminate()
        console.communicate()
    return text.decode(errors="replace")


def show_console(name):
    heading(f"guest {name}: its own console output")
    for line in read_console(name).replace("\r", "").splitlines()[-12:]:
        print(f"  | {line}")


def selinux_allows(subject, target, permission):
    """The kernel's own decision, from selinuxfs: may `subject` do `permission` to a file labelled `target`?"""
    file_class = int(Path("/sys/fs/selinux/class/file/index").read_text())
    bit = int(Path(f"/sys/fs/selinux/class/file/perms/{permission}").read_text())
    access = os.open("/sys/fs/selinux/access", os.O_RDWR)
    try:
        os.write(access, f"{subject} {target} {file_class}".encode())
        allowed = int(os.read(access, 256).split()[0], 16)
    finally:
        os.close(access)
    return bool(allowed >> (bit - 1) & 1)


def open_from_inside(pid, path):
    """Tries to open `path` where the VMM stands: in its mount namespace and its root."""
    child = os.fork()
    if child == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        root = os.open(f"/proc/{pid}/root", os.O_PATH)
        namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
        if libc.setns(namespace, CLONE_NEWNS) != 0:
            os._exit(255)
        os.fchdir(root)
        os.chroot(".")
        try:
            os.open(path, os.O_RDONLY)
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def show_wall(a, b):
    heading(f"can the VMM of {a['name']} reach the disk of {b['name']}?")
    disk = next(file["path"] for file in b["files"] if file["role"] == "disk")
    for target in (a, b):
        verdicts = ", ".join(
            f"{permission} {'granted' if selinux_allows(a['label'], target['image_label'], permission) else 'DENIED'}"
            for permission in ("read", "write")
        )
        whose = "its own disk" if target is a else f"the disk of {b['name']}"
        print(f"  SELinux on {whose:24} {verdicts}")
    error = open_from_inside(a["vmm_pid"], disk)
    print(f"  open({disk}) inside its root: {os.strerror(error) if error else 'OPENED'}")
    held = [fd["target"] for fd in a["open_fds"] if fd["target"] == disk]
    print(f"  descriptors it holds of that disk: {len(held)}")
    assert selinux_allows(a["label"], a["image_label"], "read"), "guest cannot read its own disk"
    for permission in ("read", "write", "open"):
        assert not selinux_allows(a["label"], b["image_label"], permission), f"SELinux grants {permission}"
    assert error != 0 and not held, "the disk of the other guest can be reached"


def traces(names):
    """What the host shows of guests: all of it must be gone at the end."""
    found = [path for place in ("guests", "leases/mcs", "leases/uid", "leases/name") for path in Path("/run/immure", place).glob("*")]
    found += Path("/var/lib/immure/journal").glob("*")
    found += [path for name in names if (path := Path("/sys/fs/cgroup/immure", name)).exists()]
    found += [disk for name in names if b":immure_image_t:" in os.getxattr(disk := IMAGES / f"{name}.raw", "security.selinux")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            label = (process / "attr/current").read_text()
        except OSError:
            continue
        if ":immure_vmm_t:" in label or ":immure_monitor_t:" in label:
            found.append(process)
    return [str(path) for path in found]


def main():
    guests = Path(os.environ.get("IMMURE_GUESTS", "/guests"))
    IMAGES.mkdir(parents=True, exist_ok=True)
    names = ["alice", "bob"]
    heading("immure run -d, twice")
    started = []
    try:
        for name in names:
            print(immure("run", "-d", str(write_guest(name, guests))).strip())
            started.append(name)
        print(immure("ps"))
        states = [json.loads(immure("inspect", name, "--json")) for name in names]
        for state in states:
            show(state)
        for name in names:
            show_console(name)
        show_wall(*states)
        assert len(traces(names)) >= 14, f"a running guest must leave traces to look for: {traces(names)}"
        assert states[0]["label"] != states[1]["label"] and states[0]["uid"] != states[1]["uid"]
        heading("immure kill, twice")
    finally:
        for name in started:
            print(immure("kill", name).strip())
    assert not (left := traces(names)), f"left behind: {left}"
    print("Nothing is left behind: no guest directory, lease, journal, cgroup, label or process.")


if __name__ == "__main__":
    main()
