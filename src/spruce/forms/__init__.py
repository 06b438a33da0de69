"""Forms: what people fill in, checked, shown again with what is wrong, and saved. Names and meaning are Django's."""

from importlib import import_module
from typing import TYPE_CHECKING

from spruce.errors import ValidationError
from spruce.forms import validators
from spruce.forms.boundfield import BoundField
from spruce.forms.choicefields import (
    ChoiceField,
    FilePathField,
    MultipleChoiceField,
    TypedChoiceField,
    TypedMultipleChoiceField,
)
from spruce.forms.choicewidgets import (
    CheckboxSelectMultiple,
    ChoiceWidget,
    NullBooleanSelect,
    RadioSelect,
    Select,
    SelectDateWidget,
    SelectMultiple,
)
from spruce.forms.errors import NON_FIELD_ERRORS, ErrorDict, ErrorList
from spruce.forms.fields import (
    BooleanField,
    CharField,
    EmailField,
    Field,
    NullBooleanField,
    RegexField,
    SlugField,
    URLField,
    UUIDField,
)
from spruce.forms.filefields import FileField, ImageField
from spruce.forms.filewidgets import ClearableFileInput, FileInput
from spruce.forms.form import BaseForm, Form
from spruce.forms.formsets import BaseFormSet, formset_factory
from spruce.forms.media import Media
from spruce.forms.multifields import (
    ComboField,
    GenericIPAddressField,
    JSONField,
    MultiValueField,
    SplitDateTimeField,
)
from spruce.forms.multiwidgets import MultiWidget, SplitDateTimeWidget, SplitHiddenDateTimeWidget
from spruce.forms.numberfields import DecimalField, FloatField, IntegerField
from spruce.forms.timefields import DateField, DateTimeField, DurationField, TimeField
from spruce.forms.timewidgets import DateInput, DateTimeInput, TimeInput
from spruce.forms.widgets import (
    CheckboxInput,
    ColorInput,
    EmailInput,
    HiddenInput,
    Input,
    MultipleHiddenInput,
    NumberInput,
    PasswordInput,
    SearchInput,
    TelInput,
    Textarea,
    TextInput,
    URLInput,
    Widget,
)

if TYPE_CHECKING:
    from spruce.forms.captcha import CaptchaField, CaptchaWidget, captcha_pages
    from spruce.forms.modelfields import ModelChoiceField, ModelMultipleChoiceField
    from spruce.forms.modelforms import BaseModelForm, ModelForm, fields_for_model, model_to_dict, modelform_factory
    from spruce.forms.modelformsets import (
        BaseInlineFormSet,
        BaseModelFormSet,
        inlineformset_factory,
        modelformset_factory,
    )
    from spruce.forms.types import from_type

__all__ = [
    "NON_FIELD_ERRORS",
    "BaseForm",
    "BaseFormSet",
    "BaseInlineFormSet",
    "BaseModelForm",
    "BaseModelFormSet",
    "BooleanField",
    "BoundField",
    "CaptchaField",
    "CaptchaWidget",
    "CharField",
    "CheckboxInput",
    "CheckboxSelectMultiple",
    "ChoiceField",
    "ChoiceWidget",
    "ClearableFileInput",
    "ColorInput",
    "ComboField",
    "DateField",
    "DateInput",
    "DateTimeField",
    "DateTimeInput",
    "DecimalField",
    "DurationField",
    "EmailField",
    "EmailInput",
    "ErrorDict",
    "ErrorList",
    "Field",
    "FileField",
    "FileInput",
    "FilePathField",
    "FloatField",
    "Form",
    "GenericIPAddressField",
    "HiddenInput",
    "ImageField",
    "Input",
    "IntegerField",
    "JSONField",
    "Media",
    "ModelChoiceField",
    "ModelForm",
    "ModelMultipleChoiceField",
    "MultiValueField",
    "MultiWidget",
    "MultipleChoiceField",
    "MultipleHiddenInput",
    "NullBooleanField",
    "NullBooleanSelect",
    "NumberInput",
    "PasswordInput",
    "RadioSelect",
    "RegexField",
    "SearchInput",
    "Select",
    "SelectDateWidget",
    "SelectMultiple",
    "SlugField",
    "SplitDateTimeField",
    "SplitDateTimeWidget",
    "SplitHiddenDateTimeWidget",
    "TelInput",
    "TextInput",
    "Textarea",
    "TimeField",
    "TimeInput",
    "TypedChoiceField",
    "TypedMultipleChoiceField",
    "URLField",
    "URLInput",
    "UUIDField",
    "ValidationError",
    "Widget",
    "captcha_pages",
    "fields_for_model",
    "formset_factory",
    "from_type",
    "inlineformset_factory",
    "model_to_dict",
    "modelform_factory",
    "modelformset_factory",
    "validators",
]

_HOMES = {
    "CaptchaField": "spruce.forms.captcha",
    "CaptchaWidget": "spruce.forms.captcha",
    "captcha_pages": "spruce.forms.captcha",
    "ModelChoiceField": "spruce.forms.modelfields",
    "ModelMultipleChoiceField": "spruce.forms.modelfields",
    "BaseModelForm": "spruce.forms.modelforms",
    "ModelForm": "spruce.forms.modelforms",
    "fields_for_model": "spruce.forms.modelforms",
    "model_to_dict": "spruce.forms.modelforms",
    "modelform_factory": "spruce.forms.modelforms",
    "BaseInlineFormSet": "spruce.forms.modelformsets",
    "BaseModelFormSet": "spruce.forms.modelformsets",
    "inlineformset_factory": "spruce.forms.modelformsets",
    "modelformset_factory": "spruce.forms.modelformsets",
    "from_type": "spruce.forms.types",
}
"""What not every app needs, imported from its home when it is first used: forms of models load the ORM."""


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
    raise AttributeError(f"module 'spruce.forms' has no attribute {name!r}")
