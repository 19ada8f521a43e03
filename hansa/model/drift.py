"""In what the inventory and a site differ, as two complete lists of the site agreed."""

from __future__ import annotations

from typing import Literal

import msgspec

What = Literal['not told', 'not known', 'differs', 'unclaimed', 'half-made']
"""not told: the inventory has it, the site's list does not; not known: the other way round; differs: both have it, in different
states; unclaimed: no project of the league owns it; half-made: an act at the site that is not finished.
"""


class Finding(msgspec.Struct, frozen=True):
    """One object that is not as it should be. `id` is the site's own; of what is half-made it may be ''. `since` is in seconds
    since the epoch, 0 where it is not known.
    """

    site: str
    kind: str
    id: str
    what: What
    name: str = ''
    since: float = 0.0


class Repair(msgspec.Struct, frozen=True):
    """What is to be done about a finding, or was: `action` is a sentence, `done` whether it was done and helped."""

    finding: Finding
    action: str
    done: bool = False
