"""Pages of one vendor's whole menu: sorted, exported, imported from a file, copied from another vendor's."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

import ordersite.web.urls  # noqa: F401  registers <id:…>
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.rights import Right
from ordersite.backoffice.row_choosers import Chooser, row_id
from ordersite.backoffice.selections import COLLISION
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.faults import NotFound, Refusal, Stale
from ordersite.core.spreadsheets import csv_lines, write_workbook
from ordersite.core.wording import NATIVE
from ordersite.web.problems import as_problem
from vendors.admin.scoping import own_vendors
from vendors.models import Product, Vendor
from vendors.services.menu_copies import PARTS, copy_menu, plan_copy
from vendors.services.menu_files import (
    MOST_BYTES,
    MOST_ROWS,
    find_menu_upload,
    import_menu_upload,
    keep_menu_upload,
    menu_table,
    plan_upload,
)
from vendors.services.menu_plans import CHANGED, NEW, OFF, MenuPlan, Ways
from vendors.services.menu_rows import COLUMNS
from vendors.services.sorting import parent_of_list, rows_in_order, sort_rows

CHANGE, VIEW = "vendors.change_product", "vendors.view_product"
# Of rows and of faults so many are named on a page.
NAMED = 200
MOST_SORTED = 1000
# Of each list: what it is called, and which lists its rows have.
TITLES = {"categories": "Categories", "products": "Products", "groups": "Option groups", "options": "Options"}
PARTS_OF = {"categories": ("products",), "products": ("groups",), "groups": ("options",), "options": ()}
MOVES = {"first": "To the top", "up": "Up", "down": "Down", "last": "To the end"}
SHAPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def caller_in(request: HttpRequest) -> Caller:
    user: Any = request.user
    return caller_of_user(user)


def do_at_once(request: HttpRequest, call: Callable[[], Any]) -> Any:
    """What the call returns, in one transaction; None, and a message, where it is refused."""
    try:
        with transaction.atomic():
            return call()
    except Refusal as refused:
        (messages.warning if isinstance(refused, Stale) else messages.error)(request, as_problem(refused).detail)
    except OperationalError:
        messages.error(request, COLLISION)
    return None


def with_move(order: list[int], pk: int, move: str) -> list[int]:
    """The order with one row moved."""
    at = order.index(pk)
    to = {"first": 0, "up": max(at - 1, 0), "down": at + 1, "last": len(order)}[move]
    rest = [one for one in order if one != pk]
    return [*rest[:to], pk, *rest[to:]]


def read_ids(text: str) -> list[int]:
    """The ids in a text; what is no id makes no order that stands."""
    return [row_id(one) or 0 for one in text.split(",") if one][: MOST_SORTED + 1]


class MenuFileForm(TypedForm, forms.Form):
    """A file, and what is done with what it does not say."""

    file = forms.FileField(
        label="File", help_text=f"CSV in UTF-8 or XLSX, at most {MOST_BYTES // 1_000_000} MB and {MOST_ROWS:,} rows."
    )
    takes_off = forms.BooleanField(label="Products and options that are not in the file go off sale", required=False)
    sets_stock = forms.BooleanField(
        label="The stock becomes that of the file",
        required=False,
        help_text="Only where nothing was ordered since it was exported.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                f"The file is larger than {MOST_BYTES // 1_000_000} MB: divide it into several files."
            )
        return file


class CopyForm(TypedForm, forms.Form):
    """From whom, what, and what becomes of names that are there already."""

    source = forms.ModelChoiceField(Vendor.objects.none(), label="Copy from")
    parts = forms.MultipleChoiceField(
        label="What is copied besides categories and products",
        choices=[(part, title) for part, (title, _) in PARTS.items()],
        initial=list(PARTS),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    existing = forms.ChoiceField(
        label="Names that are there already",
        choices=[("skip", "stay as they are"), ("replace", "become as they are at the other vendor")],
        initial="skip",
        widget=forms.RadioSelect,
    )

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(*args)
        source: Any = self.fields["source"]
        source.queryset = own_vendors(request)
        source.widget = Chooser(Product._meta.get_field("vendor"), admin.site)
        source.widget.choices = source.choices

    def given(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"source": given["source"], "parts": given["parts"], "replaces": given["existing"] == "replace"}


def plan_context(plan: MenuPlan) -> dict[str, Any]:
    """A plan as its page shows it: counts, what is wrong, and what would be written."""
    written = [item for item in plan.items if item.act in (NEW, CHANGED, OFF)]
    return {
        "plan": plan,
        "counts": plan.counts.items(),
        "written": written[:NAMED],
        "more_written": max(0, len(written) - NAMED),
        "faults": [(one.line, one.heading, NATIVE.sentence(one.fault)) for one in plan.faults[:NAMED]],
        "more_faults": max(0, len(plan.faults) - NAMED),
        "may_confirm": bool(written) and not plan.faults,
    }


class MenuPages(admin.ModelAdmin):
    """Beside the lists of products: the pages of a vendor's whole menu."""

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(f"menus/<id:vendor_id>/{route}", self.admin_site.admin_view(never_cache(view)), name=name)

        return [
            page("", self.sort_view, "vendors_menu_sort"),
            page("menu.csv", require_safe(self.csv_view), "vendors_menu_export_csv"),
            page("menu.xlsx", require_safe(self.xlsx_view), "vendors_menu_export_xlsx"),
            page("import/", self.import_view, "vendors_menu_import"),
            page("import/<uuid:upload_id>/", self.confirm_view, "vendors_menu_upload"),
            page("copy/", self.copy_view, "vendors_menu_copy"),
            *super().get_urls(),
        ]

    def vendor_asked(self, request: HttpRequest, vendor_id: int, *rights: str) -> Vendor:
        """The vendor of a page; raises PermissionDenied without the rights, and Http404 for another's."""
        user: Any = request.user
        if not all(user.has_perm(right) for right in rights):
            raise PermissionDenied
        vendor = own_vendors(request).filter(pk=vendor_id).first()
        if vendor is None:
            raise Http404
        return vendor

    def menu_page(
        self, request: HttpRequest, name: str, vendor: Vendor, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        media = (
            self.media
            + forms.Media(css={"all": ["admin-orders.css", "admin-menu.css"]})
            + context.pop("more_media", forms.Media())
        )
        base = {"opts": self.opts, "media": media, "title": title, "subtitle": None, "vendor": vendor}
        shared = {**self.admin_site.each_context(request), **base, **context}
        return TemplateResponse(request, f"admin/vendors/menu/{name}.html", shared)

    # --- sorting

    def sort_view(self, request: HttpRequest, vendor_id: int) -> HttpResponse:
        """One list of the menu: each press of a button moves a row, and so does dropping it."""
        vendor = self.vendor_asked(request, vendor_id, CHANGE, Right.CHANGE_VENDORS)
        of, parent_id = request.GET.get("of", "categories"), row_id(request.GET.get("in", ""))
        try:
            parent = parent_of_list(vendor, of, parent_id)
        except NotFound:
            if request.GET:
                messages.warning(request, "There is no such part of the menu any more.")
                return HttpResponseRedirect(request.path)
            raise
        if request.method == "POST":
            return self.sort(request, vendor, of, parent_id)
        rows: Any = rows_in_order(vendor, of, parent)
        if of == "groups":
            rows = rows.select_related("group")
        listed = list(rows[: MOST_SORTED + 1])
        context = {
            "of": of,
            "heading": TITLES[of],
            "parent": parent,
            "rows": [self.sorted_row(of, row) for row in listed[:MOST_SORTED]],
            "is_too_long": len(listed) > MOST_SORTED,
            "most": MOST_SORTED,
            "shown": ",".join(str(row.pk) for row in listed),
            "moves": MOVES.items(),
            "pressed": request.GET.get("pressed", ""),
            "groups": vendor.option_groups.all()[:MOST_SORTED] if of == "categories" else (),
        }
        return self.menu_page(request, "sort", vendor, f"Menu of {vendor}", context)

    def sorted_row(self, of: str, row: Any) -> dict[str, Any]:
        """A row, and where the list of its parts is."""
        own = row.group if of == "groups" else row
        inner = next(iter(PARTS_OF[of]), "")
        link = f"?{urlencode({'of': inner, 'in': own.pk})}" if inner else ""
        return {"pk": row.pk, "name": str(own), "link": link, "inner": TITLES.get(inner, "")}

    def sort(self, request: HttpRequest, vendor: Vendor, of: str, parent_id: int | None) -> HttpResponse:
        shown = read_ids(request.POST.get("shown", ""))
        move, _, key = request.POST.get("move", "").partition(":")
        pk = row_id(key)
        if move in MOVES and pk in shown:
            order = with_move(shown, pk, move)
        else:
            order = read_ids(request.POST.get("order", ""))

        def call() -> bool:
            sort_rows(vendor=vendor, caller=caller_in(request), of=of, parent_id=parent_id, shown=shown, order=order)
            return True

        query: dict[str, str | int] = {"of": of, **({"in": parent_id} if parent_id else {})}
        if do_at_once(request, call):
            if pk is not None and pk in order:
                messages.success(request, f"Moved to place {order.index(pk) + 1} of {len(order)}.")
                query["pressed"] = f"{move}:{pk}"
            else:
                messages.success(request, "The new order is saved.")
        return HttpResponseRedirect(f"{request.path}?{urlencode(query)}")

    # --- files

    def csv_view(self, request: HttpRequest, vendor_id: int) -> Any:
        vendor = self.vendor_asked(request, vendor_id, VIEW)
        content = "".join(csv_lines(menu_table(vendor)))
        headers = {"Content-Disposition": f'attachment; filename="menu-{vendor.pk}.csv"'}
        return HttpResponse(content, content_type=SHAPES["csv"], headers=headers)

    def xlsx_view(self, request: HttpRequest, vendor_id: int) -> Any:
        vendor = self.vendor_asked(request, vendor_id, VIEW)
        file: Any = write_workbook(menu_table(vendor))
        headers = {"Content-Disposition": f'attachment; filename="menu-{vendor.pk}.xlsx"'}
        return HttpResponse(file.read(), content_type=SHAPES["xlsx"], headers=headers)

    def import_view(self, request: HttpRequest, vendor_id: int) -> HttpResponse:
        """First the file, which is kept until somebody has looked at what it would do."""
        vendor = self.vendor_asked(request, vendor_id, CHANGE, Right.CHANGE_VENDORS)
        form = MenuFileForm(request.POST, request.FILES) if request.method == "POST" else MenuFileForm()
        if form.is_bound and form.is_valid():
            given = form.cleaned_data
            ways = Ways(takes_off=given["takes_off"], sets_stock=given["sets_stock"])
            upload = do_at_once(
                request,
                lambda: keep_menu_upload(
                    vendor=vendor,
                    caller=caller_in(request),
                    content=given["file"].read(),
                    ways=ways,
                    now=timezone.now(),
                ),
            )
            if upload is not None:
                return HttpResponseRedirect(reverse("admin:vendors_menu_upload", args=[vendor.pk, upload.pk]))
        context = {"form": form, "columns": COLUMNS}
        return self.menu_page(request, "import", vendor, f"Import a menu for {vendor}", context)

    def confirm_view(self, request: HttpRequest, vendor_id: int, upload_id: uuid.UUID) -> HttpResponse:
        """Then what it would do; imported is what the page has shown, and nothing else."""
        vendor = self.vendor_asked(request, vendor_id, CHANGE, Right.CHANGE_VENDORS)
        caller, now = caller_in(request), timezone.now()
        if request.method == "POST":
            plan = do_at_once(
                request,
                lambda: import_menu_upload(
                    vendor=vendor,
                    caller=caller,
                    upload_id=upload_id,
                    shown=request.POST.get("shown", ""),
                    now=now,
                ),
            )
            if plan is not None:
                messages.success(request, f"The menu was imported: {counts_in_words(plan)}.")
                return HttpResponseRedirect(reverse("admin:vendors_menu_sort", args=[vendor.pk]))
        try:
            plan = plan_upload(vendor, find_menu_upload(vendor=vendor, caller=caller, upload_id=upload_id, now=now))
        except Refusal as refused:
            messages.error(request, as_problem(refused).detail)
            return HttpResponseRedirect(reverse("admin:vendors_menu_import", args=[vendor.pk]))
        return self.menu_page(request, "import", vendor, f"Import a menu for {vendor}", plan_context(plan))

    # --- another vendor's

    def copy_view(self, request: HttpRequest, vendor_id: int) -> HttpResponse:
        vendor = self.vendor_asked(request, vendor_id, CHANGE, Right.CHANGE_VENDORS)
        form = CopyForm(request, request.POST) if request.method == "POST" else CopyForm(request)
        context: dict[str, Any] = {"form": form, "more_media": form.media}
        if form.is_bound:
            context["sent"] = [(name, value) for name in form.fields for value in request.POST.getlist(name)]
        if form.is_bound and form.is_valid():
            given = form.given()
            if shown := request.POST.get("shown", ""):
                plan = do_at_once(
                    request, lambda: copy_menu(vendor=vendor, caller=caller_in(request), shown=shown, **given)
                )
                if plan is not None:
                    messages.success(request, f"The menu was copied: {counts_in_words(plan)}.")
                    return HttpResponseRedirect(reverse("admin:vendors_menu_sort", args=[vendor.pk]))
            try:
                context |= plan_context(plan_copy(vendor=vendor, **given))
            except Refusal as refused:
                form.add_error("source", as_problem(refused).detail)
        return self.menu_page(request, "copy", vendor, f"Copy a menu to {vendor}", context)


def counts_in_words(plan: MenuPlan) -> str:
    return ", ".join(f"{count} {act}" for act, count in plan.counts.items() if count)
