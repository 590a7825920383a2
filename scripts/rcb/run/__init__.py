"""What scripts/run is made of: its options, the binary that it asks, the directory that it fills, progress, precision.
Uses base, rows, answers and runtimes."""
