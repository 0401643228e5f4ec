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


def end_as_if_interrupted() -> None:
    """From now on a request to end is handled as Ctrl-C is: everything that was started is ended first."""

    def interrupt(*_):
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


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
    if os.geteuid() == 0:
        return [str(part) for part in command]
    # A password is asked for here, in the foreground, and not by the command itself.
    subprocess.run(["sudo", "-v"], check=True)
    return ["sudo", "-n", *map(str, command)]


def run_logged(command: list, log: Path, tick) -> None:
    """Runs a command with its output in a log file. When we are interrupted, the command and its children end too."""
    with log.open("ab") as output:
        # A process group of its own: Ctrl-C at the terminal reaches us alone, and we end the whole group.
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output, process_group=0)  # fmt: skip
        try:
            while True:
                try:
                    status = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    tick()
        except BaseException:
            end_group(process)
            raise
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise BuildError(f"{Path(str(command[0])).name} failed (exit status {status}); the end of its output:\n{tail}")


def end_group(process: subprocess.Popen) -> None:
    """Asks a command and its children to end, which lets them clean up; then makes them."""
    for number, seconds in ((signal.SIGTERM, 30), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + seconds
        while signal_group(process.pid, number):
            number = 0  # asks only whether somebody is left
            process.poll()
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        else:
            return


def signal_group(group: int, number: int) -> bool:
    """False when no process of the group is left."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # started through sudo
        return subprocess.run(["sudo", "-n", "kill", f"-{int(number)}", "--", f"-{group}"], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0  # fmt: skip
    return True
