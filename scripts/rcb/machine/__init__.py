"""How far a machine and a run can be trusted. Uses base and rows."""
