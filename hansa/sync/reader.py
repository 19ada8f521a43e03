"""Reads lists and single objects of a site, as the operator, at the site's highest microversions."""

from __future__ import annotations

import email.utils
import urllib.parse
from typing import Any

import msgspec

from hansa.model.errors import Unauthorized, Unsupported
from hansa.model.resource import KINDS
from hansa.ports import roster
from hansa.ports.site import OPERATOR, SiteRequest, SiteResponse
from hansa.sync import lists
from hansa.sync.desk import Desk


class BadAnswer(Exception):
    """A site answered a list or an object with an error (`status`) or with what is none; other kinds may do well."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


class Page(msgspec.Struct, frozen=True):
    """Documents of a page, the marker of the next ('' at the end), and the site's Date in our form of a stamp, if told."""

    docs: list[dict[str, Any]]
    marker: str
    date: str


class Glance(msgspec.Struct, frozen=True):
    """The same of a page whose documents are not read yet."""

    told: list[lists.Told]
    marker: str
    date: str


class Reader:
    """Sends the agent's requests to one site. All methods raise SiteDown, Unauthorized, Unsupported and BadAnswer.

    Long answers are read at the `desk`, which all agents of a process share: one of them in each turn of the loop.
    """

    def __init__(self, member: roster.Member, desk: Desk | None = None) -> None:
        self.desk = desk or Desk()
        self._member = member

    async def page(self, ask: lists.Ask, marker: str, timeout: float) -> Page:
        """One page of a list."""
        answer, body = await self._listed(ask, marker, timeout)
        try:
            async with self.desk.bytes(len(body)):
                docs, following = lists.parse(ask, body, marker)
        except ValueError as error:  # msgspec's errors are ValueErrors too
            raise BadAnswer(f'GET {ask.path}: {error}') from error
        return Page(docs, following, _date(answer.header('Date')))

    async def glance(self, ask: lists.Ask, marker: str, timeout: float) -> Glance:
        """One page of a list, of which little is expected to be news."""
        answer, body = await self._listed(ask, marker, timeout)
        try:
            async with self.desk.bytes(len(body)):
                told, following = lists.glance(ask, body, marker)
        except ValueError as error:
            raise BadAnswer(f'GET {ask.path}: {error}') from error
        return Glance(told, following, _date(answer.header('Date')))

    async def _listed(self, ask: lists.Ask, marker: str, timeout: float) -> tuple[SiteResponse, bytes]:
        answer = await self._get(ask.kind.service, ask.path, ask.page(marker), timeout)
        body = await answer.read()
        self._member.tally(ask.kind.name).answered(len(body))
        if answer.status in {403, 404} and not marker:
            raise Unsupported(f'Site {self._member.name} answered {answer.status} to GET {ask.path}.')
        self._expect(answer.status, ask.path)
        return answer, body

    async def one(self, kind: str, site_id: str, timeout: float) -> dict[str, Any] | None:
        """One object's document; None where the site says that there is no such object, or none any more."""
        about = KINDS[kind]
        path = f'{about.collection}/{urllib.parse.quote(site_id, safe="")}'
        answer = await self._get(about.service, path, '', timeout)
        body = await answer.read()
        self._member.tally(kind).answered(len(body))
        if answer.status == 404:
            return None
        self._expect(answer.status, path)
        try:
            doc = msgspec.json.decode(body, type=dict[str, Any])
            found = doc if kind == 'image' else msgspec.convert(doc[about.single], dict[str, Any])
        except (ValueError, KeyError) as error:
            raise BadAnswer(f'GET {path}: {error}') from error
        return None if lists.dead(kind, found) else found

    async def _get(self, service: str, path: str, query: str, timeout: float) -> SiteResponse:
        headers = lists.headers(service, self._member.highest(service))
        request = SiteRequest(service, 'GET', path, query, [('Accept', 'application/json'), *headers])
        return await self._member.site.send(request, OPERATOR, timeout)

    def _expect(self, status: int, path: str) -> None:
        if status == 401:
            raise Unauthorized(f'Site {self._member.name} refuses our credential.')
        if status != 200:
            raise BadAnswer(f'GET {path} was answered {status}', status)


def _date(value: str) -> str:
    try:
        return email.utils.parsedate_to_datetime(value).strftime('%Y-%m-%dT%H:%M:%S.999999') if value else ''
    except ValueError:
        return ''
