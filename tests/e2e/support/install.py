"""Puts the programs where a package would, with the labels that the policy gives those paths."""

import shutil
import subprocess
import sys
from pathlib import Path

PUSHED = Path(__file__).resolve().parents[2]
LIBEXEC = Path("/usr/libexec/immure")
IMAGES = Path("/var/lib/immure/images")
PATHS = {
    "immure": Path("/usr/bin/immure"),
    "immure-launch": LIBEXEC / "immure-launch",
    "immure-vmm": LIBEXEC / "immure-vmm",
    "immure-monitor": LIBEXEC / "immure-monitor",
    "immure-net": LIBEXEC / "immure-net",
}
# A build may leave it out.
ATTEST = LIBEXEC / "immure-attest"


def install_programs() -> None:
    LIBEXEC.mkdir(parents=True, exist_ok=True)
    programs = dict(PATHS)
    if (PUSHED / ATTEST.name).exists():
        programs[ATTEST.name] = ATTEST
    for name, path in programs.items():
        shutil.copyfile(PUSHED / name, path)
        path.chmod(0o755)
        missing = missing_libraries(path)
        if missing:
            sys.exit(f"{name} cannot run here: {missing}. Link that library statically.")
    for folder in (Path("/etc/immure"), IMAGES):
        folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["restorecon", "-RF", *programs.values(), LIBEXEC, "/etc/immure", "/var/lib/immure"], check=True)


def missing_libraries(program: Path) -> str:
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    lines = (listing.stdout + listing.stderr).splitlines()
    return "; ".join(line.strip() for line in lines if "not found" in line)
