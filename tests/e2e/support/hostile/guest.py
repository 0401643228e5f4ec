"""A guest whose VMM is hostile: told what to try on its console, it says there what came of it."""

import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

from ..guest import IMMURE, Guest, disk, image
from ..kernel import children_of
from .attempts import HOSTILE_VMM, Answer, Attempt, parse_answer
from .outside import Outside

VMM_DIED = 11
START_SECONDS, ANSWER_SECONDS, END_SECONDS = 90, 60, 20


class HostileProcess:
    """Something that has a console: lines of commands in, lines of outcomes out."""

    def __init__(self, name: str, process: subprocess.Popen | None, write_to: int, read_from: int):
        self.name, self.process = name, process
        self.write_to, self.read_from = write_to, read_from
        self.seen = b""
        self.targets: dict = {}

    def ask(self, attempt: Attempt) -> Answer:
        began = time.time()
        try:
            words = [attempt.name, *(f"{key}={value}" for key, value in self.targets.items())]
            self.tell(" ".join(words))
            while (line := self.line(ANSWER_SECONDS)) is not None:
                if line.startswith(f"outcome {attempt.name} "):
                    answer = parse_answer(line)
                    break
            else:
                answer = self.end()
        except TimeoutError:
            answer = Answer("silent")
        except BrokenPipeError:
            answer = Answer("unmade")
        answer.began, answer.ended, answer.guest = began, time.time(), self.name
        self.look(answer)
        return answer

    def look(self, answer: Answer) -> None:
        """At what the attempt did to others. The process waits for a word then."""
        if answer.outcome == "sent":
            self.tell("seen")

    def tell(self, line: str) -> None:
        os.write(self.write_to, (line + "\n").encode())

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
        self.process.wait(timeout=END_SECONDS)
        return Answer("gone")

    def wait_until_ready(self) -> None:
        while (line := self.line(START_SECONDS)) != "ready":
            if line is None:
                raise AssertionError(f"{self.name}: {self.last_words()}")

    def last_words(self) -> str:
        return self.process.communicate()[1].decode(errors="replace")


class HostileGuest(HostileProcess):
    disk_bytes = 1 << 20

    def __init__(self, name: str, shared_disk: Path, *, unfiltered: bool = False):
        self.path = image(f"{name}.raw", self.disk_bytes >> 20)
        # Were it not for the wall, it could be executed.
        self.path.chmod(0o700)
        disks = [disk(self.path, id="own"), disk(shared_disk, id="shared", read_only=True)]
        self.guest = Guest(name, kernel="tiny/halt", initrd=None, memory="32 MiB", disks=disks,
                           command_line="unfiltered" if unfiltered else "filtered")  # fmt: skip
        process = subprocess.Popen([IMMURE, "run", self.guest.spec], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, bufsize=0)  # fmt: skip
        super().__init__(name, process, process.stdin.fileno(), process.stdout.fileno())

    def aim(self, targets: dict) -> None:
        """Before its first attempt, once it is ready."""
        (keeper,) = children_of(self.process.pid)
        (group,) = Path("/sys/fs/cgroup").glob(f"**/immure/{self.name}/vmm")
        self.cgroup = group
        (self.monitor,) = map(int, (group.parent / "monitor/cgroup.procs").read_text().split())
        self.targets = {**targets, "own_disk": self.path, "own_cgroup": group, "keeper": keeper}
        self.outside = Outside(self, self.targets)

    def look(self, answer: Answer) -> None:
        answer.remarks += self.outside.remarks()
        if answer.outcome == "sent":
            answer.remarks += self.outside.remarks_while_running()
        super().look(answer)

    def end(self) -> Answer:
        code = self.process.wait(timeout=END_SECONDS)
        return Answer("killed", signal.SIGKILL) if code == VMM_DIED else Answer("gone")

    def close(self) -> None:
        if self.process.poll() is None:
            self.guest.kill()
            self.process.kill()
        self.process.communicate()
        self.path.unlink(missing_ok=True)
        self.guest.spec.unlink(missing_ok=True)


class Unwalled(HostileProcess):
    """The same program as root, without any wall."""

    def __init__(self, own_disk: Path, shared_disk: Path):
        ours, theirs = socket.socketpair()
        process = subprocess.Popen([HOSTILE_VMM, "--unwalled", own_disk, shared_disk], stdin=theirs,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        theirs.close()
        self.socket = ours
        super().__init__("unwalled", process, ours.fileno(), ours.fileno())

    def close(self) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()
