"""Pictures in forms."""

import uuid
from typing import Any

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile

from ordersite.core.images import MAX_BYTES, ImageRefused, clean_image


class CleanImageField(forms.ImageField):
    """A form's picture, cleaned before it is kept, under a random name."""

    def to_python(self, data: Any) -> Any:
        if not isinstance(data, UploadedFile):
            return super().to_python(data)
        try:
            raw = clean_image(data.read(MAX_BYTES + 1))
        except ImageRefused as error:
            raise forms.ValidationError(str(error), "invalid_image") from error
        return super().to_python(SimpleUploadedFile(f"{uuid.uuid4().hex}.jpg", raw, "image/jpeg"))
