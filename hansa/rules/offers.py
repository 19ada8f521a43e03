"""What the object stores of several sites can do together: the smallest limits, the features that all have, the policies of each.

Source: Object Storage API reference v1, 'List activated capabilities'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LISTING = 10_000
"""Rows of a listing where a site does not say how many it gives."""

BULK, FAILURES = 10_000, 1000
"""How much one request may delete or make, and how much of it may fail."""

# What the league's own door does not do as sites do it, whatever they can: bodies name containers of several sites, signatures other accounts.
_NOT_OURS = frozenset(
    ('formpost', 'bulk_delete', 'bulk_upload', 's3api', 'container_sync', 'tempauth', 'domain_remap', 'cname_lookup', 'swift3')
)


def merged(infos: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The document of `/info`; `infos` by site, in the order of the sites. The first site's default policy is the default."""
    documents = list(infos.values())
    if not documents:
        return {}
    found = {key: _one(key, [each[key] for each in documents]) for key in documents[0] if key not in _NOT_OURS and all(key in each for each in documents)}
    if 'tempurl' in found:
        # Files of forms go on by URLs that are signed for the site.
        found['formpost'] = {'allowed_digests': found['tempurl'].get('allowed_digests', [])}
    found |= {'bulk_delete': {'max_deletes_per_request': BULK, 'max_failed_deletes': FAILURES},
              'bulk_upload': {'max_containers_per_extraction': BULK, 'max_failed_extractions': FAILURES}}
    # The league keeps quotas of accounts itself, over all sites.
    found['account_quotas'] = {}
    if 'swift' in found:
        # Accounts come with their projects.
        found['swift'].pop('allow_account_management', None)
        found['swift']['policies'] = policies({site: told['swift'].get('policies', []) for site, told in infos.items()})
    return found


def policies(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each site by its name, which is its default policy, and each of its policies as `site.policy`."""
    found: list[dict[str, Any]] = []
    for rank, (site, listed) in enumerate(told.items()):
        found.append({'name': site, 'aliases': site, **({'default': True} if not rank else {})})
        found += [
            {'name': f'{site}.{each["name"]}', 'aliases': ', '.join(f'{site}.{alias}' for alias in _aliases(each))}
            for each in (listed if isinstance(listed, list) else [])
            if isinstance(each, dict) and isinstance(each.get('name'), str)
        ]
    return found


def rows(infos: Mapping[str, Mapping[str, Any]], what: str) -> int:
    """How many rows every site gives of a listing ('account' or 'container')."""
    told = [info.get('swift', {}).get(f'{what}_listing_limit', LISTING) for info in infos.values()]
    return min((each for each in told if isinstance(each, int)), default=LISTING)


def _aliases(policy: Mapping[str, Any]) -> list[str]:
    words = str(policy.get('aliases') or policy['name']).split(',')
    return [word.strip() for word in words if word.strip()]


def _one(key: str, values: Sequence[Any]) -> Any:
    """One value for all sites. What they do not agree in, and is neither a limit nor a set, is as the first site has it."""
    first = values[0]
    if all(isinstance(value, bool) for value in values):
        return all(values)
    if all(isinstance(value, int | float) for value in values):
        return max(values) if key.startswith('min_') else min(values)
    if all(isinstance(value, dict) for value in values):
        return {name: _one(name, [each[name] for each in values]) for name in first if all(name in each for each in values)}
    if all(isinstance(value, list) for value in values):
        return [item for item in first if all(item in value for value in values)]
    if key == 'version':
        return min(map(str, values))
    return first
