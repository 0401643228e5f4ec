"""Who stopped an attempt: from the audit log where it says so, else from what the process was told."""

import functools
import re
import signal
import subprocess
from dataclasses import dataclass

from ..kernel import Access
from .attempts import Answer, Attempt

STAMP = re.compile(r"msg=audit\((\d+\.\d+):\d+\)")
CONTEXT = re.compile(r"\bvm-ctx=(\S+?)['\s]")
NAME = re.compile(r'\bvm="([^"]+)"')
DENIED = re.compile(r"avc:\s+denied\s+\{ ([^}]+) \}.*\bscontext=(\S+).*\btclass=(\S+) permissive=(\d)")
FILTERED = re.compile(r"\bsubj=(\S+).*\bsig=(\d+) arch=([0-9a-f]+) syscall=(\d+)")
# include/uapi/linux/audit.h, AUDIT_ARCH_*; what ausyscall calls their system calls.
MACHINES = {"c000003e": "x86_64", "40000003": "i386"}
# tests/hostile/attempt.hpp, behind: what may end a process rather than refuse it something.
LIMITS = ("cgroup limits", "resource limits")
# And what is met on the way through a directory.
ON_A_PATH = ("empty root", "no message queues")
KILL = str(int(signal.SIGSYS))
TICK = 0.015  # seconds by which a record's time may lag


@dataclass(frozen=True)
class Stopper:
    layer: str
    detail: str

    def __str__(self) -> str:
        return f"{self.layer} ({self.detail})" if self.detail else self.layer


class AuditTrail:
    """What the audit log has of the guests that made attempts."""

    def __init__(self, records: list):
        self.labels, self.denials, self.filtered = {}, [], []
        for record in records:
            if record.startswith("type=VIRT_MACHINE_ID") and (name := NAME.search(record)) and (label := CONTEXT.search(record)):
                self.labels[name[1]] = label[1]
            elif record.startswith("type=AVC") and (found := DENIED.search(record)):
                self.denials.append((stamp_of(record), found[2], found[1], found[3], found[4] == "1"))
            elif record.startswith("type=SECCOMP") and (found := FILTERED.search(record)):
                self.filtered.append((stamp_of(record), found[1], found[2] == KILL, system_call_name(found[3], int(found[4]))))

    def stopper_of(self, attempt: Attempt, answer: Answer, *, enforcing: bool) -> Stopper | None:
        """None: nobody, or it cannot be told who."""
        if answer.succeeded:
            return None
        if recorded := self.recorded_stopper(answer):
            return recorded
        if answer.outcome == "killed":
            # Whatever else kills says nothing of it.
            return Stopper(attempt.behind, answer.cause()) if attempt.behind in LIMITS else None
        if answer.cause() == "EACCES" and attempt.behind in ON_A_PATH and enforcing and not self.may_search_root(self.labels[answer.guest]):
            return Stopper("SELinux", "dir search")
        return Stopper(attempt.behind, answer.cause()) if attempt.behind else None

    def recorded_stopper(self, answer: Answer) -> Stopper | None:
        label = self.labels[answer.guest]

        def concerns(record) -> bool:
            return record[1] == label and answer.began - TICK <= record[0] <= answer.ended

        for _, _, killed, name in filter(concerns, self.filtered):
            if killed == (answer.outcome == "killed"):
                return Stopper("seccomp", name)
        for _, _, permissions, kind, permissive in filter(concerns, self.denials):
            if not permissive and answer.may_be_denied:
                return Stopper("SELinux", f"{kind} {permissions}")
        return None

    @staticmethod
    def may_search_root(label: str) -> bool:
        """The policy denies this without a record: every start of a static program asks for it."""
        return Access.allowed(label, "system_u:object_r:tmpfs_t:s0", "dir", "search")


def stamp_of(record: str) -> float:
    return float(STAMP.search(record)[1])


@functools.cache
def system_call_names(machine: str) -> dict:
    listed = subprocess.run(["ausyscall", machine, "--dump"], check=True, capture_output=True, text=True).stdout
    return {int(words[0]): words[1] for words in map(str.split, listed.splitlines()) if words[0].isdigit()}


def system_call_name(machine: str, number: int) -> str:
    return system_call_names(MACHINES[machine]).get(number, str(number))
