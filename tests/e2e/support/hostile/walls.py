"""The walls that attempts are made behind: the whole one, and two with a part left out. Each yields an Answer per attempt."""

import contextlib
import os
import shutil
import subprocess
import time

from ..install import PATHS
from .attempts import HOSTILE_VMM, LAUNCHER_WITHOUT_SECCOMP
from .guest import HostileGuest, Unwalled
from .targets import bystanders, shared_disk

GUESTS_AT_ONCE = 6


@contextlib.contextmanager
def in_the_place_of(name: str, program):
    """Another program where an installed one belongs, with that one's label; afterwards the old one, whatever happens."""
    path = PATHS[name]
    kept = path.with_name(path.name + ".kept")
    shutil.copyfile(path, kept)
    try:
        put(program, path)
        yield
    finally:
        put(kept, path)
        kept.unlink()


def put(program, path) -> None:
    """By rename: the program that is replaced may be running."""
    new = path.with_name(path.name + ".new")
    shutil.copyfile(program, new)
    new.chmod(0o755)
    os.rename(new, path)
    subprocess.run(["restorecon", "-F", path], check=True)


@contextlib.contextmanager
def selinux_permissive():
    subprocess.run(["setenforce", "0"], check=True)
    try:
        yield
    finally:
        subprocess.run(["setenforce", "1"], check=True)


def batches(attempts: list, size: int):
    return (attempts[start : start + size] for start in range(0, len(attempts), size))


def one_guest_each(prefix: str, attempts: list, targets: dict, while_made=contextlib.nullcontext) -> dict:
    """One guest for each attempt, some at once. `while_made` holds from when all have passed their gates."""
    answers, shared = {}, shared_disk()
    with in_the_place_of("immure-vmm", HOSTILE_VMM):
        for number, batch in enumerate(batches(attempts, GUESTS_AT_ONCE)):
            with contextlib.ExitStack() as cleanup:
                guests = []
                for place, _ in enumerate(batch):
                    guest = HostileGuest(f"{prefix}-{number * GUESTS_AT_ONCE + place}", shared)
                    cleanup.callback(guest.close)
                    guests.append(guest)
                for guest in guests:
                    guest.wait_until_ready()
                    guest.aim(targets)
                with while_made():
                    for guest, attempt in zip(guests, batch):
                        answers[attempt.name] = guest.ask(attempt)
    return answers


def whole_wall(attempts: list, targets: dict) -> dict:
    return one_guest_each("whole", attempts, targets)


def permissive_wall(attempts: list, targets: dict) -> dict:
    return one_guest_each("permissive", attempts, targets, selinux_permissive)


def wall_without_seccomp(attempts: list, targets: dict) -> dict:
    """All in one guest, in children of its VMM; in another one where an attempt ended that VMM."""
    answers, guest, number, shared = {}, None, 0, shared_disk()
    with in_the_place_of("immure-vmm", HOSTILE_VMM), in_the_place_of("immure-launch", LAUNCHER_WITHOUT_SECCOMP):
        try:
            for attempt in attempts:
                if guest is None:
                    guest = HostileGuest(f"unfiltered-{number}", shared, unfiltered=True)
                    number += 1
                    guest.wait_until_ready()
                    guest.aim(targets)
                # Audit records have the time of the clock's last tick: keep those of two attempts apart.
                time.sleep(0.03)
                answer = guest.ask(attempt)
                answers[attempt.name] = answer
                if answer.outcome in ("gone", "silent") or guest.process.poll() is not None:
                    guest.close()
                    guest = None
        finally:
            if guest is not None:
                guest.close()
    return answers


def no_wall(attempts: list, targets: dict) -> dict:
    """As root, SELinux permissive: those that can be made so, to see that there is something to stop."""
    shared = shared_disk()
    with selinux_permissive(), bystanders(targets) as aims:
        process = Unwalled(aims["own_disk"], shared)
        try:
            process.wait_until_ready()
            process.targets = aims
            return {attempt.name: process.ask(attempt) for attempt in attempts if attempt.tried_unwalled}
        finally:
            process.close()


WALLS = {"whole": whole_wall, "without seccomp": wall_without_seccomp, "permissive": permissive_wall, "none": no_wall}
