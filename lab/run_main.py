"""Run the program that an OpenStack service keeps in a module.

    run_main.py MODULE [ARGUMENTS...]

The module is imported first of all, since it chooses the threading back end.
"""

import importlib
import sys

module = importlib.import_module(sys.argv[1])
sys.argv = sys.argv[1:]
sys.exit(module.main())
