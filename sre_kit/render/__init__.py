"""
Notebooks to published documents: run, export, validate, publish. Knows papermill, nbconvert and files; knows no SLO.
"""

import sys

# only jsonschema's "format" checks want it, and it costs three quarters of nbformat's import time
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
