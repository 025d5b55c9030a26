"""Who changed what of the set-up data: a row for each field, with what it was and what it is (AuditRow).

Models that derive from `Audited` write their rows themselves, in the transaction of the change, whatever service, page
or worker makes it: `save`, `delete` and what it takes along, relations of many to many, and the bulk writes of their
query sets, which signals do not tell of. What is written beneath them, by SQL of our own, is the caller's to record.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, TypeAlias

from django.apps import apps
from django.db import models, transaction
from django.db.models.signals import class_prepared, m2m_changed, post_delete, post_save, pre_save
from django.utils import timezone

from ordersite.core.context import acting
from ordersite.core.digests import plain
from ordersite.core.models import AuditRow

MOST_TEXT = 1000  # characters of a value
HIDDEN = "•••"
# By these a row is named where it is shown, without asking for other rows; the first that it has.
NAMES = ("name", "email", "label", "url")
BATCH = 1000
# Models of others that are recorded too.
FOREIGN: set[type[models.Model]] = set()
Values = Mapping[str, Any]
Column: TypeAlias = "models.Field[Any, Any]"
is_recorded: ContextVar[bool] = ContextVar("is_recorded", default=True)


@contextmanager
def unrecorded() -> Iterator[None]:
    """What is written inside leaves no rows: stock that orders take, and what erases a person."""
    token = is_recorded.set(False)
    try:
        yield
    finally:
        is_recorded.reset(token)


class AuditedQuerySet(models.QuerySet[Any]):
    """Bulk writes that leave their rows: at most three statements more, and none where no recorded column changes."""

    def update(self, **values: Any) -> int:
        fields = recorded_fields(self.model, values)
        if not fields or not is_recorded.get():
            return super().update(**values)
        with transaction.atomic(using=self.db, savepoint=False):
            before = read_values(hold_rows(self), fields)
            count = super().update(**values)
            if before:
                after = read_values(self.model._base_manager.using(self.db).filter(pk__in=before), fields)
                write_rows(row for pk, old in before.items() for row in changes(self.model, fields, old, after.get(pk)))
            return count

    update.alters_data = True  # type: ignore[attr-defined]

    def write_columns(self, rows: Sequence[Any], columns: Sequence[str]) -> None:
        """Writes columns of rows that stand and were read whole, each with values of its own; four statements.

        What `bulk_update` does with a CASE for each row and column takes ten times the CPU: here they are inserted,
        and conflict with themselves. The rows are held before that, so none that is gone comes back.
        """
        fields = recorded_fields(self.model, columns)
        with transaction.atomic(using=self.db, savepoint=False):
            before = read_values(hold_rows(self.filter(pk__in=[row.pk for row in rows])), fields)
            standing = [row for row in rows if row.pk in before]
            key = str(self.model._meta.pk.name)
            super().bulk_create(standing, update_conflicts=True, unique_fields=[key], update_fields=columns)
            if is_recorded.get():
                written = ((before[row.pk], values_of(row, fields)) for row in standing)
                write_rows(one for old, new in written for one in changes(self.model, fields, old, new))

    write_columns.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        with transaction.atomic(using=self.db, savepoint=False):
            made = super().bulk_create(objs, *args, **kwargs)
            write_rows(addition(row) for row in made if row.pk is not None and is_addition_recorded(row))
            return made


class Audited(models.Model):
    """Set-up data whose changes are kept."""

    # Columns that change by themselves, or with every order.
    unrecorded_columns: ClassVar[frozenset[str]] = frozenset()
    # Columns of which it is kept that they changed, and nothing else.
    secret_columns: ClassVar[frozenset[str]] = frozenset()
    # The foreign key to the row on whose page this one is shown.
    audit_parent: ClassVar[str] = ""
    # The foreign key to the person that a row without a name of its own is called by.
    audit_person: ClassVar[str] = ""
    # Whether new rows are recorded.
    records_additions: ClassVar[bool] = True

    objects = models.Manager.from_queryset(AuditedQuerySet)()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Django's own, with the rows of what changed: two statements more where a recorded column is written."""
        fields = recorded_fields(type(self), kwargs.get("update_fields"))
        if not fields or not is_recorded.get():
            super().save(*args, **kwargs)
            return
        with transaction.atomic(using=kwargs.get("using"), savepoint=False):
            before: Values | None = None
            if not self._state.adding:
                standing = type(self)._base_manager.filter(pk=self.pk).select_for_update(no_key=True)
                before = read_values(standing, fields).get(self.pk)
            super().save(*args, **kwargs)
            if before is not None:
                write_rows(changes(type(self), fields, before, values_of(self, fields)))
            elif is_addition_recorded(self):
                write_rows([addition(self)])


def recorded_fields(model: type[models.Model], names: Iterable[str] | None = None) -> list[Column]:
    """The columns of a model that are recorded, or those of them that are named."""
    left_out: frozenset[str] = getattr(model, "unrecorded_columns", frozenset())
    found = [field for field in model._meta.concrete_fields if not field.primary_key and field.name not in left_out]
    if names is None:
        return found
    wanted = set(names)
    return [field for field in found if {field.name, field.attname} & wanted]


def hold_rows(rows: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
    """The rows, held where that is possible: nobody changes them between the reading and the writing."""
    query = rows.query
    if query.distinct or query.group_by or len(query.alias_map) > 1 or query.combinator:
        return rows.order_by()
    return rows.order_by("pk").select_for_update(no_key=True)


def read_values(rows: "models.QuerySet[Any]", fields: Sequence[Column]) -> dict[Any, Values]:
    """By key the columns that are named, and those by which a row is called and shown; one statement."""
    model = rows.model
    wanted = {"pk", *(field.attname for field in fields), *named_by(model)}
    return {row["pk"]: row for row in rows.values(*sorted(wanted))}


def named_by(model: type[models.Model]) -> list[str]:
    """The columns by which a row is named, and that say which row it belongs to."""
    columns = {field.name: field.attname for field in model._meta.concrete_fields}
    keys = (getattr(model, kind, "") for kind in ("audit_parent", "audit_person"))
    return [*([name for name in NAMES if name in columns][:1]), *(columns[key] for key in keys if key)]


def values_of(row: models.Model, fields: Sequence[Column]) -> Values:
    """The same of a row at hand; read anew where the database computes one of them."""
    found = {name: getattr(row, name) for name in (*(field.attname for field in fields), *named_by(type(row)))}
    if any(hasattr(value, "resolve_expression") for value in found.values()):
        return read_values(type(row)._base_manager.filter(pk=row.pk), fields)[row.pk]
    return {"pk": row.pk, **found}


def is_addition_recorded(row: models.Model) -> bool:
    return is_recorded.get() and bool(getattr(row, "records_additions", True))


# --- rows -----------------------------------------------------------------------------------------------------------


def changes(model: type[models.Model], fields: Sequence[Column], old: Values, new: Values | None) -> Iterator[AuditRow]:
    """A row for each field that is not what it was; none for a row that is gone."""
    if new is None:
        return
    for field in fields:
        was, now = (value_in_text(field, values[field.attname]) for values in (old, new))
        if was == now:
            continue
        if field.name in getattr(model, "secret_columns", ()):
            was, now = (HIDDEN if text else "" for text in (was, now))
        yield make_row(model, new, AuditRow.Act.CHANGED, field=field.name, old=was, new=now)


def addition(row: models.Model) -> AuditRow:
    model = type(row)
    return make_row(model, values_of(row, recorded_fields(model)), AuditRow.Act.ADDED, new=all_in_text(row))


def deletion(row: models.Model) -> AuditRow:
    model = type(row)
    return make_row(model, values_of(row, recorded_fields(model)), AuditRow.Act.DELETED, old=all_in_text(row))


def all_in_text(row: models.Model) -> str:
    """The columns of a row that hold something, without secrets."""
    secret = getattr(row, "secret_columns", ())
    shown = [field for field in recorded_fields(type(row)) if field.name not in secret]
    texts = ((field.name, value_in_text(field, getattr(row, field.attname))) for field in shown)
    return "\n".join(f"{name}: {text}" for name, text in texts if text)[:MOST_TEXT]


def value_in_text(field: Column, value: Any) -> str:
    if hasattr(value, "resolve_expression"):
        return ""
    if value is not None and not isinstance(field, models.ForeignKey | models.FileField | models.JSONField):
        value = field.to_python(value)
    return str(plain(value))[:MOST_TEXT]


def make_row(model: type[models.Model], values: Values, act: str, **told: str) -> AuditRow:
    actor, actor_name = acting.get()()
    name = next((str(values[column]) for column in NAMES if column in values), "") or person_in_text(model, values)
    row = AuditRow(
        actor=actor[:80],
        actor_name=actor_name[:254],
        act=act,
        model=model._meta.label_lower,
        object_id=str(values["pk"]),
        object_name=name[:254],
        **told,
    )
    if parent := getattr(model, "audit_parent", ""):
        column: Any = model._meta.get_field(parent)
        if values.get(column.attname) is not None:
            row.parent_model = column.related_model._meta.label_lower
            row.parent_id = str(values[column.attname])
    return row


def person_in_text(model: type[models.Model], values: Values) -> str:
    """What the person of a row is called, by one statement; empty for a model whose rows are nobody's."""
    if not (key := getattr(model, "audit_person", "")):
        return ""
    column: Any = model._meta.get_field(key)
    person = column.related_model._base_manager.filter(pk=values.get(column.attname)).first()
    return str(person.name or person) if person else ""


def write_rows(rows: Iterable[AuditRow]) -> None:
    found = list(rows)
    if found:
        now = timezone.now()
        for row in found:
            row.at = now
        AuditRow.objects.bulk_create(found, batch_size=BATCH)


def blank_audit(model: type[models.Model], keys: Iterable[Any]) -> None:
    """What was kept of these rows names nobody any more; that they were changed, when and by whom, stays."""
    rows = AuditRow.objects.filter(model=model._meta.label_lower, object_id__in=[str(key) for key in keys])
    rows.update(object_name="", old="", new="")


def blank_named(model: type[models.Model], name: str) -> None:
    """The same of rows that were called so, which may be gone."""
    rows = AuditRow.objects.filter(model=model._meta.label_lower, object_name=name)
    rows.update(object_name="", old="", new="")


def blank_person(key: int) -> None:
    """The same of rows that were somebody's: what they were made with, or went with, says whose."""
    for model in apps.get_models():
        if person := getattr(model, "audit_person", ""):
            line = f"{person}: {key}"
            rows = AuditRow.objects.filter(model=model._meta.label_lower).exclude(act=AuditRow.Act.CHANGED)
            told = rows.filter(models.Q(old__contains=line) | models.Q(new__contains=line))
            texts = told.values_list("object_id", "old", "new")
            blank_audit(model, {pk for pk, old, new in texts if line in (old + "\n" + new).split("\n")})


def blank_actor(actor: str) -> None:
    """Nothing that somebody changed names it any more but by its number."""
    AuditRow.objects.filter(actor=actor).update(actor_name="")


# --- what Django tells of -------------------------------------------------------------------------------------------


def follow_model(sender: type[models.Model], **kwargs: Any) -> None:
    if issubclass(sender, Audited):
        follow_deletions(sender)


def follow_deletions(model: type[models.Model]) -> None:
    post_delete.connect(record_deletion, sender=model, dispatch_uid=f"audit {model._meta.label_lower}")


def record_deletion(sender: type[models.Model], instance: models.Model, **kwargs: Any) -> None:
    if is_recorded.get():
        write_rows([deletion(instance)])


def follow_foreign(model: type[models.Model]) -> None:
    """Has the rows of another's model be recorded: what is saved and deleted one by one, and its relations."""
    FOREIGN.add(model)
    pre_save.connect(keep_values, sender=model, dispatch_uid=f"audit {model._meta.label_lower}")
    post_save.connect(record_save, sender=model, dispatch_uid=f"audit {model._meta.label_lower}")
    follow_deletions(model)


def keep_values(sender: type[models.Model], instance: Any, **kwargs: Any) -> None:
    standing = sender._base_manager.filter(pk=instance.pk) if instance.pk else sender._base_manager.none()
    instance._values_before = read_values(standing, recorded_fields(sender)).get(instance.pk)


def record_save(sender: type[models.Model], instance: Any, **kwargs: Any) -> None:
    if not is_recorded.get():
        return
    fields, before = recorded_fields(sender), instance._values_before
    rows = [addition(instance)] if before is None else changes(sender, fields, before, values_of(instance, fields))
    write_rows(rows)


def record_relations(
    sender: type[models.Model],
    instance: models.Model,
    action: str,
    reverse: bool,
    model: type[models.Model],
    pk_set: set[Any] | None,
    **kwargs: Any,
) -> None:
    """Rows that were related, or are no more, by their keys."""
    if action not in ("post_add", "post_remove", "pre_clear") or not is_recorded.get():
        return
    owner = model if reverse else type(instance)
    if not issubclass(owner, Audited) and owner not in FOREIGN:
        return
    field = next(one for one in owner._meta.many_to_many if one.remote_field.through is sender)
    keys = pk_set
    if action == "pre_clear":
        column = field.m2m_field_name() if reverse else field.m2m_reverse_field_name()
        own = field.m2m_reverse_field_name() if reverse else field.m2m_field_name()
        keys = set(sender._default_manager.filter(**{own: instance.pk}).values_list(column, flat=True))
    if not keys:
        return
    pairs = [(key, [instance.pk]) for key in sorted(keys)] if reverse else [(instance.pk, sorted(keys))]
    told = "new" if action == "post_add" else "old"
    named = {} if reverse else {name: getattr(instance, name) for name in named_by(owner)}
    write_rows(
        make_row(
            owner,
            {"pk": pk, **named},
            AuditRow.Act.CHANGED,
            field=field.name,
            **{told: ", ".join(str(key) for key in others)[:MOST_TEXT]},
        )
        for pk, others in pairs
    )


class_prepared.connect(follow_model, dispatch_uid="ordersite.core.audit")
m2m_changed.connect(record_relations, dispatch_uid="ordersite.core.audit")
