"""What the rows say: a number for each cell, the trade-off against the baseline, predictions, the model. Uses base, stats
and rows, and draws nothing."""
