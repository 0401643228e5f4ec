"""Says what a long build is doing: one live line on a terminal, plain lines elsewhere."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path


class BuildError(Exception):
    """Something that a user can act on; printed without a traceback."""


@contextmanager
def stage(title: str):
    """Reports a stage's start and how long it took."""
    live = sys.stderr.isatty()
    start = time.monotonic()
    if not live:
        print(f"testhost: {title} ...", file=sys.stderr, flush=True)

    def tick():
        if live:
            print(f"\r\033[Ktesthost: {title} ... {time.monotonic() - start:.0f} s", end="", file=sys.stderr, flush=True)

    outcome = "failed after"
    try:
        tick()
        yield tick
        outcome = "took"
    finally:
        lead = "\r\033[K" if live else ""
        print(f"{lead}testhost: {title} {outcome} {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)


def as_root(command: list) -> list:
    """The command, through sudo where we are not root."""
    return [str(part) for part in command] if os.geteuid() == 0 else ["sudo", *map(str, command)]


def run_logged(command: list, log: Path, tick) -> None:
    """Runs a command with its output in a log file. When we are interrupted, the command and its children end too."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            while True:
                try:
                    status = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    tick()
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            raise
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise BuildError(f"{Path(str(command[0])).name} failed (exit status {status}); the end of its output:\n{tail}")
