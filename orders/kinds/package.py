"""Packages: what the vendor carries from a pick-up to a drop-off."""

from orders.kinds.base import OrderKind
from orders.models import Kind, Order


class PackageKind(OrderKind):
    name = Kind.PACKAGE
    content = "package"
    offered_by = "package_types"
    skips_preparing = True
    has_fee_by_distance = True

    def is_withdrawn(self, order: Order) -> bool:
        package_type = order.package.package_type
        return package_type is None or not package_type.is_active
