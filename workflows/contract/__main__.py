"""`python -m workflows.contract` regenerates docs/contract/; it refuses a change that would break the contract."""

import sys

from workflows.contract.files import publish
from workflows.contract.public import interfaces

if words := publish(interfaces()):
    sys.exit(words)
