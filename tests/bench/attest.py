#!/usr/bin/env python3
"""The figures of `tools/bench attest`: hashing, Merkle trees and the verification of a bundle, beside the usual tools.

    attest.py BIN    where immure-attest is

Takes the best of several runs, on this machine, with files in the page cache. Prints a Markdown table.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20
FILE_MIB = 512
RUNS = 5
NONCE = "00" * 16


def run(*command, status=0) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != status:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def best_seconds(*command, runs=RUNS) -> float:
    best = None
    for _ in range(runs):
        start = time.perf_counter()
        run(*command)
        spent = time.perf_counter() - start
        best = spent if best is None else min(best, spent)
    return best


def spec(folder: Path, name: str, path: Path, more: str = "") -> Path:
    file = folder / f"{name}.toml"
    file.write_text(
        f'name = "{name}"\n[boot]\nkernel = "tiny"\ninitrd = "tiny"\n'
        f'[[disks]]\nid = "os"\npath = "{path}"\nformat = "raw"\nread_only = true\n{more}'
    )
    return file


class Figures:
    def __init__(self, program: Path, folder: Path):
        self.attest, self.folder = program, folder
        (folder / "tiny").write_bytes(b"tiny")
        self.disk = folder / "disk"
        with self.disk.open("wb") as file:
            for _ in range(FILE_MIB):
                file.write(os.urandom(MIB))
        self.measured("empty", folder / "tiny")  # Everything is in the page cache.

    def measured(self, name: str, disk: Path, *options, more: str = "") -> float:
        file = spec(self.folder, name, disk, more)
        return best_seconds(self.attest, "measure", file, "--vmm", self.folder / "tiny", *options)

    def hashing(self) -> None:
        ours = self.measured("hashes", self.disk)
        theirs = sum(best_seconds("openssl", "dgst", f"-{name}", self.disk) for name in ("sha256", "sha384"))
        self.line(f"SHA-256 and SHA-384 of {FILE_MIB} MiB", ours, "openssl dgst, one after the other", theirs)

    def trees(self) -> None:
        hashes = self.folder / "hashes"
        theirs = best_seconds("veritysetup", "format", self.disk, hashes)
        root = re.search(r"Root hash:\s+([0-9a-f]+)", run("veritysetup", "format", self.disk, hashes))[1]
        with hashes.open("r+b") as file:
            file.truncate((hashes.stat().st_size + 511) // 512 * 512)
        more = (
            f'verity = {{ root_hash = "{root}", hash_disk = "tree" }}\n'
            f'[[disks]]\nid = "tree"\npath = "{hashes}"\nformat = "raw"\nread_only = true\n'
        )
        self.line(f"dm-verity, superblock and one path ({FILE_MIB} MiB)", self.measured("path", self.disk, more=more), "", None)
        ours = self.measured("tree", self.disk, "--check-verity", more=more)
        self.line(f"dm-verity root of {FILE_MIB} MiB", ours, "veritysetup format", theirs)
        ours = self.measured("fsverity", self.disk, "--disks-by", "fs-verity")
        self.line(f"fs-verity digest of {FILE_MIB} MiB", ours, "fsverity digest", best_seconds("fsverity", "digest", self.disk))

    def bundle(self) -> None:
        """A quote of a software TPM, verified with all checks: processes started and ended, too."""
        folder = self.folder
        socket = folder / "tpm"
        tpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}", "--server", f"type=unixio,path={socket}",
                                "--ctrl", f"type=unixio,path={socket}.ctrl", "--flags", "not-need-init,startup-clear"], stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            while not socket.exists():
                time.sleep(0.01)
            tcti = ["--tcti", f"swtpm:path={socket}"]
            file = spec(folder, "web", folder / "tiny")
            run(self.attest, "measure", file, "--vmm", folder / "tiny", "--log", folder / "web.cel")
            run(self.attest, "tpm", "key", folder / "ak", *tcti)
            run(self.attest, "tpm", "record", folder / "web.cel", *tcti)
            run(self.attest, "tpm", "quote", "--key", folder / "ak", "--log", folder / "web.cel", "--nonce", NONCE, "-o", folder / "web.bundle", *tcti)
        finally:
            tpm.terminate()
            tpm.wait()
        der = subprocess.run(["openssl", "pkey", "-pubin", "-in", folder / "ak/ak.pem", "-outform", "der"], capture_output=True, check=True).stdout
        (folder / "ak.der").write_bytes(der)
        key_id = run("openssl", "dgst", "-sha256", "-r", folder / "ak.der").split()[0]
        lines = run(self.attest, "measure", file, "--vmm", folder / "tiny").splitlines()
        events = [line.split() for line in lines if line.startswith("code")]
        (folder / "web.policy").write_text(
            f'attestation_keys = ["{key_id}"]\n[events]\n' + "".join(f'"{name}" = ["{value}"]\n' for _, name, _, value in events)
        )
        command = [self.attest, "verify", folder / "web.bundle", "--policy", folder / "web.policy", "--nonce", NONCE]
        spent = best_seconds(*command, runs=50)
        started = best_seconds(self.attest, "--version", runs=50)
        self.line("verify a bundle, as a process", spent, "", None)
        self.line("the same without starting and ending one", spent - started, "", None)

    @staticmethod
    def line(what: str, ours: float, name: str, theirs) -> None:
        beside = "" if theirs is None else f"{theirs * 1000:.0f} ms"
        times = "" if theirs is None else f"{theirs / ours:.2f}"
        print(f"| {what} | {ours * 1000:.1f} ms | {name} | {beside} | {times} |", flush=True)


def main() -> None:
    program = Path(sys.argv[1]) / "immure-attest"
    with tempfile.TemporaryDirectory(prefix="immure-bench-") as folder:
        print(f"On {os.cpu_count()} processors:\n\n| what | immure-attest | beside | | times as fast |\n|---|---|---|---|---|")
        figures = Figures(program, Path(folder))
        figures.hashing()
        figures.trees()
        figures.bundle()


main()
