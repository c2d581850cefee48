"""Files that only their owner reads: whole or not at all, and never in the place of another."""
