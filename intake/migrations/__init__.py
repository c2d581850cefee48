"""The steps that bring an older data directory to the tables of this version."""
