"""A minimal client of QEMU's machine protocol."""

import json
import os
import socket
from pathlib import Path

from .progress import BuildError


class Qmp:
    def __init__(self, folder: Path):
        # Through /proc, because a socket's path has room for 107 bytes only.
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(60)
            self.socket.connect(f"/proc/self/fd/{directory}/qmp.sock")
        finally:
            os.close(directory)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.call("qmp_capabilities")

    def call(self, command: str, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        for line in self.file:
            reply = json.loads(line)
            if "return" in reply:
                return reply["return"]
            if "error" in reply:
                raise BuildError(f"QEMU refused {command}: {reply['error']['desc']}")
        raise BuildError(f"QEMU ended during {command}")
