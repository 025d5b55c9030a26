"""Digital codes: the stock, masked; the form that adds to it; reading one in clear, which its order's history tells."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin.bases import ReadOnlyAdmin, row_id
from orders.admin.display import badge
from orders.admin.doing import caller_of_request, perform
from orders.admin.filters import SelectFilter
from orders.admin.records import order_link
from orders.models import Code
from orders.services.code_imports import MOST_BYTES, Imported, import_codes
from orders.services.codes import reveal_code
from vendors.models import Product

IMPORT = "orders.add_code"
REVEAL = "orders.reveal_code"
# How many refused rows the result of an import names.
NAMED = 200
STATES = {"free": ("start", "Free"), "issued": ("success", "Issued"), "spent": ("failure", "Issued, order cancelled")}


class ProductField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.vendor}: {obj.name}"


class ImportForm(forms.Form):
    """A file of codes for one product."""

    product = ProductField(
        Product.objects.filter(is_digital=True).select_related("vendor").order_by("vendor__name", "name", "pk"),
        help_text="Those that are sold as codes.",
    )
    file = forms.FileField(
        label="CSV file", help_text=f"One code a line, in UTF-8, at most {MOST_BYTES // 1_000_000} MB."
    )
    batch = forms.CharField(
        max_length=80, required=False, help_text="A name to find them by; empty: the name of the file."
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES // 1_000_000} MB: divide it.")
        return file


class ProductFilter(SelectFilter):
    title = parameter_name = column = "product"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        products = Product.objects.filter(is_digital=True).order_by("vendor__name", "name", "pk")
        return [(pk, f"{vendor}: {name}") for pk, vendor, name in products.values_list("pk", "vendor__name", "name")]


class StateFilter(SelectFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, label) for state, (_, label) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Code]) -> QuerySet[Code]:
        match self.known():
            case "free":
                return queryset.filter(line__isnull=True)
            case "issued":
                return queryset.filter(line__isnull=False, spent_at__isnull=True)
            case "spent":
                return queryset.filter(spent_at__isnull=False)
        return queryset


def state_of(code: Code) -> SafeString:
    return badge(*STATES["spent" if code.spent_at else "issued" if code.line_id else "free"])


@admin.register(Code)
class CodeAdmin(ReadOnlyAdmin):
    """The stock of codes. None is shown in clear, but one by one to those with the permission, on record."""

    list_display = ["masked", "product", "vendor", "state", "order", "batch", "imported_at"]
    list_display_links = ["masked"]
    list_select_related = ["product__vendor", "line"]
    list_filter = [ProductFilter, StateFilter]
    ordering = ["-id"]
    search_fields = ["id"]
    search_help_text = "An order's id"
    change_list_template = "admin/orders/code/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Code]:
        return super().get_queryset(request).defer("sealed", "fingerprint")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Code], search_term: str
    ) -> tuple[QuerySet[Code], bool]:
        term = search_term.strip()
        return (queryset.filter(line__order=row_id(term.removeprefix("#")) or 0) if term else queryset), False

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(IMPORT)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(self.import_view), name="orders_code_import"),
            path("<id:code_id>/reveal/", wrap(never_cache(require_POST(self.reveal_view))), name="orders_code_reveal"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_import": self.has_import_permission(request)})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        code_id = row_id(object_id)
        return self.page(request, code_id) if code_id else self.missing(request, object_id)

    def page(self, request: HttpRequest, code_id: int, *, revealed: str = "") -> HttpResponse:
        """What is known of one code; the code itself only where it has just been revealed."""
        codes = self.get_queryset(request).select_related("product__vendor", "line")
        code = codes.filter(pk=code_id).first()
        if code is None:
            return self.missing(request, str(code_id))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"Code {code}",
            "subtitle": None,
            "code": code,
            "state": state_of(code),
            "may_reveal": bool(code.line) and request.user.has_perm(REVEAL),
            "revealed": revealed,
        }
        return TemplateResponse(request, "admin/orders/code/page.html", context)

    def reveal_view(self, request: HttpRequest, code_id: int) -> HttpResponse:
        """Shows the code once, on this answer; that it was read stays in the order's history."""
        if not self.has_view_permission(request) or not request.user.has_perm(REVEAL):
            raise PermissionDenied
        caller, told = caller_of_request(request), [""]

        def reveal() -> None:
            told[0] = reveal_code(code_id=code_id, caller=caller)

        done = perform(request, reveal, done="Revealed: the order's history says so.")
        return self.page(request, code_id, revealed=told[0] if done else "")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """The form, and below it what became of the file that was sent."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        result: Imported | None = None
        if request.method == "POST":
            form = ImportForm(request.POST, request.FILES)
        else:
            form = ImportForm(initial={"product": row_id(request.GET.get("product", ""))})
        if form.is_valid():
            result = self.do_import(request, form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media + form.media,
            "title": "Import codes",
            "subtitle": None,
            "form": form,
            "result": result,
            "refused": result.refused[:NAMED] if result else (),
        }
        return TemplateResponse(request, "admin/orders/code/import.html", context)

    def do_import(self, request: HttpRequest, given: dict[str, Any]) -> Imported | None:
        file, found = given["file"], list[Imported]()
        content, batch = file.read(), given["batch"] or file.name[:80]

        def read() -> None:
            found.append(import_codes(product_id=given["product"].pk, content=content, batch=batch, now=timezone.now()))

        return found[-1] if perform(request, read, done="The file was read.") else None

    @admin.display(description="code")
    def masked(self, code: Code) -> str:
        return str(code)

    @admin.display(description="vendor")
    def vendor(self, code: Code) -> str:
        return str(code.product.vendor)

    @admin.display(description="state")
    def state(self, code: Code) -> str:
        return state_of(code)

    @admin.display(description="order")
    def order(self, code: Code) -> str:
        return order_link(code.line.order_id if code.line else None)
