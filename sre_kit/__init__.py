"""sre_kit: the brain behind the SRE notebooks. A notebook is the document; this package computes it."""

__version__ = "0.1.0"
