"""Digital codes: the stock, masked; the form that adds to it; reading one in clear, which its order's history tells."""

import uuid
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin.display import badge
from orders.admin.filters import SelectFilter
from orders.admin.forms import first_error
from orders.admin.purchases import order_link
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.service_calls import perform, perform_and_answer, refusal
from orders.models import Code, CodeUpload
from orders.services.capacity.code_imports import (
    DELIMITERS,
    MOST_BYTES,
    MOST_COLUMNS,
    PREVIEWED,
    Layout,
    RefusedRow,
    content_of,
    find_upload,
    guess_layout,
    import_upload,
    keep_upload,
    preview_upload,
)
from orders.services.capacity.codes import reveal_code
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.backoffice.moments import moment_column
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.faults import Refusal
from ordersite.core.wording import NATIVE
from vendors.admin.scoping import ScopedAdmin, within
from vendors.models import Product

IMPORT = Right.ADD_CODES
REVEAL = Right.REVEAL_CODES
# How many refused rows the result of an import names.
NAMED = 200
STATES = {"free": ("start", "Free"), "issued": ("success", "Issued"), "spent": ("failure", "Issued, order cancelled")}


class ProductField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.vendor}: {obj.name}"


class UploadForm(TypedForm, forms.Form):
    """A file of codes for one product."""

    product = ProductField(
        Product.objects.filter(is_digital=True).select_related("vendor").order_by("vendor__name", "name", "pk"),
        help_text="Only products that are sold as digital codes.",
    )
    file = forms.FileField(
        label="CSV file",
        help_text=f"One code per line, alone or with other columns, in UTF-8, {MOST_BYTES // 1_000_000} MB at most.",
    )
    batch = forms.CharField(
        max_length=80, required=False, help_text="A name for this import. If it is empty, the name of the file is used."
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product: Any = self.fields["product"]
        product.queryset = within(request, product.queryset, "vendor")

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(
                f"The file is larger than {MOST_BYTES // 1_000_000} MB: divide it into several files."
            )
        return file


class LayoutForm(TypedForm, forms.Form):
    """Where the codes are in a file. `shown` says for which answers the page has shown the rows."""

    has_heading = forms.BooleanField(label="The first row is a header", required=False)
    column = forms.TypedChoiceField(label="Column with the codes", coerce=int)
    delimiter = forms.ChoiceField(
        label="Columns are separated by", choices=[(name, f"a {name}") for name in DELIMITERS]
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, columns: int = MOST_COLUMNS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        column: Any = self.fields["column"]
        column.choices = [(number, f"column {number}") for number in range(1, columns + 1)]

    def layout(self) -> Layout:
        return Layout(**{name: self.cleaned_data[name] for name in ("delimiter", "column", "has_heading")})


def layout_in_words(layout: Layout) -> str:
    """What the page that showed a layout says it has shown."""
    return f"{layout.delimiter} {layout.column} {layout.has_heading}"


class ProductFilter(SelectFilter):
    title = parameter_name = column = "product"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        sold = within(request, Product.objects.filter(is_digital=True), "vendor")
        products = sold.order_by("vendor__name", "name", "pk")
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


def code_state(code: Code) -> SafeString:
    return badge(*STATES["spent" if code.spent_at else "issued" if code.line_id else "free"])


@admin.register(Code)
class CodeAdmin(ScopedAdmin, ReadOnlyAdmin):
    """The stock of codes. None is shown in clear, but one by one to those with the permission, on record."""

    vendor_path = "product__vendor"
    list_display = ["masked", "product", "vendor", "state", "order", "batch", "imported"]
    imported = moment_column("imported_at", lambda code: code.product.vendor.zone, "imported at")
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

    def has_reveal_permission(self, request: HttpRequest) -> bool:
        may = self.has_view_permission(request) and acts_everywhere(request)
        return may and request.user.has_perm(REVEAL)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(self.upload_view), name="orders_code_import"),
            path("import/<uuid:upload_id>/", wrap(never_cache(self.import_view)), name="orders_code_upload"),
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
            "state": code_state(code),
            "may_reveal": bool(code.line) and self.has_reveal_permission(request),
            "revealed": revealed,
        }
        return TemplateResponse(request, "admin/orders/code/page.html", context)

    def reveal_view(self, request: HttpRequest, code_id: int) -> HttpResponse:
        """Shows the code once, on this answer; that it was read stays in the order's history."""
        if not self.has_reveal_permission(request):
            raise PermissionDenied
        caller, told = caller_of_request(request), [""]

        def reveal() -> None:
            told[0] = reveal_code(code_id=code_id, caller=caller)

        done = perform(request, reveal, done="The code is shown. The order's history records who looked at it.")
        return self.page(request, code_id, revealed=told[0] if done else "")

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """First the file, which is kept encrypted until somebody has looked at its rows."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            form = UploadForm(request, request.POST, request.FILES)
        else:
            form = UploadForm(request, initial={"product": row_id(request.GET.get("product", ""))})
        if form.is_valid():
            kept = self.keep(request, form.cleaned_data)
            if kept is not None:
                return HttpResponseRedirect(reverse("admin:orders_code_upload", args=[kept]))
        return self.import_page(request, {"form": form, "media": self.media + form.media})

    def keep(self, request: HttpRequest, given: dict[str, Any]) -> str | None:
        """The id of the upload, or None and a message."""
        file: UploadedFile = given["file"]
        content, batch = file.read(), given["batch"] or str(file.name)[:80]

        def call() -> str:
            upload = keep_upload(
                caller=caller_of_request(request),
                product_id=given["product"].pk,
                content=content,
                batch=batch,
                now=timezone.now(),
            )
            return str(upload.pk)

        response = perform_and_answer(
            request, call, done="Nothing has been imported yet: check the first rows, then confirm."
        )
        return str(response.data) if response else None

    def import_view(self, request: HttpRequest, upload_id: uuid.UUID) -> HttpResponse:
        """Then its first rows, and where the codes are; imported is what the page has shown, and nothing else."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = LayoutForm(request.POST) if request.method == "POST" else None
        if form and form.is_valid() and "import" in request.POST:
            layout = form.layout()
            if form.cleaned_data["shown"] == layout_in_words(layout):
                return self.do_import(request, upload_id, layout)
            messages.warning(
                request, "Nothing has been imported yet. The file is now read like this: check it, then confirm."
            )
        elif form and not form.is_valid():
            messages.error(request, first_error(form))
        try:
            upload = find_upload(upload_id=upload_id, user_id=request.user.pk or 0, now=timezone.now())
            layout = form.layout() if form and form.is_valid() else guess_layout(content_of(upload))
            context = self.preview_context(upload, layout)
        except Refusal as problem:
            messages.error(request, refusal(problem))
            return HttpResponseRedirect(reverse("admin:orders_code_import"))
        return self.import_page(request, context)

    def preview_context(self, upload: CodeUpload, layout: Layout) -> dict[str, Any]:
        """The rows as this layout reads them; raises Problem."""
        preview = preview_upload(upload, layout)
        initial = {**asdict(layout), "shown": layout_in_words(layout)}
        form = LayoutForm(initial=initial, columns=max(preview.columns, layout.column))
        heading = preview.rows[0] if layout.has_heading else []
        rows = preview.rows[1:] if layout.has_heading else preview.rows[:PREVIEWED]
        return {
            "upload": upload,
            "product": Product.objects.select_related("vendor").get(pk=upload.product_id),
            "layout_form": form,
            "layout": layout,
            "preview": preview,
            "heading": heading,
            "numbers": range(1, preview.columns + 1),
            "rows": rows,
            "refused": [told_row(row) for row in preview.refused[:NAMED]],
        }

    def do_import(self, request: HttpRequest, upload_id: uuid.UUID, layout: Layout) -> HttpResponse:
        """Imports it once, however often the page is sent, and shows what became of it."""
        caller = caller_of_request(request)

        def call() -> dict[str, Any]:
            done = import_upload(upload_id=upload_id, caller=caller, layout=layout, now=timezone.now())
            named = [told_row(row) for row in done.refused[:NAMED]]
            counts = {"imported": done.imported, "doubles": done.doubles, "refused": len(done.refused)}
            return {**counts, "product": done.product.pk, "batch": done.batch, "named": named}

        response = perform_and_answer(
            request, call, done="The file was read: see below what was imported.", key=str(upload_id)
        )
        if response is None:
            return HttpResponseRedirect(reverse("admin:orders_code_import"))
        result = response.data
        product = Product.objects.select_related("vendor").filter(pk=result["product"]).first()
        return self.import_page(request, {"result": result, "product": product, "form": UploadForm(request)})

    def import_page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        base = {"opts": self.opts, "media": self.media, "title": "Import codes", "subtitle": None}
        return TemplateResponse(
            request,
            "admin/orders/code/import.html",
            {**self.admin_site.each_context(request), **base, **context},
        )

    @admin.display(description="code")
    def masked(self, code: Code) -> str:
        return str(code)

    @admin.display(description="vendor")
    def vendor(self, code: Code) -> str:
        return str(code.product.vendor)

    @admin.display(description="state")
    def state(self, code: Code) -> str:
        return code_state(code)

    @admin.display(description="order")
    def order(self, code: Code) -> str:
        return order_link(code.line.order_id if code.line else None)


def told_row(row: RefusedRow) -> dict[str, Any]:
    """A refused row of a file: its line, and what is wrong with it."""
    return {"line": row.line, "why": NATIVE.sentence(row.fault)}
