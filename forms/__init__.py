"""Forms as data: their files, their loader and their validator."""
