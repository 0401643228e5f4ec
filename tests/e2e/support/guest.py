"""Guests: their specifications, and the immure command on them."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

from .install import IMAGES, PATHS

GUESTS = Path("/guests")
SPECS = Path("/var/lib/immure/specs")
IMMURE = str(PATHS["immure"])
# Emulated as the host is, a guest boots in some seconds; a machine that is busy with other things may take minutes.
BOOT_SECONDS = 180


def immure(*arguments, timeout: float = BOOT_SECONDS, check: bool = False, **options) -> subprocess.CompletedProcess:
    done = subprocess.run([IMMURE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                          **options)  # fmt: skip
    done.stdout, done.stderr = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    if check and done.returncode != 0:
        raise AssertionError(f"immure {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def image(name: str, mebibytes: int = 4) -> Path:
    """A disk of zeros with a name of its own."""
    path = IMAGES / name
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(mebibytes << 20)
    path.chmod(0o600)
    return path


def disk(path, *, id: str = "disk0", read_only: bool = False) -> dict:
    return {"id": id, "path": str(path), "format": "raw", "read_only": read_only}


def toml(value) -> str:
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"


def values(console: str, word: str) -> list:
    """The rest of each line of the guest's init that begins with this word."""
    mark = f"IMMURE-GUEST-{word} "
    return [line.partition(mark)[2].strip() for line in console.splitlines() if mark in line]


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not happen within {seconds:.0f} s")
        time.sleep(0.2)


def how_it_stands(name: str) -> str:
    """Of a guest that does not do what it should: what its VMM counts and what its threads do, twice, a second apart. It tells a
    guest that stands still from one that is not heard."""
    out = []
    for _ in range(2):
        metrics = immure("metrics", name).stdout.splitlines()
        out += [line for line in metrics if not line.startswith("#") and re.search("exits|console|cpu_seconds|state", line)]
        inspected = immure("inspect", name, "--json")
        if inspected.returncode != 0:
            return "\n".join([*out, inspected.stderr])
        for task in sorted(Path(f"/proc/{json.loads(inspected.stdout)['vmm_pid']}/task").glob("*")):
            try:
                # proc(5): what follows the name; state first, user and system time as the 12th and 13th.
                stat = (task / "stat").read_text().rpartition(")")[2].split()
                stack = " < ".join(line.split()[-1] for line in (task / "stack").read_text().splitlines()[:6])
                out.append(f"{(task / 'comm').read_text().strip()}: {stat[0]} {stat[11]} {stat[12]} {stack}")
            except OSError as error:
                out.append(f"{task}: {error}")
        time.sleep(1)
    return "\n".join(out)


class Guest:
    """A guest by its specification. `test` is what its init does (tests/guests/init)."""

    def __init__(self, name: str, test: str = "none", *, kernel="debian13/vmlinux", initrd="busybox.cpio", memory="256 MiB",
                 vcpus: int = 1, disks=(), command_line: str | None = None, console: str = "ttyS0",
                 virtio_console: bool | None = None, balloon: bool = False, nets=()):  # fmt: skip
        self.name = name
        if command_line is None:
            command_line = f"console={console} quiet panic=-1 immure.test={test}"
        self.tables = {
            "boot": {"kernel": str(GUESTS / kernel), "command_line": command_line},
            "cpu": {"count": vcpus},
            "memory": {"size": memory},
        }
        if balloon:
            self.tables["memory"]["balloon"] = True
        if virtio_console is not None:
            self.tables["console"] = {"virtio": virtio_console}
        if initrd:
            self.tables["boot"]["initrd"] = str(GUESTS / initrd)
        self.disks = list(disks)
        self.nets = list(nets)
        self.spec = SPECS / f"{name}.toml"
        self.write()

    def write(self) -> None:
        SPECS.mkdir(parents=True, exist_ok=True)
        lines = [f"name = {json.dumps(self.name)}"]
        for table, values in self.tables.items():
            lines += ["", f"[{table}]", *(f"{key} = {toml(value)}" for key, value in values.items())]
        for kind, devices in (("disks", self.disks), ("nets", self.nets)):
            for values in devices:
                lines += ["", f"[[{kind}]]", *(f"{key} = {toml(value)}" for key, value in values.items())]
        self.spec.write_text("\n".join(lines) + "\n")

    def run(self, timeout: float = BOOT_SECONDS) -> subprocess.CompletedProcess:
        """In the foreground, to its end; stdout is the guest's console."""
        return immure("run", self.spec, timeout=timeout)

    def run_in_background(self) -> subprocess.Popen:
        return subprocess.Popen([IMMURE, "run", self.spec], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)  # fmt: skip

    def start(self) -> "Guest":
        immure("run", "-d", self.spec, check=True)
        return self

    def inspect(self) -> dict:
        return json.loads(immure("inspect", self.name, "--json", check=True).stdout)

    def pid(self) -> int:
        return self.inspect()["vmm_pid"]

    def pid_when_running(self) -> int:
        """Of a guest whose launch is under way in another process."""
        wait_for(lambda: immure("inspect", self.name).returncode == 0)
        return self.pid()

    def console_until(self, text: str, timeout: float = BOOT_SECONDS, send: bytes = b"") -> str:
        """Attaches to the console, sends bytes, and reads until a text has come. Raises with what came instead."""
        client = subprocess.Popen([IMMURE, "console", self.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, bufsize=0)  # fmt: skip
        seen = bytearray()
        os.set_blocking(client.stdout.fileno(), False)
        deadline = time.monotonic() + timeout
        try:
            if send:
                client.stdin.write(send)
            while text.encode() not in seen:
                seen += client.stdout.read(65536) or b""
                if time.monotonic() > deadline or client.poll() is not None:
                    seen += client.stdout.read(65536) or b""
                    if text.encode() in seen:
                        break
                    raise AssertionError(f"{self.name}: {text!r} did not come; its console:\n{seen.decode(errors='replace')}\n"
                                         f"{how_it_stands(self.name)}")  # fmt: skip
                time.sleep(0.05)
        finally:
            client.kill()
            client.communicate()
        return seen.decode(errors="replace")

    def kill(self) -> None:
        """Ends it, whatever it is doing; a guest that is gone already is fine."""
        immure("kill", self.name)
