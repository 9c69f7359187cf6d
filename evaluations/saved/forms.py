"""What someone calls a search or a short list, and how they hear of it."""

from __future__ import annotations

from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Button, Field, Layout, Size
from django import forms

from evaluations.organisations.models import Organisation
from evaluations.organisations.permissions import Permission, Viewer
from evaluations.organisations.queries import organisations_where
from evaluations.saved.models import Frequency, ShortList


class SearchForm(forms.Form):
    """The name of a saved search, and how often news of it is sent."""

    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Give the search a name"})
    frequency = forms.ChoiceField(
        label="News by e-mail",
        choices=Frequency.choices,
        initial=Frequency.NONE,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how often news is sent"},
    )

    def __init__(self, *args: Any, button: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.text("name"), Field.radios("frequency", legend_size=Size.SMALL), Button.primary("save", button)
        )


class NameForm(forms.Form):
    """The name of a short list."""

    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Give the short list a name"})

    def __init__(self, *args: Any, button: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(Field.text("name"), Button.primary("save", button))


class AddForm(forms.Form):
    """Which short list an intervention goes on, an old or a new one, and a note."""

    short_list = forms.ModelChoiceField(
        ShortList.objects.none(), required=False, label="Short list", empty_label="A new one"
    )
    name = forms.CharField(label="Name of a new short list", max_length=200, required=False)
    note = forms.CharField(
        label="Note (optional)", max_length=2000, required=False, widget=forms.Textarea, help_text="Why it is here."
    )

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["short_list"].queryset = lists  # type: ignore[attr-defined]
        if lists:
            self.fields["short_list"].initial = lists.order_by("-updated_at").first()
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            *([Field.select("short_list")] if lists else []),
            Field.text("name"),
            Field.textarea("note", rows=3),
            Button.primary("save", "Add it"),
        )

    def clean(self) -> dict[str, Any]:
        """The list chosen, or the name of a new one."""
        cleaned = super().clean() or {}
        if not cleaned.get("short_list") and not cleaned.get("name", "").strip():
            self.add_error("name", "Choose a short list, or give a new one a name")
        return cleaned


class ShareForm(forms.Form):
    """Whose members may read a short list."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), required=False, label="Who else may read it?", empty_label="Nobody"
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations_where(viewer, Permission.SEE_ORGANISATION)  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.form_action = "share/"
        self.helper.layout = Layout(Field.select("organisation"), Button.secondary("save", "Save"))
