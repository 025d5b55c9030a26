"""A vendor's menu and hours as its own software keeps them: tills, stock systems."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from ordersite.accounts.authentication import caller_of
from ordersite.web.filters import IdFilter, filtered_rows
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import MAX_ID
from ordersite.web.views import ApiView, if_match, parse, render
from vendors.api.menu_serializers import (
    CategoryInput,
    HoursInput,
    HoursReplacedOutput,
    ManagedCategoryOutput,
    ManagedGroupOutput,
    ManagedHoursOutput,
    ManagedHoursRowOutput,
    ManagedOptionOutput,
    ManagedProductOutput,
    MenuOptionInput,
    NewProductInput,
    OptionGroupChangeInput,
    OptionGroupInput,
    ProductChangeInput,
    ProductOutcomesOutput,
    ProductRowsInput,
)
from vendors.api.serializers import UnservedOrderOutput
from vendors.api.views import MOST_UNSERVED
from vendors.models import Category, OpeningHours, Option, OptionGroup, Product, Vendor
from vendors.services.menu_changes import (
    change_part,
    change_product,
    change_products,
    create_category,
    create_group,
    create_option,
    create_product,
    delete_part,
    find_group,
    find_product,
    held_menu,
    managed_menu,
    menu_groups,
    menu_products,
)
from vendors.services.opening_hours import replace_hours

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that any of these calls answered: the menu's version. Where the menu has changed since, the "
    "answer is 412; without it the last write wins.",
)
PRODUCT_ORDERINGS = {
    "position": ("category__position", "category_id", "position", "id"),
    "id": ("id",),
    "name": ("name", "id"),
    "plu_code": ("plu_code", "id"),
}
PART_ORDERINGS = {"position": ("position", "id"), "id": ("id",), "name": ("name", "id")}
GROUP_ORDERINGS = {"id": ("id",), "name": ("name", "id")}


class MenuProductFilter(FilterSet):
    """The query parameters of the list of products."""

    category = IdFilter()
    plu_code = CharFilter(max_length=40)
    q = CharFilter(field_name="name", lookup_expr="icontains", max_length=120)
    is_available = ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="available")

    class Meta:
        model = Product
        fields: list[str] = []

    def available(self, rows: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return rows.filter(is_available=value == "true")


def tagged(vendor: Vendor, answer: Response) -> Response:
    """The answer with the menu's version as its ETag."""
    answer["ETag"] = f'"{vendor.menu_version}"'
    return answer


def held(request: Request, vendor_id: int) -> Vendor:
    return held_menu(caller_of(request), vendor_id, if_match(request))


def listed(
    request: Request,
    vendor: Vendor,
    rows: QuerySet[Any],
    output: type[Serializer],
    orderings: Mapping[str, tuple[str, ...]],
    default: str = "position",
) -> Response:
    page = paginate(request, rows, lambda row: render(output, row), orderings=orderings, default=default)
    return tagged(vendor, page)


class ManagedMenuView(ApiView):
    """Of who keeps a vendor's menu: its owner and managers, its merchant's tokens, and staff."""

    permission_classes = [IsAuthenticated]


class MenuProductsView(ManagedMenuView):
    """All products of a vendor."""

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            ordering_parameter(*PRODUCT_ORDERINGS),
            OpenApiParameter("category", {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}),
            OpenApiParameter("plu_code", {"type": "string", "maxLength": 40}, description="Exactly this code."),
            OpenApiParameter("q", {"type": "string", "maxLength": 120}, description="A part of the product's name."),
            OpenApiParameter("is_available", {"type": "boolean"}, description="Only those that are, or are not."),
        ],
        responses=page_schema(ManagedProductOutput),
        operation_id="listProducts",
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """The whole menu as its managers see it, also what is not available."""
        vendor = managed_menu(caller_of(request), vendor_id)
        rows = filtered_rows(MenuProductFilter(request.query_params, menu_products(vendor)))
        return listed(request, vendor, rows, ManagedProductOutput, PRODUCT_ORDERINGS)

    @extend_schema(
        request=NewProductInput,
        parameters=[IF_MATCH],
        responses={201: ManagedProductOutput},
        operation_id="createProduct",
    )
    def post(self, request: Request, vendor_id: int) -> Response:
        """Add a product."""
        given = parse(NewProductInput, request.data)
        vendor = held(request, vendor_id)
        product = create_product(vendor, given)
        return tagged(vendor, Response(render(ManagedProductOutput, product), status=201))

    @extend_schema(
        request=ProductRowsInput,
        parameters=[IF_MATCH],
        responses=ProductOutcomesOutput,
        operation_id="changeProducts",
    )
    def patch(self, request: Request, vendor_id: int) -> Response:
        """Change many products at once by id or by the till's code, all or none; add those whose code is new.

        What a row does not name stays. The same call again changes nothing, but for `stock_change`.
        """
        rows = parse(ProductRowsInput, request.data)["products"]
        vendor = held(request, vendor_id)
        results = [
            {"id": change.row.pk, "plu_code": change.row.plu_code, "outcome": outcome, "stock": change.stock}
            for change, outcome in change_products(vendor, rows)
        ]
        return tagged(
            vendor, Response(render(ProductOutcomesOutput, {"version": vendor.menu_version, "results": results}))
        )


class MenuProductView(ManagedMenuView):
    """One product."""

    @extend_schema(responses=ManagedProductOutput, operation_id="readProduct")
    def get(self, request: Request, vendor_id: int, product_id: int) -> Response:
        """One product as its managers see it."""
        vendor = managed_menu(caller_of(request), vendor_id)
        return tagged(vendor, Response(render(ManagedProductOutput, find_product(vendor, product_id))))

    @extend_schema(
        request=ProductChangeInput, parameters=[IF_MATCH], responses=ManagedProductOutput, operation_id="changeProduct"
    )
    def patch(self, request: Request, vendor_id: int, product_id: int) -> Response:
        """Change a product: what is not named stays."""
        given = parse(ProductChangeInput, request.data)
        vendor = held(request, vendor_id)
        product = change_product(vendor, product_id, given)
        return tagged(vendor, Response(render(ManagedProductOutput, product)))

    @extend_schema(parameters=[IF_MATCH], responses={204: None}, operation_id="deleteProduct")
    def delete(self, request: Request, vendor_id: int, product_id: int) -> Response:
        """Take a product off the menu for good; orders of it stay as they are. For a while: is_available false."""
        return deleted(request, vendor_id, Product, product_id)


def deleted(request: Request, vendor_id: int, model: type[Any], pk: int) -> Response:
    vendor = held(request, vendor_id)
    delete_part(vendor, model, pk)
    return tagged(vendor, Response(status=204))


class CategoriesView(ManagedMenuView):
    """The categories of a menu."""

    @extend_schema(
        parameters=[*PAGE_PARAMETERS, ordering_parameter(*PART_ORDERINGS)],
        responses=page_schema(ManagedCategoryOutput),
        operation_id="listCategories",
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """The categories, also those without a product."""
        vendor = managed_menu(caller_of(request), vendor_id)
        rows = Category.objects.filter(vendor=vendor)
        return listed(request, vendor, rows, ManagedCategoryOutput, PART_ORDERINGS)

    @extend_schema(
        request=CategoryInput,
        parameters=[IF_MATCH],
        responses={201: ManagedCategoryOutput},
        operation_id="createCategory",
    )
    def post(self, request: Request, vendor_id: int) -> Response:
        """Add a category."""
        given = parse(CategoryInput, request.data)
        vendor = held(request, vendor_id)
        category = create_category(vendor, given)
        return tagged(vendor, Response(render(ManagedCategoryOutput, category), status=201))


class CategoryView(ManagedMenuView):
    """One category."""

    @extend_schema(
        request=CategoryInput, parameters=[IF_MATCH], responses=ManagedCategoryOutput, operation_id="changeCategory"
    )
    def patch(self, request: Request, vendor_id: int, category_id: int) -> Response:
        """Change a category."""
        given = parse(CategoryInput, request.data, partial=True)
        vendor = held(request, vendor_id)
        category = change_part(vendor, Category, category_id, given)
        return tagged(vendor, Response(render(ManagedCategoryOutput, category)))

    @extend_schema(parameters=[IF_MATCH], responses={204: None}, operation_id="deleteCategory")
    def delete(self, request: Request, vendor_id: int, category_id: int) -> Response:
        """Delete a category that has no products."""
        return deleted(request, vendor_id, Category, category_id)


class OptionGroupsView(ManagedMenuView):
    """The option groups of a menu."""

    @extend_schema(
        parameters=[*PAGE_PARAMETERS, ordering_parameter(*GROUP_ORDERINGS)],
        responses=page_schema(ManagedGroupOutput),
        operation_id="listOptionGroups",
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """The option groups with all their options, also those that no product has."""
        vendor = managed_menu(caller_of(request), vendor_id)
        return listed(request, vendor, menu_groups(vendor), ManagedGroupOutput, GROUP_ORDERINGS, "name")

    @extend_schema(
        request=OptionGroupInput,
        parameters=[IF_MATCH],
        responses={201: ManagedGroupOutput},
        operation_id="createOptionGroup",
    )
    def post(self, request: Request, vendor_id: int) -> Response:
        """Add an option group with its options; a product has it that names it."""
        given = parse(OptionGroupInput, request.data)
        vendor = held(request, vendor_id)
        group = find_group(vendor, create_group(vendor, given).pk)
        return tagged(vendor, Response(render(ManagedGroupOutput, group), status=201))


class OptionGroupView(ManagedMenuView):
    """One option group."""

    @extend_schema(
        request=OptionGroupChangeInput,
        parameters=[IF_MATCH],
        responses=ManagedGroupOutput,
        operation_id="changeOptionGroup",
    )
    def patch(self, request: Request, vendor_id: int, group_id: int) -> Response:
        """Change an option group; its options are changed one by one."""
        given = parse(OptionGroupChangeInput, request.data, partial=True)
        vendor = held(request, vendor_id)
        group = find_group(vendor, change_part(vendor, OptionGroup, group_id, given).pk)
        return tagged(vendor, Response(render(ManagedGroupOutput, group)))

    @extend_schema(parameters=[IF_MATCH], responses={204: None}, operation_id="deleteOptionGroup")
    def delete(self, request: Request, vendor_id: int, group_id: int) -> Response:
        """Delete an option group with its options, from all products; unless one of them brings up another group."""
        return deleted(request, vendor_id, OptionGroup, group_id)


class GroupOptionsView(ManagedMenuView):
    """The options of a group."""

    @extend_schema(
        request=MenuOptionInput,
        parameters=[IF_MATCH],
        responses={201: ManagedOptionOutput},
        operation_id="createOption",
    )
    def post(self, request: Request, vendor_id: int, group_id: int) -> Response:
        """Add an option to a group."""
        given = parse(MenuOptionInput, request.data)
        vendor = held(request, vendor_id)
        option = create_option(vendor, group_id, given)
        return tagged(vendor, Response(render(ManagedOptionOutput, option), status=201))


class MenuOptionView(ManagedMenuView):
    """One option."""

    @extend_schema(
        request=MenuOptionInput, parameters=[IF_MATCH], responses=ManagedOptionOutput, operation_id="changeOption"
    )
    def patch(self, request: Request, vendor_id: int, option_id: int) -> Response:
        """Change an option, or say that it is not available."""
        given = parse(MenuOptionInput, request.data, partial=True)
        vendor = held(request, vendor_id)
        option = change_part(vendor, Option, option_id, given)
        return tagged(vendor, Response(render(ManagedOptionOutput, option)))

    @extend_schema(parameters=[IF_MATCH], responses={204: None}, operation_id="deleteOption")
    def delete(self, request: Request, vendor_id: int, option_id: int) -> Response:
        """Delete an option, unless it brings up a group."""
        return deleted(request, vendor_id, Option, option_id)


class HoursView(ManagedMenuView):
    """When a vendor is open."""

    @extend_schema(responses=ManagedHoursOutput, operation_id="readHours")
    def get(self, request: Request, vendor_id: int) -> Response:
        """The week, and the dates that differ from it; with the limits of time slots."""
        vendor = managed_menu(caller_of(request), vendor_id)
        return tagged(vendor, Response(hours_as_json(vendor)))

    @extend_schema(
        request=HoursInput, parameters=[IF_MATCH], responses=HoursReplacedOutput, operation_id="replaceHours"
    )
    def put(self, request: Request, vendor_id: int) -> Response:
        """Replace all hours. Where orders fall on what would be closed, the answer is 409 `harms_orders`.

        That tells in `harm` what would follow; to make the change all the same, send its `agree` with it.
        """
        given = parse(HoursInput, request.data)
        vendor = held(request, vendor_id)
        unserved = replace_hours(
            vendor=vendor, caller=caller_of(request), hours=given["hours"], agreed=given.get("agree", "")
        )
        named = [render(UnservedOrderOutput, order) for order in unserved[:MOST_UNSERVED]]
        return tagged(vendor, Response({**hours_as_json(vendor), "cannot_serve": named}))


def hours_as_json(vendor: Vendor) -> dict[str, Any]:
    rows = OpeningHours.objects.filter(vendor=vendor).select_related("vendor")
    rows = rows.order_by("date", "weekday", "opens", "id")
    return {"version": vendor.menu_version, "hours": [render(ManagedHoursRowOutput, row) for row in rows]}
