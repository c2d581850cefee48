"""The command `candor`."""


def main() -> None:
    """Run the command line."""
