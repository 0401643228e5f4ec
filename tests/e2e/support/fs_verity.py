"""Files under fs-verity, on a file system of their own: what the test host's own has is not asked for it."""

import fcntl
import struct
import subprocess
from pathlib import Path

# <linux/fsverity.h>: _IOW('f', 133, struct fsverity_enable_arg), _IOWR('f', 134, struct fsverity_digest)
FS_IOC_ENABLE_VERITY, FS_IOC_MEASURE_VERITY = 0x40806685, 0xC0046686
SHA256, BLOCK_BYTES, DIGEST_BYTES = 1, 4096, 32


class VerityFileSystem:
    """An ext4 in a file, mounted at a directory until close()."""

    def __init__(self, directory: Path, mebibytes: int):
        self.directory, self.backing = directory, Path("/var/tmp") / f"{directory.name}.ext4"
        with self.backing.open("wb") as file:
            file.truncate(mebibytes << 20)
        directory.mkdir(parents=True, exist_ok=True)
        run("mke2fs", "-q", "-t", "ext4", "-b", str(BLOCK_BYTES), "-O", "verity", self.backing)
        run("mount", "-o", "loop", self.backing, directory)
        run("restorecon", "-R", directory)

    def add(self, name: str, content: bytes, *, like: Path | None = None) -> Path:
        """A file that nobody can change any more, with the label and mode of an image or of another file."""
        path = self.directory / name
        path.write_bytes(content)
        path.chmod(like.stat().st_mode & 0o777 if like else 0o600)
        run(*(("chcon", "--reference", like) if like else ("restorecon",)), path)
        with path.open("rb") as file:
            fcntl.ioctl(file, FS_IOC_ENABLE_VERITY, struct.pack("=4IQ2IQ88x", 1, SHA256, BLOCK_BYTES, 0, 0, 0, 0, 0))
        return path

    def close(self) -> None:
        run("umount", self.directory)
        self.directory.rmdir()
        self.backing.unlink()


def digest_of(path: Path) -> str:
    """By SHA-256, as the kernel says."""
    with path.open("rb") as file:
        answer = fcntl.ioctl(file, FS_IOC_MEASURE_VERITY, struct.pack("=2H", 0, DIGEST_BYTES) + bytes(DIGEST_BYTES))
    return answer[4:].hex()


def run(*command) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
