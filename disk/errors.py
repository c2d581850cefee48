"""What writing can refuse. The message is lower case, without a full stop, and says what to do."""


class OutputError(Exception):
    """Writing there would overwrite, follow a link, or show others what they must not see."""
