from hypothesis import settings

# The machine is shared: a slow moment is no defect of the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
