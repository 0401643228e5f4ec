"""Kernels of a few instructions, for tests that need a guest but no operating system in it.

ELF files with the PVH entry point: 32-bit protected mode, no paging (Xen: docs/misc/pvh.pandoc).
"""

import struct

ENTRY = 0x100000
HEADERS = 64 + 2 * 56
NOTE_PHYS32_ENTRY = 18

# The code starts behind the headers and the note, which are loaded too.
NOTE = struct.pack("<III4sI", 4, 4, NOTE_PHYS32_ENTRY, b"Xen\0", ENTRY + HEADERS + 20)
CODE = ENTRY + HEADERS + len(NOTE)

# Floppy controller, both PICs, PIT, keyboard controller, CMOS: status and data ports.
OLD_PORTS = [0x3F4, 0x3F5, 0x20, 0x21, 0xA0, 0xA1, 0x40, 0x43, 0x60, 0x64, 0x70, 0x71]


def old_ports() -> bytes:
    """Fills the floppy controller's FIFO, then reads every port: powers off where all give ones, else a triple fault."""
    # mov dx, 0x3f5; mov al, 0x8e; mov ecx, 1000; out dx, al; loop back to out.
    fill = b"\x66\xba\xf5\x03\xb0\x8e\xb9" + struct.pack("<I", 1000) + b"\xee\xe2\xfd"
    # mov dx, 0x600; mov al, 0x34; out dx, al: off (vmm/devices/power.hpp). hlt; jmp back to hlt.
    off = b"\x66\xba\x00\x06\xb0\x34\xee\xf4\xeb\xfd"
    # mov dx, PORT; in al, dx; cmp al, 0xff; jne to the fault.
    each = 9
    reads = b""
    for i, port in enumerate(OLD_PORTS):
        behind = (len(OLD_PORTS) - 1 - i) * each + len(off)
        reads += b"\x66\xba" + struct.pack("<H", port) + b"\xec\x3c\xff\x75" + bytes([behind])
    before = fill + reads + off
    # lidt of an empty table, then int3.
    return before + b"\x0f\x01\x1d" + struct.pack("<I", CODE + len(before) + 8) + b"\xcc" + bytes(6)


TINY_KERNELS = {
    # cli; hlt; jmp back to hlt: a guest that is there and does nothing.
    "halt": b"\xfa\xf4\xeb\xfd",
    # lidt of an empty table, then int3: a triple fault.
    "triple-fault": b"\x0f\x01\x1d" + struct.pack("<I", CODE + 8) + b"\xcc" + bytes(6),
    # mov dx, 0x3f8; mov al, 'x'; out dx, al; jmp back to out: output without end.
    "flood": b"\x66\xba\xf8\x03\xb0\x78\xee\xeb\xfd",
    # jmp to itself: a busy CPU.
    "spin": b"\xeb\xfe",
    "old-ports": old_ports(),
}


def tiny_kernel(code: bytes) -> bytes:
    size = HEADERS + len(NOTE) + len(code)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    # ET_EXEC, EM_X86_64; program headers right behind; no sections.
    header = identity + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, CODE, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, 0, ENTRY, ENTRY, size, size, 0x1000)
    note = struct.pack("<IIQQQQQQ", 4, 4, HEADERS, ENTRY + HEADERS, ENTRY + HEADERS, len(NOTE), len(NOTE), 4)
    return header + load + note + NOTE + code
