"""
The arithmetic of reliability, pure: no files, clock, environment, network, plots or notebooks.

`as_of` is a parameter. Ratios lie in 0..1, durations are timedeltas, times are UTC. What is not known is
``None`` or NaN, never 0 and never 100 %.
"""
