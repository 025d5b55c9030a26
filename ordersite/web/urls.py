"""Path converters: an id that no database column can hold is no path of ours."""

from django.urls import register_converter


class IdConverter:
    """A positive integer that fits 64 bits."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(IdConverter, "id")
