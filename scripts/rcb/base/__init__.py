"""What every room needs: errors as one line with an exit status, and files that are written whole or not at all.
Uses no other room."""
