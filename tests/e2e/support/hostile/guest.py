"""A guest whose VMM is hostile: told what to try on its console, it says there what came of it."""

import os
import select
import signal
import subprocess
import time

from ..guest import IMMURE, Guest, disk, image
from ..kernel import children_of
from .attempts import Answer, Attempt, parse_answer

VMM_DIED = 11
START_SECONDS, ANSWER_SECONDS = 90, 60


class HostileProcess:
    """Something that has a console: lines of commands in, lines of outcomes out."""

    def __init__(self, name: str, process: subprocess.Popen, write_to: int, read_from: int):
        self.name, self.process = name, process
        self.write_to, self.read_from = write_to, read_from
        self.seen = b""
        self.targets: dict = {}

    def ask(self, attempt: Attempt) -> Answer:
        began = time.time()
        self.tell(attempt)
        return self.answer(attempt, began)

    def tell(self, attempt: Attempt) -> None:
        words = [attempt.name, *(f"{key}={value}" for key, value in self.targets.items())]
        os.write(self.write_to, (" ".join(words) + "\n").encode())

    def answer(self, attempt: Attempt, began: float) -> Answer:
        try:
            while (line := self.line(ANSWER_SECONDS)) is not None:
                if line.startswith("outcome "):
                    name, answer = parse_answer(line)
                    if name == attempt.name:
                        break
            else:
                answer = self.end()
        except TimeoutError:
            answer = Answer("silent")
        answer.began, answer.ended, answer.guest = began, time.time(), self.name
        return answer

    def line(self, seconds: float) -> str | None:
        """The next line; None at the end."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.seen:
            if not select.select([self.read_from], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"{self.name} says nothing")
            data = os.read(self.read_from, 65536)
            if not data:
                return None
            self.seen += data
        line, _, self.seen = self.seen.partition(b"\n")
        return line.decode(errors="replace").strip()

    def end(self) -> Answer:
        """How it ended, where it said nothing."""
        code = self.process.wait(timeout=ANSWER_SECONDS)
        return Answer("killed", signal.SIGKILL) if code < 0 else Answer("gone")

    def wait_until_ready(self) -> None:
        while (line := self.line(START_SECONDS)) != "ready":
            if line is None:
                raise AssertionError(f"{self.name}: {self.process.communicate()[1].decode(errors='replace')}")


class HostileGuest(HostileProcess):
    def __init__(self, name: str, *, unfiltered: bool = False):
        self.path = image(f"{name}.raw", 1)
        self.guest = Guest(name, kernel="tiny/halt", initrd="busybox.cpio", memory="32 MiB", disks=[disk(self.path)],
                           command_line="unfiltered" if unfiltered else "filtered")  # fmt: skip
        process = subprocess.Popen([IMMURE, "run", self.guest.spec], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, bufsize=0)  # fmt: skip
        super().__init__(name, process, process.stdin.fileno(), process.stdout.fileno())

    def aim(self, targets: dict) -> None:
        keepers = children_of(self.process.pid)
        self.targets = {**targets, "own_disk": self.path, "keeper": keepers[0] if keepers else 1}

    def end(self) -> Answer:
        code = self.process.wait(timeout=ANSWER_SECONDS)
        return Answer("killed", signal.SIGKILL) if code == VMM_DIED else Answer("gone")

    def close(self) -> None:
        self.guest.kill()
        self.process.kill()
        self.process.communicate()
        self.path.unlink(missing_ok=True)
        self.guest.spec.unlink(missing_ok=True)
