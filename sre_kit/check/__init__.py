"""
The rubric as code: what a senior SRE checks, evaluated over documents, records and artifacts.

A point is ``passed``, ``failed`` or ``not known`` (its input is missing, and the document says so), with the
evidence and the line. Points are numbered as in the rubric of their document.
"""

from sre_kit.check.points import Bundle, Point, bundle, checks, evaluate, page, ready, unchecked

__all__ = ["Bundle", "Point", "bundle", "checks", "evaluate", "page", "ready", "unchecked"]
