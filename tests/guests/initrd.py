"""The small initrd: busybox, an init of ours, and the modules that a guest's devices need, for each kernel."""

import lzma
import re
from pathlib import Path

from .cpio import Archive

# What a guest of ours has, beside what the kernels have built in. Their dependencies come first.
MODULES = ["virtio_pci", "virtio_blk", "virtio_console", "virtio-rng", "virtio_net", "pvpanic-mmio", "virtio_balloon",
           "vmw_vsock_virtio_transport", "wdat_wdt", "button", "evdev"]
# For the disk with tools, beside them.
TOOLS_MODULES = [*MODULES, "ext4"]


def write_initrd(output: Path, programs: dict, init: Path, module_trees: list, modules=tuple(MODULES)) -> None:
    """programs: static ones, by name; module_trees: folders as /usr/lib/modules/RELEASE."""
    with output.open("wb") as file:
        archive = Archive(file)
        for name in ("bin", "dev", "proc", "sys", "lib", "lib/modules"):
            archive.directory(name)
        archive.character_device("dev/console", 5, 1)
        for name, program in programs.items():
            archive.file(f"bin/{name}", program.read_bytes(), 0o755)
        archive.file("init", init.read_bytes(), 0o755)
        for tree in module_trees:
            add_modules(archive, tree, modules)
        archive.close()


def append_modules(initrd: Path, tree: Path) -> None:
    """Those of one more kernel: it unpacks one archive after the other."""
    with initrd.open("ab") as file:
        archive = Archive(file)
        add_modules(archive, tree)
        archive.close()


def add_modules(archive: Archive, tree: Path, modules=tuple(MODULES)) -> None:
    folder = f"lib/modules/{tree.name}"
    archive.directory(folder)
    order = []
    for name, content in in_load_order(tree, modules):
        order.append(f"{name}.ko")
        archive.file(f"{folder}/{order[-1]}", content)
    archive.file(f"{folder}/order", "".join(f"{name}\n" for name in order).encode())


def in_load_order(tree: Path, modules) -> list:
    """Names and contents of the modules below the tree that are not built in, each after those that it says it depends on. Read from
    the modules themselves, as packages that were only unpacked have no modules.dep."""
    paths = {path.name.split(".ko")[0].replace("-", "_"): path for path in tree.rglob("*.ko*")}
    loaded = {}

    def add(name: str) -> None:
        name = name.replace("-", "_")
        if name in loaded or name not in paths:
            return
        content = paths[name].read_bytes()
        if paths[name].suffix == ".xz":
            content = lzma.decompress(content)
        dependencies = re.search(rb"\0depends=([^\0]*)\0", content)
        for dependency in filter(None, dependencies[1].decode().split(",") if dependencies else ()):
            add(dependency)
        loaded[name] = content

    for name in modules:
        add(name)
    return list(loaded.items())
