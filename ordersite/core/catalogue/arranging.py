"""Sentences for what arranging a menu in the back-office refuses: vendors.services.menu_files and what it uses."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.FAULTY_MENU_ROWS: _("Nothing was written: correct the rows that are named, and upload the file again."),
    FaultCode.STALE_MENU_PLAN: _(
        "The menu has changed since this was shown. Nothing was written: check it again below."
    ),
    FaultCode.STALE_ORDER_OF_MENU: _(
        "Somebody else changed this list since it was shown. Nothing of it was lost, and nothing was moved: here it is "
        "as it stands, move again."
    ),
    FaultCode.OTHER_CURRENCY_OF_MENU: _(
        "{source} has its prices in {theirs}, {vendor} in {own}: choose a vendor with the same currency."
    ),
    FaultCode.UNCLEAR_NAMES: _(
        "What these refer to is not clear by its name, as {source} has it several times: {names}. Give each a name of "
        "its own first."
    ),
    FaultCode.SAME_MENU: _("This is the same vendor: choose another one."),
    FaultCode.NOT_FOUND_MENU_UPLOAD: _("This file was imported already, or was left too long: upload it again."),
    FaultCode.TOO_LARGE_MENU_FILE: _("The file is larger than {most} MB: divide it into several files."),
    FaultCode.TOO_LARGE_UNPACKED: _(
        "The workbook unpacks to more than {most} MB: copy its table into a new one, or save it as CSV."
    ),
    FaultCode.TOO_MANY_MENU_ROWS: _("The file has more than {most} rows: divide it into several files."),
    FaultCode.TOO_MANY_MENU_COLUMNS: _("The file has more than {most} columns: keep those of an export."),
    FaultCode.EMPTY_MENU_FILE: _("There is no row in the file: put the names of columns first, then a row for each."),
    FaultCode.ENCODING_OF_MENU: _("Line {line} is not UTF-8: save the file as CSV in UTF-8, or as XLSX."),
    FaultCode.UNREADABLE_CSV: _("Line {line} cannot be read as CSV: close its quotation marks."),
    FaultCode.UNREADABLE_WORKBOOK: _("This workbook cannot be read: save it as XLSX anew, or as CSV in UTF-8."),
    FaultCode.MISSING_HEADINGS: _("The first row must name the columns; missing: {names}. Begin with an export."),
    FaultCode.UNKNOWN_HEADING: _("There is no column “{name}”: correct its name, or delete the column."),
    FaultCode.REPEATED_HEADING: _("The column “{name}” is there twice: delete one of them."),
    FaultCode.ROW_UNKNOWN_KIND: _("Write one of: {kinds}."),
    FaultCode.ROW_NOT_OF_KIND: _("A row of the kind {kind} has none: leave it empty."),
    FaultCode.ROW_UNKNOWN_ID: _("This vendor has no such {kind}: leave the id empty to find it by name, or to add it."),
    FaultCode.ROW_UNKNOWN_REFERENCE: _("There is no {kind} “{name}”: correct the name, or add it first."),
    FaultCode.ROW_SEVERAL: _("Several are called “{name}”: say which by its id, as an export does."),
    FaultCode.ROW_TWICE: _("It is the same as line {line}: leave one of them out."),
    FaultCode.ROW_EMPTY: _("It must not be empty: fill it in."),
    FaultCode.ROW_CELL: _("{message}"),
    FaultCode.ROW_OWN_OPTION: _("This is an option of the group itself: choose one of another group."),
    FaultCode.ROW_GROUP_TWICE: _("A group is there twice: leave one of them out."),
    FaultCode.ROW_MAXIMUM: _("It must be {minimum} or more, as the minimum: raise it, or lower the minimum."),
}
