"""docs/hostile-vmm.md: attempt by wall, and who stopped it, as the suite has just seen it."""

from .attempts import Answer, Attempt
from .stoppers import Stopper

HEAD = """# What a hostile VMM can do

Written by the end-to-end suite (`tests/e2e/run --write-docs hostile`); do not edit.

A program takes the VMM's place (`tests/hostile`): same label, user, filters, root and descriptors. It tries, one by one, what somebody would
try who had taken over a VMM, each attempt in a new guest beside another one that it is aimed at. A VMM's threads have filters of their
own; each attempt is made by the kind of thread that gets furthest with it. Each is made

- behind the whole wall,
- **without seccomp**: a launcher of the test build, which a release build cannot be asked for, leaves the filters out, so that SELinux and the rest must
  stop it alone,
- with **SELinux permissive** from when the guest has passed its gate, so that seccomp and the rest must stop it alone,
- behind the wall that a QEMU is put behind by **libvirt**, [as Debian installs it](#the-column-libvirt), for comparison,
- and, where that would not end the host, without any wall, as root: it must have an effect there, or being stopped would say nothing.

Who stopped it is read from the audit log where that says so (seccomp with the system call, SELinux with class and permission). Where the log says
nothing, it is the part of the wall that the attempt meets next, with what the process was told. An attempt also counts as successful where
the host finds afterwards that the other guest, its own monitor or keeper, or its disk is other than before.
"""


BESIDE = """## The column `libvirt`
`virsh create --paused` starts a guest (q35, KVM, 32 MiB, two raw disks) whose `<emulator>` is the same program, with the label of QEMU's:
libvirt {libvirt}, QEMU {QEMU} and selinux-policy-default {policy} of Debian 13, nothing configured. libvirt takes SELinux
for its security driver there, labels and owns the disks itself, and gives QEMU a mount namespace with a `/dev` of its own. The process that
libvirt started becomes QEMU, `{label}`, with `-sandbox {sandbox}`.
A child that it made before that is still all that libvirt had made of it, and puts itself behind the filter that the kernel has of that QEMU, read
from it with ptrace. The test compares both processes (label, ids, groups, capabilities, no_new_privs, filters byte by byte, namespaces,
root, cgroup, limits): they are the same. Attempts are aimed at a second such guest, which runs as the same user; libvirt's daemon takes
the parts of a guest's keeper and of its monitor.

One thing is loosened: Debian's policy does not let libvirt's daemon make the mount namespace, so its domain, `virtd_t`, is not enforced; QEMU's is.
Where the audit log says nothing of an attempt that was stopped, it is made again with SELinux permissive: if it fares otherwise
then, SELinux had stopped it.

`-`: aimed at a part of immure that libvirt does not have, or at its monitor by protocols of its own ({left_out} attempts). **Not stopped** is not
always a hole: QEMU opens its disks by their paths itself, and libvirt limits memory and tasks only where it is told to. It is what
somebody has who took that process over. Of `signal-by-descriptor` only the call is tried: SELinux is asked once more when such a signal is sent.
"""


def write_page(attempts: list, answers: dict, stoppers: dict, facts: dict) -> str:
    parts = [HEAD, totals(attempts, answers, stoppers)]
    if facts:
        parts.append(BESIDE.format(**facts, left_out=len(attempts) - len(answers["libvirt"])))
    for family in dict.fromkeys(attempt.family for attempt in attempts):
        rows = [row(attempt, answers, stoppers) for attempt in attempts if attempt.family == family]
        parts.append("\n".join([f"## {family}", heading("attempt", *stoppers), *rows]) + "\n")
    return "\n".join(parts)


def heading(*columns) -> str:
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def totals(attempts: list, answers: dict, stoppers: dict) -> str:
    lines = ["## In short", heading("wall", "attempts", "stopped", "not stopped")]
    # Those with columns first.
    for wall, of_wall in sorted(answers.items(), key=lambda item: item[0] not in stoppers):
        succeeded = sum(answer.succeeded for answer in of_wall.values())
        lines.append(f"| {wall} | {len(of_wall)} | {len(of_wall) - succeeded} | {succeeded} |")
    left_out = sum(not attempt.tried_unwalled for attempt in attempts)
    lines.append(f"\nWithout any wall {left_out} attempts are left out: they would end the host, or are aimed at a part of a wall.")
    return "\n".join(lines) + "\n"


def row(attempt: Attempt, answers: dict, stoppers: dict) -> str:
    cells = [cell(answers[wall].get(attempt.name), stoppers[wall].get(attempt.name)) for wall in stoppers]
    return f"| `{attempt.name}`: {attempt.what} | {' | '.join(cells)} |"


def cell(answer: Answer | None, stopper: Stopper | None) -> str:
    if answer is None:
        return "-"
    if answer.succeeded:
        return f"**not stopped**{': ' + '; '.join(answer.remarks) if answer.remarks else ''}"
    return str(stopper) if stopper else "stopped, it cannot be told by whom"
