"""Errors in the form of the volume API: Cinder's faults."""

from __future__ import annotations

from hansa.model.errors import OverQuota
from hansa.northbound.hall import faults, wire


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as Cinder would put it."""
    if isinstance(error, OverQuota):
        body = {'overLimit': {'code': 413, 'message': _over(error), 'retryAfter': '0'}}
        return wire.document(413, body, ('Retry-After', '0'))
    return faults.fault(error, request_id)


def _over(error: OverQuota) -> str:
    """Cinder tells of one resource, of sizes first."""
    word = min(error.wanted)
    wanted, taken, limit = error.wanted[word], error.taken[word], error.limits[word]
    share = f' At site {error.site}.' if error.site else ''
    if word.startswith('gigabytes'):
        return (
            f'VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed {word} quota. '
            f'Requested {wanted}G, quota is {limit}G and {taken}G has been consumed.{share}'
        )
    if word.startswith('snapshots'):
        return f'SnapshotLimitExceeded: Maximum number of snapshots allowed ({limit}) exceeded{share}'
    return f"VolumeLimitExceeded: Maximum number of volumes allowed ({limit}) exceeded for quota '{word}'.{share}"
