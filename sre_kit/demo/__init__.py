"""
A pretend company, Harbour Books, to try everything on: documents, decisions, incidents and measurements.

Nothing in it is real. `metrics` computes its measurements, `generate` made its log files.
"""
