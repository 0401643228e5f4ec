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
    harmful: bool  # to make it without any wall would end the host or the test


def all_attempts() -> list:
    listed = subprocess.run([HOSTILE_VMM, "--list"], check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in listed.splitlines()]
    return [Attempt(name, family, what, behind, unwalled == "harmful") for name, family, what, behind, unwalled in rows]


@dataclass
class Answer:
    """What was seen of one attempt from outside."""

    outcome: str  # of the process: done, stopped, killed, or gone where it ended without a word
    number: int = 0  # errno of a stopped one, signal of a killed one
    began: float = 0.0
    ended: float = 0.0
    guest: str = ""  # the name of the guest whose VMM made it
    remarks: list = field(default_factory=list)  # what the host found changed, though it should not have been

    @property
    def succeeded(self) -> bool:
        return bool(self.remarks) or self.outcome not in ("stopped", "killed")

    def cause(self) -> str:
        if self.outcome == "killed":
            return signal.Signals(self.number).name
        return errno.errorcode.get(self.number, "")


def parse_answer(line: str) -> tuple:
    """The name and the Answer in "outcome NAME WORD NUMBER"."""
    _, name, word, number = line.split()
    return name, Answer(word, int(number))
