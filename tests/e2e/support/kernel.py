"""Asks the kernel about processes, labels and decisions."""

import os
from pathlib import Path

NAMESPACES = ("mnt", "pid", "net", "ipc", "uts", "cgroup")


def label_of_process(pid: int) -> str:
    return Path(f"/proc/{pid}/attr/current").read_text().rstrip("\0\n")


def label_of_file(path) -> str:
    return os.getxattr(path, "security.selinux", follow_symlinks=False).decode().rstrip("\0")


def status_of(pid: int) -> dict:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def namespaces_of(pid) -> dict:
    return {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in NAMESPACES}


def descriptors_of(pid: int) -> dict:
    """Number to what it is, as /proc names it."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
    return found


def root_entries(pid: int) -> list:
    return os.listdir(f"/proc/{pid}/root/")


def root_mount_options(pid: int) -> set:
    for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[4] == "/":
            separator = fields.index("-")
            return set(fields[5].split(",")) | {f"type={fields[separator + 1]}"}
    return set()


def threads_of(pid: int) -> list:
    return [int(tid) for tid in os.listdir(f"/proc/{pid}/task")]


def core_limit(pid: int) -> str:
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            return line.split()[5]
    return ""


def children_of(pid: int) -> list:
    return [int(child) for tid in threads_of(pid) for child in Path(f"/proc/{pid}/task/{tid}/children").read_text().split()]


def processes_named(prefix: str) -> list:
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if Path(f"/proc/{entry}/comm").read_text().startswith(prefix):
                    found.append(int(entry))
            except OSError:
                pass
    return found


class Access:
    """The kernel's own answer to "may SUBJECT do this to OBJECT?" (/sys/fs/selinux/access, security/selinux/selinuxfs.c)."""

    ROOT = Path("/sys/fs/selinux")

    @classmethod
    def allowed(cls, subject: str, target: str, kind: str, permission: str) -> bool:
        number = int((cls.ROOT / f"class/{kind}/index").read_text())
        bit = int((cls.ROOT / f"class/{kind}/perms/{permission}").read_text()) - 1
        with (cls.ROOT / "access").open("r+b", buffering=0) as file:
            file.write(f"{subject} {target} {number}".encode())
            answer = file.read(256).split()
        return bool(int(answer[0], 16) >> bit & 1)
