"""The time of day as records have it."""

from datetime import datetime, timezone


def utc_now() -> str:
    """The time as rows and run.json write it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
