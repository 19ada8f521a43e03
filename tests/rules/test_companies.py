"""Server groups over sites: what policies allow, in whatever order creates come and come to an end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.errors import BadRequest, Conflict
from hansa.rules import companies, placement
from hansa.rules.companies import Company
from hansa.rules.placement import View, Wish

SITES = ('east', 'north', 'west')
VIEWS = tuple(View(site, reachable=True, room=5.0) for site in SITES)
COUNTS = st.dictionaries(st.sampled_from(SITES), st.integers(0, 4))


def company(policy: str, at: dict[str, int]) -> Company:
    return Company('id', 'g', policy, at)


@given(COUNTS, st.sampled_from(SITES))
def test_hard_policies_object_to_exactly_what_breaks_them(at: dict[str, int], site: str) -> None:
    taken = {each for each, count in at.items() if count}
    assert bool(company('anti-affinity', at).objection(site)) == (site in taken)
    assert bool(company('affinity', at).objection(site)) == (not taken <= {site})


@given(COUNTS, st.sampled_from(SITES), st.sampled_from(('soft-affinity', 'soft-anti-affinity')))
def test_soft_policies_never_object(at: dict[str, int], site: str, policy: str) -> None:
    assert company(policy, at).objection(site) == ''


@given(COUNTS, st.sampled_from(companies.POLICIES), st.sampled_from(('', *SITES)), st.permutations(VIEWS))
def test_what_is_chosen_is_what_the_policy_wants(at: dict[str, int], policy: str, home: str, views: Sequence[View]) -> None:
    wished = company(policy, at)
    allowed = [site for site in SITES if not wished.objection(site)]
    if not allowed:
        with pytest.raises(Conflict, match='server group g'):
            placement.choose(Wish(home=home, company=wished), views)
        return
    decision = placement.choose(Wish(home=home, company=wished), views)
    assert set(decision.order) == set(allowed)
    counts = Counter({site: at.get(site, 0) for site in SITES})
    if policy == 'soft-affinity':
        assert counts[decision.site] == max(counts.values())
    if policy == 'soft-anti-affinity':
        assert counts[decision.site] == min(counts.values())
        assert [counts[site] for site in decision.order] == sorted(counts.values())
    if policy == 'anti-affinity' and home in allowed:
        assert decision.site == home


def test_a_site_that_was_named_and_may_not_be_is_said() -> None:
    with pytest.raises(BadRequest, match='that site has a member of server group g already'):
        placement.choose(Wish(zones=('east',), company=company('anti-affinity', {'east': 1})), VIEWS)


@given(st.lists(st.integers(0, 5), max_size=80), st.data())
def test_no_two_meet_however_creates_interleave(steps: list[int], data: st.DataObject) -> None:
    """Six creates over one journal. A step of one: choose; write it down; look at what was written before, then at members; be made; close."""
    journal: list[tuple[int, str]] = []
    members: dict[int, str] = {}
    state = dict.fromkeys(range(6), 'choose')
    chosen: dict[int, str] = {}
    seen: dict[int, list[str]] = {}

    def earlier(upto: int) -> list[str]:
        whole = [each for each, _ in journal]
        return [site for _, site in journal[: whole.index(upto)]]

    for who in steps:
        if state[who] == 'choose':
            now = company('anti-affinity', Counter([*(site for _, site in journal), *members.values()]))
            free = [site for site in SITES if not now.objection(site)]
            if free:
                chosen[who] = data.draw(st.sampled_from(free))
                state[who] = 'write'
        elif state[who] == 'write':
            journal.append((who, chosen[who]))
            state[who] = 'look'
        elif state[who] == 'look':
            seen[who] = earlier(who)
            state[who] = 'look on'
        elif state[who] == 'look on':
            if company('anti-affinity', Counter([*seen[who], *members.values()])).objection(chosen[who]):
                journal.remove((who, chosen[who]))
                state[who] = 'choose'
            else:
                state[who] = 'make'
        elif state[who] == 'make':
            members[who] = chosen[who]
            state[who] = 'close'
        elif state[who] == 'close':
            journal.remove((who, chosen[who]))
            state[who] = 'done'
        going = [chosen[each] for each in state if state[each] in {'make', 'close', 'done'}]
        assert len(going) == len(set(going))


@pytest.mark.parametrize(
    ('body', 'hint', 'rest'),
    [
        ({'server': {}}, '', {'server': {}}),
        ({'server': {}, 'os:scheduler_hints': {'group': 'g'}}, 'g', {'server': {}}),
        ({'OS-SCH-HNT:scheduler_hints': {'group': 'g', 'query': 'q'}}, 'g', {'OS-SCH-HNT:scheduler_hints': {'query': 'q'}}),
        ({'os:scheduler_hints': {'group': ['g']}}, '', {}),
        ({'os:scheduler_hints': 'g'}, '', {'os:scheduler_hints': 'g'}),
    ],
)
def test_hints(body: dict[str, Any], hint: str, rest: dict[str, Any]) -> None:
    assert companies.hint(body) == hint
    assert companies.without_hint(body) == rest
