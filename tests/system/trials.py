"""A folder of recordings, good and bad: trials.py FOLDER. The body turns about all axes and is shaken a bit."""
import math
import struct
import sys

folder = sys.argv[1]


def mul(a, b):
    w, x, y, z = a
    s, i, j, k = b
    return (w * s - x * i - y * j - z * k, w * i + x * s + y * k - z * j,
            w * j - x * k + y * s + z * i, w * k + x * j - y * i + z * s)


def to_body(q, v):
    w, x, y, z = q
    return mul(mul((w, -x, -y, -z), (0, *v)), q)[1:]


def record(hz, seconds, rest, truth=True):
    q = (1.0, 0.0, 0.0, 0.0)
    rows = b""
    for k in range(int(hz * seconds)):
        t = k / hz
        on = 1 if t >= rest else 0
        rate = [on * math.sin(2 * t), on * math.cos(1.3 * t), on * 0.8 * math.sin(0.7 * t)]
        norm = math.sqrt(sum(r * r for r in rate))
        s = math.sin(norm / hz / 2) / norm if norm else 0
        q = mul(q, (math.cos(norm / hz / 2), *(r * s for r in rate)))
        acc = to_body(q, (on * math.sin(9 * t), on * math.cos(7 * t), 9.81))
        seen = q if truth else (math.nan,) * 4
        rows += struct.pack("<14f", *acc, *(r + 0.005 for r in rate),
                            *to_body(q, (0, 20, -45)), *seen, on)
    return rows


def write(name, rows, hz, magic=b"BROADF32", count=None):
    header = struct.pack("<8s4Id64s", magic, 1, 96, len(rows) // 56 if count is None else count,
                         14, hz, name.encode())
    with open(f"{folder}/{name}.f32", "wb") as f:
        f.write(header + rows)


slow = record(50, 30, 6)
write("50hz", slow, 50)
write("200hz_moves_at_once", record(200, 20, 0), 200)
write("never_moves", record(100, 5, 9), 100)
write("no_truth", record(100, 5, 2, truth=False), 100)
write("nan", slow[:56 * 30] + struct.pack("<f", math.nan) + slow[56 * 30 + 4:], 50)
write("other_magic", slow, 50, magic=b"BROADF64")
write("truncated", slow[:-7], 50, count=len(slow) // 56)
write("empty", b"", 50)
