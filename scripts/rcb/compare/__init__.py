"""Two runs or more against each other, and machines beside each other. Uses all rooms but run and commands."""
