"""Who stopped an attempt behind libvirt's wall: where the audit log does not say, what it got without SELinux does."""

from .attempts import Answer, Attempt
from .stoppers import AuditTrail, Stopper

# tests/hostile/attempt.hpp, behind: the parts that this wall has, too.
HERE = {
    "no capability": "no capability",
    "no such descriptor": "no such descriptor",
    "a keyring of its own": "a keyring of its own",
    "not the owner": "not the owner",
    "opened for reading only": "opened for reading only",
    "resource limits": "resource limits",
    "monitor": "virtlogd",
}
# In the place of those that it has not stands what the kernel's answer says. Of the file system, only /dev is not the host's.
BY_CAUSE = {"EPERM": "no capability", "EACCES": "file modes", "ENOENT": "a /dev of its own"}


class TrailOfLibvirt(AuditTrail):
    """`labels`: that of each guest, by its name."""

    def __init__(self, records: list, labels: dict):
        super().__init__(records)
        self.labels = labels

    def is_unclear(self, answer: Answer) -> bool:
        return not answer.succeeded and self.recorded_stopper(answer) is None

    def stopper_of(self, attempt: Attempt, answer: Answer, again: Answer | None) -> Stopper | None:
        """`again`: of the same attempt with SELinux permissive, where it was unclear."""
        if answer.succeeded:
            return None
        if recorded := self.recorded_stopper(answer):
            return recorded
        if again is not None and (again.outcome, again.number) != (answer.outcome, answer.number):
            return Stopper("SELinux", f"without a record, {answer.cause()}")
        part = HERE.get(attempt.behind) or BY_CAUSE.get(answer.cause())
        return Stopper(part, answer.cause()) if part else None
