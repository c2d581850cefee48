"""Forgeries, each by whoever could make it: refused or marked, in words that say what it is."""
