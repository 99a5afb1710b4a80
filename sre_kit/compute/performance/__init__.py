"""How fast it is, where the time goes, and what a change did."""
