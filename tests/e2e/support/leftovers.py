"""Everything on the host that a launch may change, as a value that can be compared."""

import os
import subprocess
import time
from pathlib import Path

from .install import IMAGES
from .kernel import label_of_file, processes_named

WATCHED = (Path("/run/immure"), Path("/var/lib/immure/journal"))


def snapshot() -> dict:
    """Leases, state, journals; cgroups; network interfaces and tables of nftables; mounts; processes; and label, owner and mode of each image."""
    return {
        "files": sorted(str(path) for root in WATCHED for path in files_below(root)),
        "cgroups": sorted(folder for folder, _, _ in os.walk("/sys/fs/cgroup") if is_guest_cgroup(Path(folder))),
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "tables": tables(),
        "mounts": sorted(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        "processes": sorted(processes_named("immure")),
        "images": {str(path): facts_of(path) for path in sorted(IMAGES.iterdir()) if not path.is_symlink()},
    }


def tables() -> list:
    """Of nftables."""
    listing = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True)
    return sorted(line.split(" #")[0] for line in listing.stdout.splitlines())


def files_below(root: Path):
    """Files, symbolic links and sockets; the folders themselves may stay."""
    for folder, _, names in os.walk(root):
        yield from (Path(folder) / name for name in names)
        yield from (Path(folder) / name for name in os.listdir(folder) if (Path(folder) / name).is_symlink())


def is_guest_cgroup(path: Path) -> bool:
    """The group that all guests share may stay; what is in it may not."""
    parts = path.relative_to("/sys/fs/cgroup").parts
    return len(parts) > 1 and parts[0] == "immure"


def facts_of(path: Path) -> tuple:
    facts = path.lstat()
    return label_of_file(path), facts.st_uid, facts.st_gid, oct(facts.st_mode)


def wait_until_as(before: dict, seconds: float = 20) -> dict:
    """The differences that stay after a while: undoing takes a moment after the guest's end. Empty: all is as it was."""
    deadline = time.monotonic() + seconds
    while True:
        now = snapshot()
        differences = {key: {"before": before[key], "now": now[key]} for key in before if before[key] != now[key]}
        if not differences or time.monotonic() > deadline:
            return differences
        time.sleep(0.2)
