"""Reads and writes the .npy files of tests: f32 and i32. Needs nothing but Python."""
import ast
import struct

CODES = {"<f4": "f", "<i4": "i"}


def write_npy(path, shape, values):
    """i32 values in row-major order."""
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        out.write(struct.pack(f"<{len(values)}i", *values))


def read_npy(path):
    """Shape and values."""
    with open(path, "rb") as file:
        data = file.read()
    begin = 10 + struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:begin].decode())
    return header["shape"], struct.unpack(f"<{(len(data) - begin) // 4}{CODES[header['descr']]}", data[begin:])
