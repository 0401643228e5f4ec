"""What the hostile VMM can try, and what came of trying it."""

import errno
import signal
import subprocess
from dataclasses import dataclass, field

from ..install import PUSHED

HOSTILE_VMM = PUSHED / "hostile-vmm"
LAUNCHER_WITHOUT_SECCOMP = PUSHED / "immure-launch-without-seccomp"


@dataclass(frozen=True)
class Attempt:
    name: str
    family: str
    what: str
    behind: str  # the part of the wall that stops it where seccomp and SELinux do not
    tried_unwalled: bool  # else it would end the host or the test, or is aimed at a part of a wall


def all_attempts() -> list:
    listed = subprocess.run([HOSTILE_VMM, "--list"], check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in listed.splitlines()]
    return [Attempt(name, family, what, behind, unwalled == "tried") for name, family, what, behind, unwalled in rows]


@dataclass
class Answer:
    """What was seen of one attempt from outside."""

    outcome: str  # done, stopped, killed, sent (what became of it, others see), gone where it ended without a word, silent
    number: int = 0  # errno of a stopped one, signal of a killed one
    began: float = 0.0
    ended: float = 0.0
    guest: str = ""  # the name of the guest whose VMM made it
    remarks: list = field(default_factory=list)  # what the host found changed, though it should not have been

    @property
    def succeeded(self) -> bool:
        return bool(self.remarks) or self.outcome not in ("stopped", "killed", "sent")

    @property
    def may_be_denied(self) -> bool:
        """Whether this is what it looks like where SELinux denies something."""
        return self.outcome == "sent" or self.cause() in ("EACCES", "EPERM")

    def cause(self) -> str:
        if self.outcome == "killed":
            return signal.Signals(self.number).name
        return errno.errorcode.get(self.number, "")


def parse_answer(line: str) -> Answer:
    """Of "outcome NAME WORD NUMBER"."""
    _, _, word, number = line.split()
    return Answer(word, int(number))
