"""``python -m sre_kit``."""

from sre_kit.cli import script

script()
