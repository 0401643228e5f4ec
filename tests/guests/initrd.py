"""The small initrd: busybox, an init of ours, and the modules that a guest's devices need, for each kernel."""

import lzma
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
    for path in load_order(tree, modules):
        content = (tree / path).read_bytes()
        if path.endswith(".xz"):
            content = lzma.decompress(content)
        order.append(Path(path).name.removesuffix(".xz"))
        archive.file(f"{folder}/{order[-1]}", content)
    archive.file(f"{folder}/order", "".join(f"{name}\n" for name in order).encode())


def load_order(tree: Path, modules) -> list:
    """Paths of the modules below the tree, each after those that it needs (modules.dep of depmod(8))."""
    needs = {}
    for line in (tree / "modules.dep").read_text().splitlines():
        module, _, dependencies = line.partition(":")
        needs[module] = dependencies.split()
    order = []

    def add(path: str) -> None:
        for dependency in needs[path]:
            add(dependency)
        if path not in order:
            order.append(path)

    for name in modules:
        for path in needs:
            if Path(path).name.split(".ko")[0] == name:
                add(path)
    return order
