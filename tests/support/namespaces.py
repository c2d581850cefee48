"""Commands that see mounts or a network of their own."""

import os


def in_own(*kinds: str) -> list[str]:
    """Begin a command in namespaces of its own; a user who is not root needs one more for that.

    Root goes without that one, since not every place where root may mount allows it.
    """
    as_user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *as_user, *(f"--{kind}" for kind in kinds)]
