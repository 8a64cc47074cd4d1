"""`python -m nlfgs_studio.app.cli` is the same as `nlfgs-studio`."""

import sys

from .program import main

sys.exit(main())
