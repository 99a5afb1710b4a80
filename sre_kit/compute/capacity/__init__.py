"""How much there is, how much will be needed, by when, and what it costs."""
