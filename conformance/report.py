"""The verdict told: to people at a terminal, and as a part of docs/conformance.md."""

from __future__ import annotations

import datetime
import os
import pathlib
import platform
from collections.abc import Sequence

import hansa
from conformance import judging, tools

PAGE = pathlib.Path(__file__).parents[1] / 'docs' / 'conformance.md'
_LAB = pathlib.Path(__file__).parents[1] / 'lab' / 'requirements.lock'
_SHOWN = ('keystone', 'nova', 'neutron', 'cinder', 'glance')


def table(counts: Sequence[judging.Count]) -> str:
    """Both sides' counts side by side, by service and in all."""
    lines = [f'{"":10} {"":>6} {"a cloud directly":^22}   {"through the league":^22}', f'{"":10} {"tests":>6}' + f' {"pass":>7}{"fail":>7}{"skip":>7}  ' * 2 + ' differ']
    for each in (*counts, _sum(counts)):
        sides = ''.join(f' {side[0]:>7}{side[1]:>7}{side[2]:>7}  ' for side in (each.direct, each.league))
        lines.append(f'{each.service:10} {each.tests:>6}{sides} {each.differ:>6}')
    return '\n'.join(lines)


def complaints(verdict: judging.Verdict) -> list[str]:
    """What has to be mended, a line each."""
    lines = [f'NO REASON: {each.test} ({each.state}): {each.why}' for each in verdict.differences if not each.reason]
    lines += [f'STALE: no difference needs the reason for {each.tests}' for each in verdict.stale]
    if verdict.missing:
        lines.append(f'NOT RUN: {len(verdict.missing)} tests, {verdict.missing[0]} first')
    return lines


def written(part: str) -> None:
    """Put a part into docs/conformance.md, in the place of the one with the same heading."""
    PAGE.write_text(joined(PAGE.read_text(encoding='utf-8') if PAGE.exists() else '', part), encoding='utf-8')
    print('docs/conformance.md is written.')


def joined(old: str, part: str) -> str:
    """A page of parts, each of which begins with a heading of the first rank."""
    parts = {each.partition('\n')[0]: each.strip() for each in f'\n{old}'.split('\n# ')[1:]}
    parts |= {part.removeprefix('# ').partition('\n')[0]: part.removeprefix('# ').strip()}
    return '\n\n'.join(f'# {each}' for each in parts.values()) + '\n'


def page(verdict: judging.Verdict) -> str:
    """Tempest's part."""
    return f"""# Conformance: Tempest

Written by `make tempest`; do not edit. {_when()}.

OpenStack's own API tests are run twice with the same settings and credentials: against one cloud of the lab directly, and against a league over two
such clouds. A test that passes directly has to pass through the league, or stands below with the reason why not. What fails or is skipped directly says
something of the lab (its hypervisor, disks and networks only pretend) and is no measure of the league.

{_versions()}{_missing(verdict)}

{_counts(verdict, 'service')}

## Exceptions

Tests that pass on a cloud directly and not through the league: {len(verdict.differences)}. The reasons are kept in `conformance/reasons.toml`.

| tests, below `tempest.api` | reason |
|---|---|
{_exceptions(verdict, 'tempest.api.')}
"""


def objects(verdict: judging.Verdict) -> str:
    """The part of Swift's functional tests."""
    return f"""# Conformance: Swift

Written by `make swift-functional`; do not edit. {_when()}.

The functional tests that Swift's own sources carry are run against a Swift of the lab directly, and against a league over two clouds of it, with users and
projects made for them on each side. A test that passes directly has to pass through the league, or stands below with the reason why not. What is skipped
on both sides needs what neither has: several policies in one Swift, tokens of other services, resellers, middleware that the lab does not run.

Tests of Swift {tools.version('swift', _LAB)} against Hansa {hansa.__version__}.{_missing(verdict)}

{_counts(verdict, 'module')}

## Exceptions of Swift's tests

Tests that pass directly and not through the league: {len(verdict.differences)}. The reasons are kept in `conformance/swift.toml`.

| tests, below `test.functional` | reason |
|---|---|
{_exceptions(verdict, 'test.functional.')}
"""


def clients(objects: int, size: int, large: int, each: int, steps: Sequence[tuple[str, str, float, str]]) -> str:
    """The part of the object store's clients: `steps` are client, what it did, seconds, what came of it."""
    rows = '\n'.join(f'| {client} | {what} | {seconds:,.0f} s | {objects / seconds:,.0f} | {result} |' for client, what, seconds, result in steps)
    return f"""# Conformance: clients of the object store

Written by `lab/with 2 python -m conformance.objects --write`; do not edit. {_when()}.

Each client copies a tree of {objects:,} objects ({size / 1e6:,.0f} MB) and {large} of {each >> 20:,} MiB into a league over two Swifts of the lab, half to each
site, lists it, has it checked by `rclone check`, fetches it, compares it with the original and deletes it. The lab's Swifts, the league and the client
share one machine; what a second holds says more of the lab than of the league.

| client | step | took | objects a second | result |
|---|---|---|---|---|
{rows}
"""


def _counts(verdict: judging.Verdict, what: str) -> str:
    counts = [*verdict.counts, _sum(verdict.counts)]
    rows = '\n'.join(
        f'| {each.service} | {each.tests} | {" | ".join(map(str, (*each.direct, *each.league)))} | {each.differ} |' for each in counts
    )
    return (
        f'| {what} | tests | pass directly | fail | skip | pass through the league | fail | skip | pass directly only |\n'
        f'|---|---|---|---|---|---|---|---|---|\n{rows}'
    )


def _exceptions(verdict: judging.Verdict, above: str) -> str:
    grouped: dict[str, list[str]] = {}
    for each in verdict.differences:
        grouped.setdefault(each.reason or '**none given yet**', []).append(each.test.removeprefix(above))
    told = '\n'.join(f'| {"<br>".join(f"`{test}`" for test in tests)} | {reason} |' for reason, tests in grouped.items())
    return told or '| none | |'


def _when() -> str:
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f'Last run {day} on {os.cpu_count()} cores, Python {platform.python_version()}'


def _missing(verdict: judging.Verdict) -> str:
    return f' {len(verdict.missing)} further tests have not been run on both sides yet, and are not counted.' if verdict.missing else ''


def _versions() -> str:
    clouds = ', '.join(f'{name} {tools.version(name, _LAB)}' for name in _SHOWN)
    return f'Tempest {tools.version("tempest")} against Hansa {hansa.__version__} over clouds of {clouds}.'


def _sum(counts: Sequence[judging.Count]) -> judging.Count:
    def added(sides: Sequence[tuple[int, int, int]]) -> tuple[int, int, int]:
        passed, failed, skipped = (sum(side[at] for side in sides) for at in range(3))
        return passed, failed, skipped

    return judging.Count(
        'all',
        sum(each.tests for each in counts),
        added([each.direct for each in counts]),
        added([each.league for each in counts]),
        sum(each.differ for each in counts),
    )
