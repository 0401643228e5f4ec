"""The command line of tools/testhost."""

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from guests.recipe import build_guests

from . import machine
from .build import KERNELS, STABLE, boot_files, build_host, build_ready, empty_guests_drive
from .instance import Instance
from .layers import locked
from .paths import cache_root, default_name, instances_root
from .progress import BuildError, end_as_if_interrupted, stage

HELP = """A real host to test on, anywhere: Debian 13 in an emulated machine with /dev/kvm, enforcing SELinux and a TPM.

  tools/testhost build              build it (minutes; cached in ~/.cache/immure, shared by all checkouts)
  tools/testhost up                 start a fresh one (seconds); what the tests boot is in its /guests
  tools/testhost push FILE... DIR   copy files or folders into a folder of it
  tools/testhost ssh [COMMAND...]   a shell in it, or one command
  tools/testhost down               end it; nothing of it is kept

Several can be up at once: give each a --name. Every `up` starts from the same saved state.
It is reached through a free port of 127.0.0.1, and reaches nothing itself."""


def clock_of(arguments) -> machine.Clock:
    return machine.COUNTED if arguments.icount else machine.REAL_TIME


def build(arguments) -> int:
    print(build_ready(clock_of(arguments), arguments.kernel))
    if arguments.guests:
        print(build_guests())
    return 0


def up(arguments) -> int:
    clock = clock_of(arguments)
    ready = build_ready(clock, arguments.kernel)
    host = build_host(arguments.kernel)
    instance = Instance(arguments.name)
    with locked(instances_root() / "locks" / arguments.name):
        if instance.folder.exists():
            if len(instance.live_pids()) == 2:
                raise BuildError(f"{arguments.name} is up already; end it with: tools/testhost down, or give another --name")
            instance.stop()
        guests_drive = build_guests() / "drive.raw" if arguments.guests else empty_guests_drive()
        with stage(f"start {arguments.name}") as tick:
            try:
                instance.start(disk=ready / "disk.qcow2", boot=boot_files(host), clock=clock, key_folder=host,
                               guests_drive=guests_drive, incoming=ready / "state", kernel=arguments.kernel)  # fmt: skip
                instance.resume()
                instance.wait_for_ssh(120, tick)
                instance.run(after_restore(), check=True)
            except BaseException:
                instance.stop()
                raise
    name = "" if arguments.name == default_name() else f" --name {arguments.name}"
    print(f"{arguments.name} is up on 127.0.0.1:{instance.facts()['port']}; reach it with: tools/testhost ssh{name}")
    return 0


def after_restore() -> str:
    """The restored machine still has the time of when it was saved, and what it had read of the guests drive."""
    return f"""date -s @{time.time():.3f} >/dev/null
        blockdev --flushbufs /dev/vdb
        [ -z "$(blkid -p -s TYPE /dev/vdb)" ] || mount -o ro,context=system_u:object_r:usr_t:s0 /dev/vdb /guests"""


def ssh(arguments) -> int:
    command = Instance(arguments.name).ssh_command()
    if not arguments.command and sys.stdin.isatty():
        command.append("-t")
    os.execvp("ssh", command + arguments.command)


def push(arguments) -> int:
    *files, destination = arguments.paths
    if not files:
        raise BuildError("say what to copy, and into which folder: tools/testhost push FILE... DIR")
    pack = ["tar", "--create", "--sparse", "--owner=0", "--group=0", "--file=-"]
    for file in map(Path, files):
        if not file.exists():
            raise BuildError(f"{file}: no such file")
        pack += ["-C", str(file.resolve().parent), file.resolve().name]
    folder = shlex.quote(destination)
    unpack = f"mkdir -p {folder} && tar --extract --no-same-owner --file=- -C {folder}"
    with subprocess.Popen(pack, stdout=subprocess.PIPE) as packer:
        status = subprocess.run([*Instance(arguments.name).ssh_command(), unpack], stdin=packer.stdout, check=False)
    return status.returncode or packer.returncode


def down(arguments) -> int:
    with locked(instances_root() / "locks" / arguments.name):
        if not Instance(arguments.name).stop():
            print(f"{arguments.name} is not up")
    return 0


def status(arguments) -> int:
    folders = sorted(folder for folder in instances_root().glob("*") if folder.name != "locks")
    for folder in folders:
        instance = Instance(folder.name)
        running = instance.facts_file.exists() and len(instance.live_pids()) == 2
        where = f"127.0.0.1:{instance.facts().get('port')}, {instance.facts().get('clock')}" if running else "ended"
        print(f"{folder.name}: {where}")
    if not folders:
        print("no test host is up")
    print(f"cache: {cache_root() / 'testhost'}")
    return 0


def parse(argv: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser("tools/testhost", description=HELP, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(function, text: str, *, named: bool = True):
        sub = commands.add_parser(function.__name__, help=text, description=text)
        sub.set_defaults(run=function)
        if named:
            sub.add_argument("--name", default=default_name(), help="which instance (default: this checkout's)")
        return sub

    for sub in (command(build, "build what `up` needs", named=False), command(up, "start a fresh host")):
        sub.add_argument("--icount", action="store_true", help="one CPU whose clock counts instructions: for measuring")
        sub.add_argument("--kernel", choices=KERNELS, default=STABLE,
                         help="the host's kernel: Debian 13's, or that of Debian unstable (7.2 in 2026)")  # fmt: skip
        sub.add_argument("--no-guests", dest="guests", action="store_false",
                         help="without the test guests, which are otherwise built (tests/guests/build) and at /guests")  # fmt: skip
    command(ssh, "a shell in it, or one command").add_argument("command", nargs=argparse.REMAINDER)
    command(push, "copy files or folders into a folder of it").add_argument("paths", nargs="+", metavar="PATH")
    command(down, "end it")
    command(status, "what is up", named=False)
    return parser.parse_args(argv)


def main(argv: list) -> int:
    end_as_if_interrupted()
    try:
        arguments = parse(argv)
        return arguments.run(arguments)
    except KeyboardInterrupt:
        print("\ntesthost: interrupted; everything that was started has been ended", file=sys.stderr)
        return 130
    except (BuildError, FileNotFoundError, subprocess.SubprocessError) as error:
        print(f"testhost: {error}", file=sys.stderr)
        return 1
