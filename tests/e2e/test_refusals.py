"""What is wrong is said, with an exit code, and nothing on the host has changed."""

import os
from pathlib import Path

from immure_test import ImmureTest
from support.guest import GUESTS, SPECS, disk, image, immure
from support.install import IMAGES
from support.leftovers import snapshot

BAD_SPECIFICATION, IMAGE_REFUSED, NAME_IN_USE = 3, 6, 7


class TestSpecifications(ImmureTest):
    def refused(self, text: bytes, *says: str) -> None:
        SPECS.mkdir(parents=True, exist_ok=True)
        spec = SPECS / "refused.toml"
        spec.write_bytes(text)
        before = snapshot()
        for command in (("validate",), ("run",)):
            self.assert_ended(immure(*command, spec), BAD_SPECIFICATION, *says)
        self.assert_as_before(before)

    def test_an_unknown_key_is_named_with_its_line(self):
        self.refused(b'name = "x"\nnmae = "y"\n', "refused.toml:2", "nmae")

    def test_ten_megabytes_of_garbage_are_refused(self):
        self.refused(os.urandom(10 << 20))

    def test_an_empty_file_is_refused(self):
        self.refused(b"")

    def test_a_specification_that_is_not_there_is_an_error(self):
        self.assertNotEqual(immure("run", SPECS / "absent.toml").returncode, 0)


class TestImages(ImmureTest):
    def refused(self, guest, *says: str, code: int = IMAGE_REFUSED) -> None:
        before = snapshot()
        self.assert_ended(guest.run(), code, *says)
        self.assert_as_before(before)

    def with_disk(self, path: Path):
        return self.guest("refused-disk", disks=[disk(path)])

    def test_a_disk_that_is_a_symbolic_link_is_refused(self):
        link = IMAGES / "link.raw"
        link.unlink(missing_ok=True)
        link.symlink_to(image("link-target.raw"))
        self.addCleanup(link.unlink)
        self.refused(self.with_disk(link), "link.raw")

    def test_a_disk_that_is_a_fifo_is_refused_and_not_waited_for(self):
        fifo = IMAGES / "fifo.raw"
        fifo.unlink(missing_ok=True)
        os.mkfifo(fifo)
        self.addCleanup(fifo.unlink)
        self.refused(self.with_disk(fifo), "fifo.raw")

    def test_a_disk_that_is_a_folder_is_refused(self):
        folder = IMAGES / "folder.raw"
        folder.mkdir(exist_ok=True)
        self.addCleanup(folder.rmdir)
        self.refused(self.with_disk(folder), "folder.raw")

    def test_a_disk_that_is_not_there_is_refused(self):
        self.refused(self.with_disk(IMAGES / "absent.raw"), "absent.raw")

    def test_a_disk_that_another_guest_has_is_refused(self):
        path = image("taken.raw")
        self.guest("has-it", kernel="tiny/halt", initrd=None, memory="32 MiB", disks=[disk(path)]).start()
        self.refused(self.with_disk(path), "taken.raw")

    def test_a_system_file_is_refused_as_a_disk(self):
        self.refused(self.with_disk(Path("/etc/shadow")), "/etc/shadow")

    def test_a_kernel_that_is_not_one_is_refused(self):
        corrupt = IMAGES / "corrupt-kernel"
        content = bytearray((GUESTS / "debian13/vmlinuz").read_bytes()[: 1 << 20])
        content[0x202:0x206] = b"oops"
        corrupt.write_bytes(content)
        self.refused(self.guest("corrupt-kernel", kernel=corrupt))

    def test_a_kernel_that_was_cut_off_is_refused(self):
        short = IMAGES / "short-kernel"
        short.write_bytes((GUESTS / "debian13/vmlinux").read_bytes()[: 1 << 20])
        self.refused(self.guest("short-kernel", kernel=short))

    def test_an_empty_kernel_is_refused(self):
        empty = IMAGES / "empty-kernel"
        empty.write_bytes(b"")
        self.refused(self.guest("empty-kernel", kernel=empty))

    def test_an_initrd_that_does_not_fit_into_the_memory_is_refused(self):
        large = image("large-initrd", 64)
        self.refused(self.guest("large-initrd", initrd=large, memory="32 MiB"))

    def refused_when_cut_off(self, whole: str) -> None:
        short = IMAGES / "short-initrd"
        content = (GUESTS / whole).read_bytes()
        short.write_bytes(content[: len(content) // 2])
        self.refused(self.guest("short-initrd", initrd=short), "initrd: was cut off at byte")

    def test_an_initrd_that_was_cut_off_is_refused(self):
        self.refused_when_cut_off("busybox.cpio")

    def test_a_gzipped_initrd_that_was_cut_off_is_refused(self):
        self.refused_when_cut_off("debian13/initrd.img")


class TestNames(ImmureTest):
    def test_a_name_is_given_once(self):
        self.guest("twice", kernel="tiny/halt", initrd=None, memory="32 MiB").start()
        second = self.guest("twice", kernel="tiny/halt", initrd=None, memory="32 MiB")
        before = snapshot()
        self.assert_ended(immure("run", "-d", second.spec), NAME_IN_USE, "twice")
        self.assert_as_before(before)
