"""
The warm engine: one parent that has imported what notebooks need, and a forked child for each of them.

``client`` starts the parent, or forks it from a command that has just begun, and speaks to it; ``parent`` forks,
watches and kills; ``child`` is what happens after the fork; ``shell`` runs cells in an IPython shell of its own and
``outputs`` puts together what they give back. The parent runs no notebook's code, so that each child starts from the
same clean state.
"""
