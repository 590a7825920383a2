"""The programs behind scripts/run, scripts/report and scripts/peers. Uses every room, and no room uses it."""
