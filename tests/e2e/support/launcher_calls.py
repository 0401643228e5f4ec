"""The launcher by itself, as `immure run` starts it, under strace: which system calls it makes, and each made to fail."""

import fcntl
import os
import re
import subprocess
from pathlib import Path

from .guest import IMMURE, Guest
from .install import PATHS

LAUNCHER = PATHS["immure-launch"]
SAVED = Path("/run/immure-request")
CALL = re.compile(r"^(\w+)\(")
F_ADD_SEALS, ALL_SEALS = 1033, 0xF  # linux/fcntl.h
REQUEST, REPORTS = 30, 31
SECONDS = 120


def request_for(guest: Guest) -> bytes:
    """What `immure run` hands to the launcher: taken from it by a program in the launcher's place."""
    kept = LAUNCHER.with_suffix(".kept")
    LAUNCHER.rename(kept)
    try:
        LAUNCHER.write_text(f"#!/bin/sh\ncat <&3 >{SAVED}\n")
        LAUNCHER.chmod(0o755)
        subprocess.run([IMMURE, "run", "-d", guest.spec], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return SAVED.read_bytes()
    finally:
        kept.rename(LAUNCHER)
        SAVED.unlink(missing_ok=True)


def launch(request: bytes, *strace_options: str) -> subprocess.CompletedProcess:
    """From the request to the guest's end."""
    memfd = os.memfd_create("request", os.MFD_ALLOW_SEALING)
    os.write(memfd, request)
    fcntl.fcntl(memfd, F_ADD_SEALS, ALL_SEALS)
    null = os.open("/dev/null", os.O_WRONLY)
    os.dup2(memfd, REQUEST)
    os.dup2(null, REPORTS)
    try:
        command = ["bash", "-c", f'exec strace -qqq "$@" {LAUNCHER} 3<&{REQUEST} 4>&{REPORTS}', "bash", *strace_options]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=SECONDS,
                              pass_fds=(REQUEST, REPORTS))  # fmt: skip
    finally:
        for fd in (memfd, null, REQUEST, REPORTS):
            os.close(fd)


def calls_of(request: bytes) -> list:
    """Of the launcher's own process, in their order, from its first to its last."""
    log = Path("/run/immure-strace")
    launch(request, "-o", str(log))
    names = [found[1] for line in log.read_text().splitlines() if (found := CALL.match(line))]
    log.unlink()
    return names[1:]  # strace's own execve
