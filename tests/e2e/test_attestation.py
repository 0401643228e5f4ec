"""Measured launches: what is signed starts, nothing else does; a TPM has on record what did, and its quote proves it."""

import hashlib
import json
import os
import subprocess
import threading
import unittest
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.fs_verity import VerityFileSystem, digest_of
from support.guest import GUESTS, IMMURE, disk, image, immure
from support.install import ATTEST, IMAGES, PUSHED

BAD_SPECIFICATION, NOT_ADMITTED, UNSAFE_HOST, IMAGE_REFUSED = 3, 4, 5, 6
BAD_SIGNATURE, POLICY_REFUSED, BAD_LOG = 14, 15, 16
# An initrd of Debian's with all of its drivers, emulated, is slow: systemd waits 90 seconds for a disk, if it is told nothing else.
VERITY_SECONDS = 1200
VERITY_LINE = "console=ttyS0 quiet panic=-1 systemd.default_device_timeout_sec=1000 systemd.default_timeout_start_sec=1000"
HOST_POLICY = Path("/etc/immure/host.toml")
SIGNERS = Path("/etc/immure/signers.pem")
WORK = Path("/var/lib/immure/attestation")  # Where the launcher may read what users name.
EVENTS, DIGESTS = Path("/run/immure/events.cel"), Path("/run/immure/digests")
# Launches while the kernel is swapped all the time.
SWAPPED_LAUNCHES = 1000 if os.environ.get("IMMURE_DEPTH") == "thorough" else 20


def run(command: str) -> str:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=WORK, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def last_start(name: str) -> dict:
    events = json.loads(immure("audit", "show", name, "--json", check=True).stdout)
    return [event for event in events if event["event"] == "started"][-1]


@unittest.skipUnless(ATTEST.exists(), "built without the attestation module")
class TestAttestation(ImmureTest):
    def setUp(self):
        WORK.mkdir(exist_ok=True)
        self.addCleanup(lambda: HOST_POLICY.unlink(missing_ok=True))
        self.addCleanup(lambda: SIGNERS.unlink(missing_ok=True))

    def host_policy(self, *lines: str) -> None:
        HOST_POLICY.write_text("\n".join(["[attestation]", *lines]) + "\n")

    def make_key(self, name: str) -> None:
        run(f"rm -f {name}.key; openssl genpkey -algorithm ed25519 -out {name}.key; chmod 600 {name}.key; "
            f"openssl pkey -in {name}.key -pubout -out {name}.pub")  # fmt: skip

    def tiny(self, name: str, *, manifest: bool = False, **options):
        guest = self.guest(name, kernel="tiny/halt", initrd=None, memory="32 MiB", **options)
        if manifest:
            guest.tables["boot"]["manifest"] = str(WORK / f"{name}.manifest")
            guest.write()
        return guest

    def signed(self, name: str, key: str = "owner", **options):
        """A guest whose manifest is by this key; the host wants one by `owner`."""
        self.make_key("owner")
        if key != "owner":
            self.make_key(key)
        SIGNERS.write_bytes((WORK / "owner.pub").read_bytes())
        self.host_policy("require_signature = true", f'signers = "{SIGNERS}"')
        guest = self.tiny(name, manifest=True, **options)
        run(f"{IMMURE} sign {guest.spec} --key {key}.key -o {name}.manifest")
        return guest

    def test_a_signed_guest_starts_and_the_record_says_what_of_and_who_signed(self):
        mark = AuditMark()
        seed = image("seed.raw")
        guest = self.signed("signed", disks=[disk(image("rw.raw"), id="rw"), disk(seed, id="seed", read_only=True)]).start()
        files = {file["path"]: file for file in guest.inspect()["files"]}
        self.assertEqual(files[str(seed)]["sha256"], sha256(seed))
        entry = last_start("signed")
        items = {item["name"]: item for item in entry["measurements"]}
        self.assertIs(entry["measured"], True)
        self.assertEqual(items["kernel"]["sha256"], sha256(GUESTS / "tiny/halt"))
        self.assertEqual(items["disk:rw"], {"name": "disk:rw", "unmeasured": "writable"})
        key_id = run("openssl pkey -pubin -in owner.pub -outform der | sha256sum").split()[0]
        self.assertEqual(entry["manifest"]["signed_by"], [key_id])
        self.assert_no_denials(mark)

    def test_what_is_not_signed_or_by_another_key_or_not_the_same_is_not_started(self):
        guest = self.signed("unsigned")
        del guest.tables["boot"]["manifest"]
        guest.write()
        self.assert_ended(guest.run(), NOT_ADMITTED, "boot.manifest is missing")

        self.assert_ended(self.signed("stranger", "other").run(), BAD_SIGNATURE, "no signature is by one of the given keys")

        guest = self.signed("changed")
        guest.tables["boot"]["command_line"] += " init=/bin/sh"
        guest.write()
        self.assert_ended(guest.run(), POLICY_REFUSED, "file-command-line")
        self.assertEqual(json.loads(immure("audit", "show", "changed", "--json", check=True).stdout)[-1]["event"], "failed")

        guest = self.signed("gone")
        (WORK / "gone.manifest").unlink()
        self.assert_ended(guest.run(), BAD_SIGNATURE, "gone.manifest")

    def test_without_the_module_a_host_that_wants_signatures_starts_nothing(self):
        guest = self.signed("moduleless")
        away = ATTEST.with_suffix(".away")
        ATTEST.rename(away)
        self.addCleanup(lambda: away.exists() and away.rename(ATTEST))
        self.assert_ended(guest.run(), NOT_ADMITTED, "immure-attest")
        self.host_policy('measure = "optional"')
        self.tiny("unmeasured").start()
        self.assertIs(last_start("unmeasured")["measured"], False)

    def test_a_kernel_that_is_swapped_all_the_time_boots_only_as_it_was_signed(self):
        guest = self.signed("swapped")
        good, bad, kernel = (WORK / name for name in ("good", "bad", "kernel"))
        good.write_bytes((GUESTS / "tiny/halt").read_bytes())
        bad.write_bytes(good.read_bytes() + b"\0")
        kernel.write_bytes(good.read_bytes())
        guest.tables["boot"]["kernel"] = str(kernel)
        guest.write()
        run(f"{IMMURE} sign {guest.spec} --key owner.key -o swapped.manifest")
        stop = threading.Event()

        def swap() -> None:
            while not stop.is_set():
                for source in (bad, good):
                    fresh = WORK / "fresh"
                    fresh.write_bytes(source.read_bytes())
                    os.replace(fresh, kernel)

        thread = threading.Thread(target=swap, daemon=True)
        thread.start()
        started = refused = 0
        for _ in range(SWAPPED_LAUNCHES):
            done = immure("run", "-d", guest.spec)
            self.assertIn(done.returncode, (0, POLICY_REFUSED), done.stderr)
            if done.returncode == 0:
                started += 1
                (item,) = [item for item in last_start("swapped")["measurements"] if item["name"] == "kernel"]
                self.assertEqual(item["sha256"], sha256(good))
                file = next(file for file in guest.inspect()["files"] if file["role"] == "kernel")
                self.assertEqual(file["sha256"], sha256(good))
                guest.kill()
            else:
                refused += 1
        stop.set()
        thread.join()
        self.assertGreater(started, 0)
        self.assertGreater(refused, 0)

    def verified(self, name: str, change=None):
        """A guest of a copy of the root with dm-verity, which `change` may change."""
        verity = GUESTS / "verity"
        root = image(f"{name}.raw")
        content = bytearray((verity / "root.raw").read_bytes())
        if change:
            change(content)
        root.write_bytes(content)
        guest = self.guest(name, kernel="verity/vmlinuz", initrd="verity/initrd.img", memory="768 MiB", command_line=VERITY_LINE,
                           disks=[disk(root, id="os", read_only=True)])  # fmt: skip
        guest.disks[0]["verity"] = {"root_hash": (verity / "root-hash").read_text().strip(), "hash_offset": int((verity / "hash-offset").read_text())}
        guest.write()
        return guest

    def test_a_root_with_verity_boots_and_a_changed_block_of_it_is_an_error_in_the_guest(self):
        mark = AuditMark()
        self.host_policy('measure = "required"')
        guest = self.verified("verified")
        root_hash = guest.disks[0]["verity"]["root_hash"]
        done = guest.run(timeout=VERITY_SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("IMMURE-GUEST-ROOT /dev/mapper/root", done.stdout)
        self.assertIn("IMMURE-GUEST-WRITE refused", done.stdout)
        content = (GUESTS / "verity/root.raw").read_bytes()
        blob = content.index(b"IMMURE-BLOB\n1\n2\n")
        length = len("IMMURE-BLOB\n") + sum(len(f"{n}\n") for n in range(1, 100001))
        self.assertIn("IMMURE-GUEST-BLOB " + hashlib.sha256(content[blob : blob + length]).hexdigest(), done.stdout)
        entry = last_start("verified")
        items = {item["name"]: item for item in entry["measurements"]}
        self.assertEqual(items["disk:os"]["dm-verity-sha256"], root_hash)
        line = entry["guest"]["command_line"]
        self.assertTrue(line.startswith(f"systemd.verity=1 roothash={root_hash} "), line)
        self.assertEqual(items["command-line"]["sha256"], hashlib.sha256(line.encode()).hexdigest())

        def change(image: bytearray) -> None:
            image[blob + 5000] ^= 1

        done = self.verified("tampered", change).run(timeout=VERITY_SECONDS)
        self.assertIn("IMMURE-GUEST-ROOT /dev/mapper/root", done.stdout)
        self.assertIn("IMMURE-GUEST-BLOB unreadable", done.stdout)
        self.assert_no_denials(mark)

    def test_a_superblock_of_another_root_and_a_command_line_against_it_are_refused(self):
        self.host_policy('measure = "required"')

        def change(image: bytearray) -> None:
            image[int((GUESTS / "verity/hash-offset").read_text()) + 88] ^= 1  # The salt.

        self.assert_ended(self.verified("salted", change).run(), IMAGE_REFUSED, "does not lead to root_hash")
        guest = self.verified("unverified")
        guest.tables["boot"]["command_line"] += " root=/dev/vda"
        guest.write()
        self.assert_ended(guest.run(), BAD_SPECIFICATION, "contradicts a disk's verity")

    def test_files_under_fs_verity_are_known_by_what_the_kernel_says_and_hashed_once(self):
        mark = AuditMark()
        self.host_policy('measure = "required"')
        files = VerityFileSystem(IMAGES / "verity", 16)
        self.addCleanup(files.close)
        DIGESTS.unlink(missing_ok=True)
        content = (GUESTS / "tiny/halt").read_bytes()
        kernel, seed = files.add("kernel", content), files.add("seed.raw", os.urandom(1 << 20))
        guest = self.tiny("fsverity", disks=[disk(seed, id="seed", read_only=True)])
        guest.tables["boot"]["kernel"] = str(kernel)
        guest.write()

        def measured() -> dict:
            guest.start().kill()
            return {item["name"]: item for item in last_start("fsverity")["measurements"]}

        first = measured()
        self.assertEqual(first["disk:seed"]["fs-verity-sha256"], digest_of(seed))
        self.assertEqual(first["kernel"]["sha256"], hashlib.sha256(content).hexdigest())
        known = DIGESTS.read_bytes()
        self.assertIn(bytes.fromhex(digest_of(kernel)), known)
        self.assertEqual(measured(), first)
        self.assertEqual(DIGESTS.read_bytes(), known)
        # The kernel of another guest, which is not under it, is hashed at each launch, and kept nowhere.
        self.tiny("plain").start().kill()
        self.assertEqual(DIGESTS.read_bytes(), known)
        self.assert_no_denials(mark)

    def test_launches_in_an_nv_index_are_proved_and_one_that_was_made_anew_is_noticed(self):
        mark = AuditMark()
        # A log of its own, for a PCR that nothing else is in: one boot's log is for one register.
        kept = EVENTS.read_bytes() if EVENTS.exists() else None
        EVENTS.unlink(missing_ok=True)
        self.addCleanup(lambda: EVENTS.write_bytes(kept) if kept else EVENTS.unlink(missing_ok=True))
        self.host_policy('measure = "required"', 'tpm = "/dev/tpmrm0"', "pcr = 14", "nv_index = 0x01800100")
        guest = self.tiny("indexed")
        for _ in range(2):
            guest.start().kill()
        self.assertEqual(last_start("indexed")["recorded_in_nv_index"], "0x01800100")
        nonce = "11" * 16
        run("rm -rf nv-ak")
        run(f"{IMMURE} tpm key nv-ak; {IMMURE} tpm quote --key nv-ak --nonce {nonce} -o nv.bundle")
        key = run("openssl pkey -pubin -in nv-ak/ak.pem -outform der | sha256sum").split()[0]
        events = json.loads(run(f"{IMMURE} measure {guest.spec} --json"))["events"]
        values = "".join(f'"{event["name"]}" = ["{event["sha256"]}"]\n' for event in events if event["kind"] == "code")
        (WORK / "nv.policy").write_text(f'attestation_keys = ["{key}"]\nguest = "indexed"\n[events]\n{values}')
        self.assertIn("verified: ", run(f"{IMMURE} verify nv.bundle --policy nv.policy --nonce {nonce}"))
        self.assert_no_denials(mark)

        run("tpm2_nvundefine -T device:/dev/tpmrm0 0x01800100")
        for _ in range(2):
            self.assert_ended(guest.run(), UNSAFE_HOST, "the NV index is not what the event log leads to")
        run("tpm2_nvundefine -T device:/dev/tpmrm0 0x01800100")

    def test_the_walk_of_the_documentation_works_word_for_word(self):
        mark = AuditMark()
        page = (PUSHED / "attestation.md").read_text()
        walk = page.split("<!-- walk -->")[1].split("```sh\n")[1].split("```")[0]
        guest = self.tiny("web", disks=[disk(image("data.raw"), id="data")])
        guest.tables["boot"]["manifest"] = str(WORK / "web.manifest")
        guest.write()
        run(f"rm -rf /var/lib/immure/ak; cp {guest.spec} web.toml")
        self.assertIn("verified: ", run(walk))
        self.assertEqual(last_start("web")["recorded_in_pcr"], 13)
        # The TPM has what the log leads to, and an old quote is of no use.
        nonce = "00" * 16
        done = immure("verify", WORK / "web.bundle", "--policy", WORK / "web.policy", "--nonce", nonce)
        self.assertEqual(done.returncode, BAD_SIGNATURE, done.stdout)
        # Something that immure did not record.
        run("tpm2_pcrextend -T device:/dev/tpmrm0 13:sha256=" + "ab" * 32)
        run(f"{IMMURE} tpm quote --key /var/lib/immure/ak --nonce {nonce} -o web.bundle")
        done = immure("verify", WORK / "web.bundle", "--policy", WORK / "web.policy", "--nonce", nonce, "--explain")
        self.assertEqual(done.returncode, BAD_LOG, done.stdout)
        self.assertIn("somebody else extends this PCR", done.stdout)
        self.assert_no_denials(mark)
