"""Gets the ELF kernel out of a bzImage (kernel: Documentation/arch/x86/boot.rst, payload_offset and payload_length)."""

import lzma
import struct
import subprocess
import zlib

SETUP_SECTORS = 0x1F1
HEADER_MAGIC = 0x202
PAYLOAD = 0x248  # payload_offset, payload_length; since boot protocol 2.08


def extract_vmlinux(image: bytes) -> bytes:
    if image[HEADER_MAGIC : HEADER_MAGIC + 4] != b"HdrS":
        raise ValueError("not a bzImage")
    sectors = image[SETUP_SECTORS] or 4
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    start = (sectors + 1) * 512 + offset
    # The payload ends with the size of what it holds, in all formats but gzip (which has it itself).
    payload = image[start : start + length]
    elf = decompress(payload)
    if elf[:4] != b"\x7fELF":
        raise ValueError("the payload is not an ELF kernel")
    return elf


def decompress(payload: bytes) -> bytes:
    if payload[:4] == b"\x7fELF":
        return payload
    if payload[:2] == b"\x1f\x8b":
        return zlib.decompressobj(wbits=31).decompress(payload)
    if payload[:6] == b"\xfd7zXZ\0":
        return lzma.LZMADecompressor().decompress(payload)
    if payload[:4] == b"\x28\xb5\x2f\xfd":
        return filtered(["zstd", "-dcq"], payload[:-4])
    if payload[:4] == b"\x02\x21\x4c\x18":
        return filtered(["lz4", "-dcq"], payload[:-4])
    raise ValueError(f"unknown compression: {payload[:6].hex()}")


def filtered(command: list, data: bytes) -> bytes:
    return subprocess.run(command, input=data, check=True, stdout=subprocess.PIPE).stdout
