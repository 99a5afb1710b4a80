"""
What another backup interval, restore throughput or size would prove of a store.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sre_kit.compute.operations.recovery import Recoverable, rpo_proof, rto_proof


def recovery_option(
    one: Recoverable, interval: timedelta | None, restore_per_second: int | None, size: float = 1.0
) -> Recoverable:
    """
    The store saved every `interval` (its log, where that is shipped), read back so fast, `size` times as large.

    What nobody knows stays unknown: `interval` and `restore_per_second` may be missing, and so may its size.
    """
    kept = one.backup
    every = (kept.every, interval) if kept.log_every is not None else (interval, None)
    larger = None if kept.size is None else round(kept.size * size)
    changed = replace(kept, every=every[0], log_every=every[1], restore_per_second=restore_per_second, size=larger)
    return replace(
        one,
        backup=changed,
        rpo=rpo_proof(changed, one.rpo.objective, one.rpo.source, one.rpo.note),
        rto=rto_proof(changed, one.rto.objective, one.rto.source, one.rto.note),
    )
