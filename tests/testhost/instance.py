"""One running test host: its folder, its processes, and the ways to reach it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import machine
from .paths import instances_root
from .progress import BuildError
from .qmp import Qmp

# Cheap where every instruction is emulated, and no more than a loopback connection needs.
SSH_OPTIONS = [
    "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR",
    "-o", "HostKeyAlias=immure-testhost", "-o", "KexAlgorithms=curve25519-sha256", "-o", "Compression=no",
    "-o", "Ciphers=aes128-gcm@openssh.com,chacha20-poly1305@openssh.com", "-o", "ServerAliveInterval=30",
]  # fmt: skip


class Instance:
    def __init__(self, name: str):
        self.name = name
        self.folder = instances_root() / name
        self.facts_file = self.folder / "instance.json"

    # Starting -----------------------------------------------------------------------------------------------------

    def start(self, *, disk: Path, boot: machine.Boot, clock: machine.Clock, key_folder: Path, guests_drive: Path,
              incoming: Path | None = None, kernel: str) -> None:  # fmt: skip
        """Starts QEMU and the TPM over a fresh overlay of `disk`. The caller calls stop() when this fails."""
        (self.folder / "tpm").mkdir(parents=True, mode=0o700)
        self.folder.chmod(0o700)
        port = free_port()
        backing_format = "raw" if disk.suffix == ".raw" else "qcow2"
        create_overlay = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", backing_format, "-b", disk, "disk.qcow2"]
        subprocess.run(create_overlay, cwd=self.folder, check=True)
        pids = [self._spawn("swtpm", machine.swtpm_command())]
        self._save(pids=pids)
        wait_until(lambda: (self.folder / "tpm.sock").exists(), 10, "the TPM emulator did not start")
        pids.append(self._spawn("qemu", machine.qemu_command(boot, clock, port, guests_drive, incoming), LD_PRELOAD=str(boot.preload)))
        self._save(pids=pids, port=port, key_folder=str(key_folder), kernel=kernel, clock=clock.name,
                   control=control_path(port))  # fmt: skip

    def _spawn(self, name: str, command: list, **environment: str) -> int:
        with (self.folder / f"{name}.log").open("wb") as log:
            # A session of its own: Ctrl-C at the terminal is ours to handle, not QEMU's.
            process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True, env=os.environ | environment)  # fmt: skip
        return process.pid

    def _save(self, **facts) -> None:
        self.facts_file.write_text(json.dumps(facts))

    def facts(self) -> dict:
        try:
            return json.loads(self.facts_file.read_text())
        except FileNotFoundError:
            raise BuildError(f"no test host named {self.name} is up; start one with: tools/testhost up") from None

    # Reaching -----------------------------------------------------------------------------------------------------

    def ssh_command(self) -> list:
        facts = self.facts()
        return ["ssh", *SSH_OPTIONS, "-i", f"{facts['key_folder']}/ssh_key",
                "-o", f"UserKnownHostsFile={facts['key_folder']}/known_hosts", "-o", "ControlMaster=auto",
                "-o", f"ControlPath={facts['control']}", "-o", "ControlPersist=yes",
                "-p", str(facts["port"]), "root@127.0.0.1"]  # fmt: skip

    def run(self, script: str, timeout: float = 120, check: bool = False) -> subprocess.CompletedProcess:
        return subprocess.run([*self.ssh_command(), script], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, check=check)  # fmt: skip

    def wait_for_ssh(self, seconds: float, tick=lambda: None) -> None:
        """Opens the shared connection; later commands use it and cost a few milliseconds."""
        deadline = time.monotonic() + seconds
        while True:
            tick()
            self.check_alive()
            try:
                if self.run("true", timeout=15).returncode == 0:
                    return
            except subprocess.TimeoutExpired:
                pass
            if time.monotonic() > deadline:
                raise BuildError(f"no answer over ssh within {seconds:.0f} s; console: {self.console_tail()}")
            time.sleep(0.3)

    def check_alive(self) -> None:
        if len(self.live_pids()) < 2:
            log = (self.folder / "qemu.log").read_text(errors="replace")
            raise BuildError(f"the test host ended; QEMU said: {log.strip() or 'nothing'}; {self.console_tail()}")

    def console_tail(self) -> str:
        try:
            return "\n".join((self.folder / "serial.log").read_text(errors="replace").splitlines()[-15:])
        except FileNotFoundError:
            return "no output"

    def qmp(self) -> Qmp:
        return Qmp(self.folder)

    def first_qmp(self) -> Qmp:
        """The socket is there a moment before QEMU listens to it."""
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.qmp()
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise BuildError("QEMU did not start") from None
            time.sleep(0.02)

    def resume(self) -> None:
        """Lets a machine run whose state was saved while it was stopped, once QEMU has read that state."""
        qmp = self.first_qmp()
        wait_until(lambda: qmp.call("query-status")["status"] != "inmigrate", 60, "QEMU did not read the saved state")
        qmp.call("cont")

    # Ending -------------------------------------------------------------------------------------------------------

    def live_pids(self) -> list:
        """Those of our processes that run: a pid counts only while its working directory is the instance's folder."""
        live = []
        for pid in self.facts().get("pids", []):
            try:
                if os.readlink(f"/proc/{pid}/cwd") == str(self.folder.resolve()):
                    reap(pid)
                    live.append(pid)
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                pass
        return live

    def stop(self) -> bool:
        """Ends the processes and removes the folder. False when there was nothing to end."""
        if not self.folder.exists():
            return False
        if self.facts_file.exists():
            for pid in reversed(self.live_pids()):
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not self.live_pids(), 10, "QEMU did not end")
            # The process behind the shared connection ends by itself when its peer is gone; one that was killed
            # leaves its socket.
            if control := self.facts().get("control"):
                Path(control).unlink(missing_ok=True)
        shutil.rmtree(self.folder)
        return True


def reap(pid: int) -> None:
    """Collects a child of ours that has ended; other processes are left alone."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def control_path(port: int) -> str:
    """Where ssh keeps the shared connection; short, because a socket's path has room for 107 bytes only."""
    folder = Path(f"/tmp/immure-testhost-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o77:
        raise BuildError(f"{folder} is not a private folder of ours; remove it")
    return str(folder / str(port))


def wait_until(condition, seconds: float, failure: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BuildError(failure)
        time.sleep(0.02)
