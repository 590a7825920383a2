"""Real interpreters beside our variants: finding them, measuring them, comparing them with ours. Uses base, rows and
answers."""
