"""`python -m workflows.contract` writes docs/contract/ anew; it refuses what would break the contract."""

import sys

from workflows.contract.files import publish
from workflows.contract.public import interfaces

if words := publish(interfaces()):
    sys.exit(words)
