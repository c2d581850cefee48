"""Who may tamper with what couriers bring, and how: each attack with what must come of it.

An attacker is somebody on the way without any key, a courier with its own, or a server with the
key of its log. Each attack makes one bundle for a desk that has taken sound ones before.
"""

from tests.console import attacks_by_couriers, attacks_by_servers, attacks_on_the_way
from tests.console.attack_world import ATTACKS, Attack, World

__all__ = [
    "ATTACKS",
    "Attack",
    "World",
    "attacks_by_couriers",
    "attacks_by_servers",
    "attacks_on_the_way",
]
