"""What the audit log got since a moment. Read from the log itself: ausearch costs seconds where all is emulated."""

import subprocess
import time
import uuid
from pathlib import Path

LOG = Path("/var/log/audit/audit.log")
DENIALS = ("AVC", "USER_AVC", "SELINUX_ERR", "SECCOMP", "ANOM_ABEND")


class AuditMark:
    """Remembers where the log is now."""

    def __init__(self):
        self._settle()
        self.offset = LOG.stat().st_size
        self.inode = LOG.stat().st_ino

    def records(self) -> list:
        """Every record since then, once auditd has written all that the kernel has sent."""
        self._settle()
        with LOG.open("rb") as log:
            if LOG.stat().st_ino == self.inode:
                log.seek(self.offset)
            return log.read().decode(errors="replace").splitlines()

    def denials(self) -> list:
        """SELinux denials and seccomp kills that have to do with immure."""
        wanted = tuple(f"type={kind} " for kind in DENIALS)
        return [line for line in self.records() if line.startswith(wanted) and ("immure" in line or "SECCOMP" in line)]

    def of_type(self, *kinds: str) -> list:
        wanted = tuple(f"type={kind} " for kind in kinds)
        return [line for line in self.records() if line.startswith(wanted)]

    @staticmethod
    def _settle() -> None:
        """Sends a record of our own and waits until it is in the log: so is everything before it."""
        token = uuid.uuid4().hex
        subprocess.run(["auditctl", "-m", token], check=True, capture_output=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with LOG.open("rb") as log:
                log.seek(max(0, LOG.stat().st_size - 65536))
                if token.encode() in log.read():
                    return
            time.sleep(0.05)
        raise AssertionError("auditd does not write what the kernel sends it")
