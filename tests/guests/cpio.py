"""Writes initrds: cpio archives in the "newc" format (kernel: Documentation/driver-api/early-userspace/buffer-format.rst).

Written here, and not by cpio(1), so that device nodes need no root and equal inputs give equal bytes.
"""

import stat
from typing import BinaryIO


class Archive:
    def __init__(self, output: BinaryIO):
        self.output = output
        self.inode = 0

    def directory(self, name: str) -> None:
        self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self._entry(name, stat.S_IFREG | mode, content)

    def character_device(self, name: str, major: int, minor: int) -> None:
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def close(self) -> None:
        self._entry("TRAILER!!!", 0)

    def _entry(self, name: str, mode: int, content: bytes = b"", device: tuple = (0, 0)) -> None:
        self.inode += 1
        path = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(path), 0]
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._padded(header + path)
        self._padded(content)

    def _padded(self, data: bytes) -> None:
        self.output.write(data + b"\0" * (-len(data) % 4))
