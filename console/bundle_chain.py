"""Whether a bundle is the next of its courier: none left out, twice, or in another's place."""

from dataclasses import replace

from console.errors import (
    ForkedBundleError,
    MissingBundleError,
    ReplayedBundleError,
    RolledBackBundleError,
)
from console.import_state import Carried
from crypto.inbound import InboundInfo


def next_in_chain(
    before: Carried | None, info: InboundInfo, brought: Carried, *, begins: bool
) -> Carried:
    """Hold a bundle to those that the same courier brought before, and add it to them.

    Args:
        before: None for the first of this courier and channel.
        info: which bundle it is.
        brought: what came with it alone.
        begins: may it be taken as the first where the bundles before it are not here?

    Raises:
        ReplayedBundleError: it was imported before.
        RolledBackBundleError: another one with its serial was imported before.
        MissingBundleError: the ones between are not here.
        ForkedBundleError: it does not follow the one before.
    """
    wanted = before.serial + 1 if before else 1
    if info.serial > wanted and not begins:
        raise MissingBundleError(_missing(wanted, info))
    if before is None or info.serial > wanted:
        return brought
    if info.serial < wanted:
        _refuse_old(before, info.serial, brought.bundles[0])
    if info.previous != before.bundles[-1]:
        raise ForkedBundleError(
            f"bundle {info.serial} does not follow the bundle {before.serial} that was imported:"
            " this courier, or somebody with its key, made two different ones"
        )
    return replace(
        brought,
        first=before.first,
        bundles=before.bundles + brought.bundles,
        day=max(before.day, brought.day),
    )


def _refuse_old(before: Carried, serial: int, bundle_hash: bytes) -> None:
    place = serial - before.first
    if place >= 0 and before.bundles[place] == bundle_hash:
        raise ReplayedBundleError(
            f"bundle {serial} was imported before: nothing in it is new, and nothing was changed"
        )
    raise RolledBackBundleError(
        f"another bundle {serial} was imported before: this courier was rolled back to an earlier"
        " state, or somebody with its key made a second one"
    )


def _missing(wanted: int, info: InboundInfo) -> str:
    last = info.serial - 1
    which = f"bundle {wanted} is" if last == wanted else f"bundles {wanted} to {last} are"
    return (
        f"{which} missing before this one, which is {info.serial} of courier {info.courier} for"
        f" {info.channel}: import what is missing first"
    )
