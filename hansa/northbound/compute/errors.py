"""Errors in the form of the compute API: Nova's faults."""

from __future__ import annotations

from hansa.model.errors import OverQuota
from hansa.northbound.hall import faults, wire

_PLAIN = {
    'server_groups': 'Quota exceeded, too many server groups.',
    'key_pairs': 'Quota exceeded, too many key pairs.',
    'port': 'Maximum number of ports exceeded',
}


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as Nova would put it."""
    if isinstance(error, OverQuota):
        return wire.document(403, {'forbidden': {'code': 403, 'message': _over(error)}})
    return faults.fault(error, request_id)


def _over(error: OverQuota) -> str:
    if len(error.wanted) == 1 and (plain := _PLAIN.get(next(iter(error.wanted)))):
        return plain
    words = ', '.join(error.wanted)
    wanted, taken, limits = (', '.join(str(each) for each in some.values()) for some in (error.wanted, error.taken, error.limits))
    share = f' at site {error.site}' if error.site else ''
    return f'Quota exceeded for {words}: Requested {wanted}, but already used {taken} of {limits} {words}{share}'
