"""What an agent has to tell and the intake has not stored yet: of each object its last state alone, so that it is never more than the site is."""

from __future__ import annotations

from collections import Counter

from hansa.model.batch import LANES, MOST, Batch, Change, Lane

Key = tuple[str, str]


class Outbox:
    """One batch of each lane is on its way at most. It is given again under its number until it is acknowledged, without what has
    been told anew since: that follows in a later one.
    """

    def __init__(self) -> None:
        self._waiting: dict[Lane, dict[Key, Change]] = {lane: {} for lane in LANES}
        self._sent: dict[Lane, dict[Key, Change] | None] = dict.fromkeys(LANES)
        self._numbers: dict[Lane, int] = dict.fromkeys(LANES, 0)
        self._most = MOST
        # Kept and not counted: it is asked for with every turn of every agent.
        self._kinds: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(len(some) for some in self._places())

    def count(self, kind: str) -> int:
        """How many objects of a kind there is something to tell of."""
        return self._kinds[kind]

    def ahead(self, lane: Lane) -> int:
        """How many objects there is something to tell of in this lane and those that are served before it."""
        lanes = LANES[: LANES.index(lane) + 1]
        return sum(len(self._waiting[each]) + len(self._sent[each] or ()) for each in lanes)

    def put(self, change: Change, lane: Lane) -> None:
        """Tell this; what an earlier question was answered about the object need not be told any more, nor is this if a later one was."""
        key = (change.kind, change.id)
        for each in LANES:
            for some in (self._waiting[each], self._sent[each] or {}):
                if (old := some.get(key)) is None:
                    continue
                if old.asked > change.asked:
                    return
                del some[key]
                self._kinds[change.kind] -= 1
                lane = min(lane, each, key=LANES.index)
        self._waiting[lane][key] = change
        self._kinds[change.kind] += 1

    def batch(self, site: str, run: str) -> Batch | None:
        """The one that is to be given next, again or for the first time; None where all is told."""
        for lane in LANES:
            sent = self._sent[lane]
            if sent is None and (waiting := self._waiting[lane]):
                sent = self._sent[lane] = {key: waiting.pop(key) for key in list(waiting)[: self._most]}
                self._numbers[lane] += 1
            if sent is not None:
                return Batch(site, run, lane, self._numbers[lane], tuple(sent.values()))
        return None

    def acknowledge(self, lane: Lane, upto: int) -> None:
        """The batches of a lane are stored up to this number."""
        if upto >= self._numbers[lane]:
            self._kinds.subtract(kind for kind, _ in self._sent[lane] or {})
            self._sent[lane] = None
            self._most = min(MOST, self._most + self._most // 4 + 1)

    def split(self, lane: Lane) -> Change | None:
        """The batch of a lane that was given last is too large for the way: its second half follows in a later one, as batches for a while are
        smaller. One change alone is dropped and returned, and the batch is given again without it.
        """
        sent = self._sent[lane] or {}
        keys = list(sent)
        if len(keys) == 1:
            self._kinds[keys[0][0]] -= 1
            return sent.pop(keys[0])
        self._most = max(1, len(keys) // 2)
        later = {key: sent.pop(key) for key in keys[self._most :]}
        self._waiting[lane] = {**later, **self._waiting[lane]}
        return None

    def renew(self) -> None:
        """A new run has begun: what is not acknowledged is told in it, and numbers begin anew."""
        for lane in LANES:
            self._waiting[lane] = {**(self._sent[lane] or {}), **self._waiting[lane]}
            self._sent[lane] = None
            self._numbers[lane] = 0

    def _places(self) -> list[dict[Key, Change]]:
        return [*self._waiting.values(), *(sent for sent in self._sent.values() if sent)]

