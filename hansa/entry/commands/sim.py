"""hansa sim: simulated sites by the hundred, for measuring and testing."""

from __future__ import annotations

import argparse

from hansa.entry import commands


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser('sim', help='run simulated sites', description='Simulated sites, for measuring and testing.')
    verbs = parser.add_subparsers(metavar='VERB', required=True)
    fleet = verbs.add_parser('fleet', help='run very many of them until SIGTERM, each an OpenStack cloud over HTTP')
    fleet.add_argument('--sites', type=int, default=10, metavar='N', help='how many sites (default: 10)')
    fleet.add_argument('--servers', type=int, default=1000, metavar='N', help='servers at each, with a port each (default: 1000)')
    fleet.add_argument('--volumes-per-server', type=float, default=0.3, metavar='SHARE', help='volumes at each, 0 to 1 for a server (default: 0.3)')
    fleet.add_argument('--processes', type=int, default=0, metavar='P', help='processes that share the sites (default: 2, or 1 for one site)')
    fleet.add_argument(
        '--listen', default='127.0.0.1:8800', metavar='HOST:PORT,...',
        help='where each process answers, or the first of them; port 0 is any (default: 127.0.0.1:8800)',
    )  # fmt: skip
    fleet.add_argument('--seed', type=int, default=0, metavar='S', help='the same seed makes the same sites (default: 0)')
    fleet.add_argument('--life', type=float, default=10.0, metavar='N', help='changes per server and day (default: 10)')
    fleet.add_argument('--clouds', default='fleet.yaml', metavar='FILE', help='clouds.yaml to write; it goes when the fleet ends (default: fleet.yaml)')
    fleet.add_argument('--admin', action='store_true', help='its entries are of the administrators of the sites, not of their users demo')
    fleet.set_defaults(run=_fleet)


def _fleet(args: argparse.Namespace) -> int:
    from hansa.entry import fleet

    order = fleet.Order(
        sites=args.sites,
        servers=args.servers,
        volumes=args.volumes_per_server,
        processes=args.processes or min(2, max(args.sites, 1)),
        listen=tuple(args.listen.split(',')),
        seed=args.seed,
        life=args.life,
        clouds=args.clouds,
        user='admin' if args.admin else 'demo',
    )
    return fleet.serve(order)
