"""What can go wrong, in the words of the house; each northbound API says them in its own form."""

from __future__ import annotations


class HansaError(Exception):
    """Something that its reader can act on; the message says what was wrong, with what, what to do."""

    status = 500


class BadRequest(HansaError):
    """The request contradicts itself or cannot be understood."""

    status = 400


class Unauthorized(HansaError):
    """The token is missing, wrong or expired."""

    status = 401


class Forbidden(HansaError):
    """The caller is known and may not do this."""

    status = 403


class NotFound(HansaError):
    """No such object for this caller."""

    status = 404


class NotAcceptable(HansaError):
    """The microversion asked for is not offered."""

    status = 406

    def __init__(self, message: str, lowest: str = '', highest: str = '') -> None:
        super().__init__(message)
        self.lowest = lowest
        self.highest = highest


class Conflict(HansaError):
    """The object is in a state that does not allow this, or somebody was faster."""

    status = 409


class Gone(HansaError):
    """What was asked for was offered once and is no more."""

    status = 410


class OverQuota(HansaError):
    """More was asked for than a quota leaves; each API says so in a form of its own.

    `wanted`, `taken` and `limits` are by resource, those that are exceeded only; `site` names the site whose share is
    meant, '' for the quota of the league.
    """

    status = 403

    def __init__(self, wanted: dict[str, int], taken: dict[str, int], limits: dict[str, int], site: str = '') -> None:
        super().__init__(f'Quota exceeded for {", ".join(wanted)}' + (f' at site {site}.' if site else '.'))
        self.wanted = wanted
        self.taken = taken
        self.limits = limits
        self.site = site


class PreconditionFailed(HansaError):
    """What the request holds against the object, or against a limit of its listing, does not hold."""

    status = 412


class TooLarge(HansaError):
    """The body, the header or the page asked for is over a limit."""

    status = 413


class Unsupported(HansaError):
    """A site of this kind or release lacks what was asked for; the message names both."""

    status = 501


class SiteDown(HansaError):
    """A site does not answer, or not in time, or not sensibly.

    `site` names it, `retry_after` (seconds) says when to try again; `sent` is True where the request
    may have reached the site, so that its outcome is unknown.
    """

    status = 503

    def __init__(self, site: str, why: str, retry_after: int = 10, sent: bool = False) -> None:
        super().__init__(f'Site {site} {why}. Try again in {retry_after} s.')
        self.site = site
        self.why = why
        self.retry_after = retry_after
        self.sent = sent


class Busy(HansaError):
    """More is asked of the league at once than it takes on; try again later."""

    status = 503

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UplinkDown(HansaError):
    """An agent does not reach the intake, or gets no answer; whether its batch was taken is not known."""

    status = 503


class Dismissed(HansaError):
    """The league takes nothing of an agent, and will not: it is not let in, its site has left, or it sees another part of it."""

    status = 409


class ConfigError(HansaError):
    """A file, flag or setting of the operator is wrong; the command ends with exit code 2."""
