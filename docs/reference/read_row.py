"""Reads a Larder row, without Larder: read_row(redis.hget(key, b"ad_image@1"), schema) and read_tiles(row, windowed)."""
import json, struct
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
instant = lambda ms: EPOCH + timedelta(milliseconds=ms)
PARTS = [("float32", "vector"), ("float64", "int64", "timestamp"), ("bool",), ("string", "json")]

def read_header(row, row_format):
    number = lambda start, end: int.from_bytes(row[start:end], "big")
    assert row[0] == row_format, f"row format {row[0]} is not read here"
    return {"schema_fingerprint": number(1, 5), "event_timestamp": instant(number(5, 11) - 2**47),
            "created_timestamp": instant(number(11, 17) - 2**47), "revision": number(17, 22)}

def read_row(row, schema):
    """Format 1. `schema`: the view's schema in the manifest, [{"name", "type", "length"?}, ...]. Returns (header, values)."""
    header = read_header(row, 1)
    at, read = 22 + (len(schema) + 7) // 8, {}
    floats, words, bools, texts = ([f for f in schema if f["type"] in part] for part in PARTS)
    for f in floats:
        n = f["length"] if f["type"] == "vector" else 1
        value = struct.unpack_from(f"<{n}f", row, at)
        read[f["name"]], at = list(value) if f["type"] == "vector" else value[0], at + 4 * n
    for f in words:
        value, at = struct.unpack_from("<d" if f["type"] == "float64" else "<q", row, at)[0], at + 8
        read[f["name"]] = instant(value) if f["type"] == "timestamp" else value
    for i, f in enumerate(bools):
        read[f["name"]] = bool(row[at + i // 8] >> i % 8 & 1)
    at += (len(bools) + 7) // 8
    ends = [0, *struct.unpack_from(f"<{len(texts)}I", row, at)]
    text = row[at + 4 * len(texts):]
    for i, f in enumerate(texts):
        value = text[ends[i]:ends[i + 1]].decode()
        read[f["name"]] = json.loads(value) if f["type"] == "json" and value else value
    is_null = lambda i: row[22 + i // 8] >> i % 8 & 1
    return header, {f["name"]: None if is_null(i) else read[f["name"]] for i, f in enumerate(schema)}

def read_tiles(row, windowed):
    """Format 2. `windowed`: that of the view in the manifest. Returns (header, tiles); a state is a number, None, (sum, count) of
    a mean, or a sketch as {register: rank}."""
    header, at, tiles = read_header(row, 2), 22, []
    functions = [aggregate["function"] for aggregate in windowed["aggregates"]]
    for window in windowed["windows"]:
        count, at = struct.unpack_from("<H", row, at)[0], at + 2
        for _ in range(count):
            index, low, high, at = *struct.unpack_from("<IIH", row, at), at + 10
            states = []
            for function in functions:
                places = {"mean": 2, "approximate_distinct": 0}.get(function, 1)
                numbers, at = struct.unpack_from(f"<{places}d", row, at), at + 8 * places
                states.append(numbers if places == 2 else next((n for n in numbers if n == n), None))
            for i, function in enumerate(functions):
                if function == "approximate_distinct":
                    size, at = struct.unpack_from("<H", row, at)[0], at + 2
                    states[i], at = read_sketch(row[at:at + size]), at + size
            tiles.append({"window": window["name"], "from": instant(index * window["hop_ms"]),
                          "version": low + (high << 32), "states": states})
    return header, tiles

def read_sketch(encoded):
    if len(encoded) == 1024:
        return {register: rank for register, rank in enumerate(encoded) if rank}
    return {entry >> 6: entry & 63 for entry, in struct.iter_unpack("<H", encoded)}
