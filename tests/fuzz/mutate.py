"""Valid content made invalid: bytes, lines, cells, and fields of tables."""

import copy
import json
import tomllib
from typing import Any

import numpy as np

from fuzz.values import odd_number, odd_value, pick

BOM = b"\xef\xbb\xbf"
NESTED = 3000


def mutate_bytes(data: bytes, rng: np.random.Generator) -> bytes:
    """Return `data` with bytes flipped, cut off, cut out, repeated, or in another encoding."""
    kind = int(rng.integers(9))
    start, end = sorted(int(i) for i in rng.integers(0, len(data) + 1, 2))
    if kind == 0:
        return data[:start]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:
        return data[:end] + data[start:]
    if kind == 3:
        return BOM + data
    if kind == 4:
        return data.replace(b"\n", pick(rng, (b"\r\n", b"\r", b"\n\n", b"\0", b"\x0c")))
    if kind == 5:
        return data.decode("latin-1").encode(str(pick(rng, ("utf-16", "utf-32", "utf-8"))))
    if kind == 6:
        return data[:start] + bytes(rng.integers(0, 256, 5, dtype=np.uint8)) + data[start:]
    flipped = bytearray(data)
    for place in rng.integers(0, max(len(data), 1), 1 + int(rng.integers(4))) if data else ():
        flipped[place] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def mutate_words(text: str, rng: np.random.Generator) -> str:
    """Return a text of numbers or cells with one of them changed, or a line changed."""
    lines = text.splitlines()
    row = int(rng.integers(len(lines)))
    kind = int(rng.integers(5))
    if kind == 0:
        del lines[row]
    elif kind == 1:
        lines.insert(row, lines[row])
    else:
        mark = "," if "," in text else " "
        words = lines[row].split(mark)
        place = int(rng.integers(len(words)))
        words[place : place + 1] = [odd_number(rng)] if kind < 4 else []
        lines[row] = mark.join(words)
    return "\n".join(lines) + "\n"


def mutate_table(table: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return a table with one to three fields removed, renamed, added or of another value."""
    changed = copy.deepcopy(table)
    for _ in range(1 + int(rng.integers(3))):
        place = _place(changed, rng)
        if not place:
            break
        _mutate_entry(place, rng)
    return changed


def _place(table: Any, rng: np.random.Generator) -> Any:
    """Return a table or list, at any depth."""
    inner = [value for value in _values(table) if isinstance(value, dict | list) and value]
    return _place(pick(rng, inner), rng) if inner and rng.random() < 0.7 else table


def _values(table: Any) -> list[Any]:
    return list(table.values() if isinstance(table, dict) else table)


def _mutate_entry(table: Any, rng: np.random.Generator) -> None:
    """Change one entry of a table or list."""
    key = pick(rng, list(table) if isinstance(table, dict) else range(len(table)))
    kind = rng.random()
    if kind < 0.15:
        del table[key]
    elif kind < 0.25 and isinstance(table, dict):
        table[pick(rng, (key + "x", "", "é", "scheme", "solver", "path"))] = table.pop(key)
    elif kind < 0.3 and isinstance(table, list):
        table.append(copy.deepcopy(table[key]))
    else:
        table[key] = copy.deepcopy(odd_value(rng))


def mutate_toml(text: str, rng: np.random.Generator) -> bytes:
    """Return TOML with fields changed, with bytes changed, or nested too deeply."""
    kind = rng.random()
    if kind < 0.75:
        return to_toml(mutate_table(tomllib.loads(text), rng)).encode("utf-8", "surrogatepass")
    if kind < 0.97:
        return mutate_bytes(text.encode(), rng)
    deep = pick(
        rng,
        (
            "[" * NESTED + "]" * NESTED,
            "{a=" * NESTED + "1" + "}" * NESTED,
            "9" * 5000,
            "0x" + "f" * 5000,
        ),
    )
    return f"deep = {deep}\n{text}".encode()


def mutate_json(text: str, rng: np.random.Generator) -> bytes:
    """Return JSON with fields changed, with bytes changed, or nested too deeply."""
    kind = rng.random()
    if kind < 0.75:
        return json.dumps(mutate_table(json.loads(text), rng), default=str).encode()
    if kind < 0.95:
        return mutate_bytes(text.encode(), rng)
    return ("[" * 100_000).encode() if kind < 0.98 else f'{{"config": {"9" * 5000}}}'.encode()


def to_toml(table: dict[str, Any]) -> str:
    """Return a table as TOML, with inner tables inline."""
    return "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in table.items())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True).replace("\\ud83d\\ude00", "\U0001f600")
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return str(value)
