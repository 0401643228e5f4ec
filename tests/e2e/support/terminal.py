"""A command on a terminal of its own, as a person would have it."""

import os
import pty
import select
import subprocess
import time


class Terminal:
    def __init__(self, command: list):
        self.master, slave = pty.openpty()
        self.output = bytearray()
        self.position = 0
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def send(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, text: str, seconds: float) -> None:
        """Reads until a text has come that was not there before the last expect() ended."""
        deadline = time.monotonic() + seconds
        while (found := self.output.find(text.encode(), self.position)) < 0:
            if time.monotonic() > deadline or not self._read(deadline):
                raise AssertionError(f"{text!r} did not come within {seconds:.0f} s; the terminal:\n{self.seen()}")
        self.position = found + len(text)

    def wait(self, seconds: float) -> int:
        """Reads on until the command ends; its exit status."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(time.monotonic() + 0.5)
        return self.process.wait(timeout=1)

    def seen(self) -> str:
        return self.output.decode(errors="replace")

    def _read(self, deadline: float) -> bool:
        """False when nothing more can come."""
        if not select.select([self.master], [], [], max(0.0, min(1.0, deadline - time.monotonic())))[0]:
            return self.process.poll() is None
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the terminal's last user is gone
            return False
        self.output += data
        return bool(data)
