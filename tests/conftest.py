"""What holds for every test."""

from hypothesis import settings

# How long an example takes says how busy the machine is; time limits are the benchmarks' business.
settings.register_profile("candor", deadline=None)
settings.load_profile("candor")
