"""The layers of the guests: one Debian per suite, then the folder of everything and a drive with the same files."""

import os
import shutil
import subprocess
from pathlib import Path

from testhost.build import build_kernel
from testhost.layers import layer
from testhost.machine import GUESTS_DRIVE_BYTES
from testhost.mirror import debian_mirror
from testhost.paths import cache_root, hash_of
from testhost.progress import BuildError, as_root, run_logged, stage

from .initrd import TOOLS_MODULES, write_initrd
from .tiny_kernels import TINY_KERNELS, tiny_kernel
from .vmlinux import extract_vmlinux

HERE = Path(__file__).resolve().parent
SUITES = {"debian12": "bookworm", "debian13": "trixie"}
# The same kernels again by version, for those who want a kernel and no system.
KERNELS = {"6.1": "debian12", "6.12": "debian13"}
# A kernel without a system: the newest that Debian has.
UNSTABLE = "unstable"


def build_debian(name: str) -> Path:
    recipe = HERE / "make-debian"

    def make(folder: Path) -> None:
        with stage(f"install the guest {name}") as tick:
            run_logged(as_root([recipe, SUITES[name], folder, debian_mirror()]), folder / "log", tick)
            if os.geteuid() != 0:
                subprocess.run(as_root(["chown", "-R", f"{os.getuid()}:{os.getgid()}", folder]), check=True)

    return layer(cache_root() / "guests" / f"{name}-{hash_of(recipe, SUITES[name])}", make)


def build_verity() -> Path:
    recipe = HERE / "make-verity"

    def make(folder: Path) -> None:
        with stage("make the guest with a verified root") as tick:
            run_logged(as_root([recipe, "trixie", folder, debian_mirror()]), folder / "log", tick)
            if os.geteuid() != 0:
                subprocess.run(as_root(["chown", "-R", f"{os.getuid()}:{os.getgid()}", folder]), check=True)

    return layer(cache_root() / "guests" / f"verity-{hash_of(recipe, HERE / 'verity-init')}", make)


def build_unstable() -> Path:
    """As build_debian(), but of a kernel alone."""
    packages = build_kernel()

    def make(folder: Path) -> None:
        with stage("unpack Debian unstable's kernel") as tick:
            for package in ("linux-binary", "linux-modules"):
                run_logged(["dpkg-deb", "-x", next(packages.glob(f"{package}-*.deb")), folder / "root"], folder / "log", tick)
            (folder / "root/usr/lib/modules").rename(folder / "modules")
            next((folder / "modules").glob("*/vmlinuz")).rename(folder / "vmlinuz")
            shutil.rmtree(folder / "root")

    return layer(cache_root() / "guests" / f"{UNSTABLE}-{hash_of(packages.name)}", make)


def build_guests() -> Path:
    """Yields a folder with files/ (busybox.cpio, debian12/, debian13/, unstable/, verity/, tiny/) and drive.raw, an ext4 of them."""
    busybox = Path("/bin/busybox")
    if not busybox.exists():
        raise BuildError("/bin/busybox is not there: install busybox-static (tools/setup does)")
    debians = {name: build_debian(name) for name in SUITES}
    unstable = build_unstable()
    verity = build_verity()
    made_before = [folder.name for folder in (*debians.values(), unstable, verity)]
    inputs = [*sorted(HERE.glob("*.py")), *sorted(HERE.glob("*.cpp")), HERE / "init", busybox, *made_before]

    def make(folder: Path) -> None:
        with stage("put the guests' files together") as tick:
            files = folder / "files"
            for name, debian in debians.items():
                (files / name).mkdir(parents=True)
                for file in ("disk.raw", "vmlinuz", "initrd.img"):
                    link_or_copy(debian / file, files / name / file)
                add_elf(files / name)
                tick()
            (files / UNSTABLE).mkdir()
            link_or_copy(unstable / "vmlinuz", files / UNSTABLE / "vmlinuz")
            add_elf(files / UNSTABLE)
            (files / "verity").mkdir()
            for file in ("root.raw", "root-hash", "hash-offset", "vmlinuz", "initrd.img"):
                link_or_copy(verity / file, files / "verity" / file)
            for version, name in KERNELS.items():
                link_or_copy(files / name / "vmlinux", files / f"vmlinux-{version}")
                link_or_copy(files / name / "vmlinuz", files / f"bzImage-{version}")
            trees = [next((debian / "modules").iterdir()) for debian in (*debians.values(), unstable)]
            programs = {"busybox": busybox}
            for name in ("vsock", "frame", "load"):
                programs[name] = folder / name
                run_logged(["c++", "-std=c++20", "-O1", "-static", "-o", folder / name, HERE / f"{name}.cpp"], folder / "log", tick)
            write_initrd(files / "busybox.cpio", programs, HERE / "init", trees)
            (files / "tiny").mkdir()
            for name, code in TINY_KERNELS.items():
                (files / "tiny" / name).write_bytes(tiny_kernel(code))
            pack = ["mke2fs", "-q", "-t", "ext4", "-L", "guests", "-O", "^has_journal", "-m", "0", "-E", "root_owner=0:0",
                    "-d", files, folder / "drive.raw", f"{GUESTS_DRIVE_BYTES >> 20}M"]  # fmt: skip
            run_logged(pack, folder / "log", tick)

    return layer(cache_root() / "guests" / f"guests-{hash_of(*inputs)}", make)


def build_tools() -> Path:
    """Yields a folder with tools.raw, programs that load a guest, and tools.cpio, an initrd that can mount it. 6.12 is its kernel."""
    recipe = HERE / "make-tools"
    debian = build_debian("debian13")
    busybox = Path("/bin/busybox")
    inputs = [recipe, HERE / "initrd.py", HERE / "cpio.py", HERE / "init", busybox, debian.name]

    def make(folder: Path) -> None:
        with stage("install the tools for guests") as tick:
            run_logged(as_root([recipe, SUITES["debian13"], folder, debian_mirror()]), folder / "log", tick)
            if os.geteuid() != 0:
                subprocess.run(as_root(["chown", "-R", f"{os.getuid()}:{os.getgid()}", folder]), check=True)
            tree = next((debian / "modules").iterdir())
            write_initrd(folder / "tools.cpio", {"busybox": busybox}, HERE / "init", [tree], TOOLS_MODULES)

    return layer(cache_root() / "guests" / f"tools-{hash_of(*inputs)}", make)


def add_elf(folder: Path) -> None:
    (folder / "vmlinux").write_bytes(extract_vmlinux((folder / "vmlinuz").read_bytes()))


def link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
