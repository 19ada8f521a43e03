"""Horizon as gunicorn serves it, with its static files, which a web server gives out elsewhere."""

from __future__ import annotations

import os
import re

import whitenoise
from openstack_dashboard.wsgi import application as horizon

served = whitenoise.WhiteNoise(horizon, root=os.environ['LAB_STATIC'], prefix='static/')


def application(environ, start_response):
    """Horizon's pages name some of their files with a slash too many, which web servers take for one."""
    return served({**environ, 'PATH_INFO': re.sub('//+', '/', environ['PATH_INFO'])}, start_response)
