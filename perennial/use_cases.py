"""All use cases, by noun: what a program does with Perennial."""

from perennial.account.billing import Billing
from perennial.bulk.bulk import Bulk
from perennial.catalog.browsing import Browsing
from perennial.catalog.customers import Customers
from perennial.catalog.importing import CatalogImport
from perennial.notifications.notifications import Notifications
from perennial.order.carts import Carts
from perennial.order.orders import Orders
from perennial.order.setup_links import SetupLinks
from perennial.reconciliation.conflicts import Conflicts
from perennial.reconciliation.reconciliation import Reconciliation
from perennial.reconciliation.repair import Repair
from perennial.search import Search
from perennial.sources.sources import Sources
from perennial.subscription.commands import Commands
from perennial.subscription.publishers import ForPublishers
from perennial.subscription.usage import Usage
from perennial.subscription.views import Views
from perennial.takeover.exporting import TakeoverExport
from perennial.takeover.importing import TakeoverImport


class Perennial:
    """The way in for programs; `hosting.opening` makes one. Values in, values out; a refusal by a rule is an answer."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.catalog = Browsing(sources)
        self.catalog_import = CatalogImport(sources)
        self.customers = Customers(sources)
        self.orders = Orders(sources)
        self.carts = Carts(sources, self.orders)
        self.setup_links = SetupLinks(sources)
        self.commands = Commands(sources)
        self.subscriptions = Views(sources)
        self.search = Search(sources)
        self.usage = Usage(sources)
        self.billing = Billing(sources)
        self.publishers = ForPublishers(sources)
        self.notifications = Notifications(sources)
        self.reconciliation = Reconciliation(sources)
        self.repair = Repair(sources)
        self.bulk = Bulk(sources)
        self.conflicts = Conflicts(sources)
        self.takeover_import = TakeoverImport(sources)
        self.takeover_export = TakeoverExport(sources)
