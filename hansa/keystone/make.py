"""Bring Keystone's database to its schema and give it its first user: `python -m hansa.keystone.make PARENT CONFIGURATION ADDITIONS`.

The password comes on standard input. Everything in it can run again over what is there.
"""

from __future__ import annotations

import os
import sys

from hansa.keystone import mortal
from hansa.keystone.accounts import ENGINE_USER


def main() -> None:
    """Exit status 0 says that database and first user stand."""
    parent, configuration, additions = sys.argv[1:]
    mortal.die_with(int(parent))
    os.umask(0o077)
    password = sys.stdin.readline().strip()
    sys.argv = ['keystone', '--config-file', configuration, '--config-dir', additions]

    # Keystone reads the command line while it is imported.
    import keystone.server
    from keystone.cmd import bootstrap
    from keystone.common.sql import upgrades

    keystone.server.configure()
    upgrades.offline_sync_database_to_version()
    first = bootstrap.Bootstrapper()
    first.admin_username = ENGINE_USER
    first.admin_password = password
    first.project_name = 'admin'
    first.admin_role_name = 'admin'
    first.immutable_roles = True
    first.bootstrap()


if __name__ == '__main__':
    main()
