"""
Decode HdrHistogram's interval histograms: base64 around deflate around counts, versions 0, 1 and 2 of the encoding.

The layout is that of the Java reference implementation: a cookie that names version and word size, a header with the
number of significant digits and the range, then counts. In version 2 a count is a ZigZag LEB128 number of up to nine
bytes, and a negative one a run of zeros.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_PAYLOAD: Final = 64_000_000
"""Larger is no histogram of this use; a few bytes of deflate may claim gigabytes."""

_COMPRESSED: Final = {0x1C849309: 0, 0x1C849302: 1, 0x1C849304: 2}
_PLAIN: Final = {0x1C849308: 0, 0x1C849301: 1, 0x1C849303: 2}
_WORDS: Final = 0xF0


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """
    What was seen, in the histogram's own unit, rising.

    Of each bucket `values` has the highest value that falls into it, which quantiles use, and `middles` its middle,
    which the mean uses; `counts` is how often.
    """

    values: NDArray[np.int64]
    middles: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        """All that was counted."""
        return int(self.counts.sum())


def decoded(written: str) -> Counts:
    """
    The counts of one encoded histogram.

    Raises
    ------
    ValueError
        It is no histogram of the three versions.
    """
    try:
        raw = base64.b64decode(written, validate=True)
        cookie, length = struct.unpack_from(">ii", raw)
        if cookie & ~_WORDS not in _COMPRESSED:
            raise ValueError(f"cookie {cookie:#x} is no compressed histogram")
        unpacked = zlib.decompressobj().decompress(raw[8 : 8 + length], MAX_PAYLOAD)
        return _counts(unpacked)
    except (binascii.Error, struct.error, zlib.error) as error:
        raise ValueError(f"no encoded histogram: {error}") from None


def merged(parts: list[Counts]) -> Counts:
    """All counts in one; histograms of other digits or ranges add up by value."""
    columns = [(one.values, one.middles, one.counts) for one in parts]
    values, middles, counts = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(values, kind="stable")
    return Counts(values[order], middles[order], counts[order])


def _counts(raw: bytes) -> Counts:
    (cookie,) = struct.unpack_from(">i", raw)
    version, word = _PLAIN.get(cookie & ~_WORDS), (cookie & _WORDS) >> 4
    if version is None:
        raise ValueError(f"cookie {cookie:#x} is no histogram of version 0, 1 or 2")
    if version == 0:
        digits, lowest, _, _ = struct.unpack_from(">iqqq", raw, 4)
        payload = raw[32:]
    else:
        length, _, digits, lowest, _, _ = struct.unpack_from(">iiiqqd", raw, 4)
        payload = raw[40 : 40 + length]
    if not 0 <= digits <= 5 or lowest < 1:
        raise ValueError(f"{digits} significant digits from {lowest} on are no histogram")
    at, counts = _packed(payload) if version == 2 else _fixed(payload, word)
    values, middles = _buckets(at, digits, lowest)
    return Counts(values, middles, counts)


def _fixed(payload: bytes, word: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if word not in (2, 4, 8):
        raise ValueError(f"words of {word} bytes are no counts")
    counts = np.frombuffer(payload[: len(payload) // word * word], dtype=f">i{word}").astype(np.int64)
    at = np.flatnonzero(counts)
    return at, counts[at]


def _packed(payload: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    places, counts, index, position = [], [], 0, 0
    while position < len(payload):
        word = shift = 0
        while True:
            if position >= len(payload):
                raise ValueError("the counts end in the middle of a number")
            byte, position = payload[position], position + 1
            if shift == 56:  # the ninth byte has no mark: all its bits count
                word |= byte << 56
                break
            word |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        value = (word >> 1) ^ -(word & 1)
        if value < 0:
            index -= value
            continue
        if value:
            places.append(index)
            counts.append(value)
        index += 1
    return np.asarray(places, dtype=np.int64), np.asarray(counts, dtype=np.int64)


def _buckets(at: NDArray[np.int64], digits: int, lowest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Highest value and middle of the bucket at a place of the array."""
    half = math.ceil(math.log2(2 * 10**digits)) - 1
    bucket = (at >> half) - 1
    within = (at & ((1 << half) - 1)) + (1 << half)
    within, bucket = np.where(bucket < 0, within - (1 << half), within), np.maximum(bucket, 0)
    width = bucket + int(math.log2(lowest))
    low = np.asarray(within << width, dtype=np.int64)
    return low + (1 << width) - 1, low + ((1 << width) >> 1)
