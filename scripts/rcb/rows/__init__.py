"""trials.csv: its schema, reading it, merging several, and which of its rows count, at which clock. Uses base and stats."""
