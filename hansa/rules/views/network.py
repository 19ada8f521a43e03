"""Neutron's documents: no versions and no links; only what plain users do not see is taken off."""

from __future__ import annotations

from typing import Any

from hansa.rules.views import tables


def document(kind: str, doc: dict[str, Any], admin: bool) -> dict[str, Any]:
    """Any kind of Neutron's, as listed and as shown."""
    hidden = frozenset() if admin else tables.NETWORK_ADMIN.get(kind, frozenset())
    return {key: value for key, value in doc.items() if key not in hidden}
