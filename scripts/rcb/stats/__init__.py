"""Medians, ratios, intervals, verdicts and crossing points of plain numbers. Uses no other room."""
