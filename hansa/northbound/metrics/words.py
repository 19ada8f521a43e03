"""All metrics of the house in one table: name, type, labels and meaning. docs/metrics.md shows it to people."""

from __future__ import annotations

from typing import Literal

import msgspec

Type = Literal['counter', 'gauge', 'histogram']


class Metric(msgspec.Struct, frozen=True):
    """`name` as it is queried, without a histogram's endings; units are in the names, and base units."""

    name: str
    type: Type
    labels: tuple[str, ...]
    about: str


def _metric(name: str, type: Type, labels: str, about: str) -> Metric:
    return Metric(f'hansa_{name}', type, tuple(labels.split()), about)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric('info', 'gauge', 'version', 'Always 1; the release is in the label.'),
        _metric('requests_total', 'counter', 'api method route status', 'Requests that are over.'),
        _metric('request_seconds', 'histogram', 'api route', 'How long requests took, from their head to the end of the answer.'),
        _metric('requests_under_way', 'gauge', '', 'Requests that are being served now.'),
        _metric('refusals_total', 'counter', 'api reason', 'Requests that were told to come back later, by reason.'),
        _metric('loop_lag_seconds', 'histogram', '', 'How late the event loop is with what is due, looked at four times a second.'),
        _metric('site_up', 'gauge', 'site', 'Whether the site answers: 1 or 0.'),
        _metric('inventory_age_seconds', 'gauge', 'site kind', 'Since when the inventory has not been level with the site in a kind.'),
        _metric('inventory_records', 'gauge', 'site kind', 'Records in the inventory; counted every quarter of a minute at most.'),
        _metric('inventory_drift', 'gauge', 'site kind', 'In how many objects the last full pass and the inventory differed.'),
        _metric('inventory_held', 'gauge', 'site kind', 'Objects that are in no list of the site and are not dropped, as they are too many at once.'),
        _metric('cursor_lag_seconds', 'gauge', 'site kind', 'How far back changes were asked for in the last poll, by the clock of the site.'),
        _metric('site_hints_total', 'counter', 'site', 'Notifications of the site that something changed; 0 where its operator grants none.'),
        _metric('site_polls_total', 'counter', 'site', 'Questions for what changed that were answered and digested.'),
        _metric('site_sweeps_total', 'counter', 'site', 'Full passes over a kind that came to their end.'),
        _metric('site_refreshes_total', 'counter', 'site', 'Looks at a kind that a client waited for (max-age).'),
        _metric('site_requests_total', 'counter', 'site', 'Lists and objects that the site gave its agent.'),
        _metric('site_bytes_total', 'counter', 'site', 'Bytes of these.'),
        _metric('site_failures_total', 'counter', 'site', 'Questions of the agent that came to nothing.'),
        _metric('site_records_total', 'counter', 'site', 'Records taken into the inventory, each time that they changed.'),
        _metric('site_batches_total', 'counter', 'site', 'Batches of its agent that the intake took.'),
        _metric('site_batches_refused_total', 'counter', 'site', 'Batches that were to come again later, because too much was waiting.'),
        _metric('agent_heard_seconds', 'gauge', 'site', 'Since when the agent that runs near the site was not heard of.'),
        _metric('site_batches_flying', 'gauge', 'site', 'Most batches of its agent that were on their way at once since the start.'),
        _metric('site_backlog', 'gauge', 'site', 'Records that wait to be taken into the inventory.'),
        _metric('queue_batches', 'gauge', 'site', 'Batches of agents near their sites that wait for a worker, in a league of several processes.'),
        _metric('objects_owed', 'gauge', 'site', 'Objects of containers at several sites of which the site may lack a change.'),
        _metric('intents_open', 'gauge', '', 'Acts at sites that are written down and not finished.'),
        _metric('intents_oldest_seconds', 'gauge', '', 'Age of the oldest of them; 0 where there is none.'),
        _metric('store_waiting', 'gauge', 'lane', 'Pieces of work that wait for a lane of the store.'),
    )
}
