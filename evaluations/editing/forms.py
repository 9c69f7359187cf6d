"""What editors decide, and what readers suggest."""

from __future__ import annotations

from typing import Any

from crispy_forms_gds.choices import Choice
from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import HTML, Button, Field, Fieldset, Layout, Size
from django import forms
from django.urls import Resolver404, resolve

from evaluations.editing.models import SubjectKind, Suggestion
from evaluations.editing.record_forms import NamesField
from evaluations.editing.records import editable
from evidence.ratings.queries import ShownRating

PUBLISH, SEND_BACK = "publish", "send_back"
NOT_RATED = "not_rated"


class DecisionForm(forms.Form):
    """A second editor's decision on a change."""

    decision = forms.ChoiceField(
        label="What do you decide?",
        choices=[
            Choice(PUBLISH, "Publish it", hint="Everyone sees it at once, and the change log says who and why."),
            Choice(SEND_BACK, "Send it back", hint="Nothing public changes. Say below what should be different."),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether to publish it or send it back"},
    )
    note = forms.CharField(label="Note", required=False, max_length=1000, widget=forms.Textarea)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.radios("decision", legend_size=Size.MEDIUM),
            Field.textarea("note", rows=3),
            Button.primary("decide", "Confirm"),
        )

    def clean(self) -> dict[str, Any]:
        """The decision; sending back needs a note."""
        cleaned = super().clean() or {}
        if cleaned.get("decision") == SEND_BACK and not cleaned.get("note", "").strip():
            self.add_error("note", "Say what should be different")
        return cleaned


class ReasonForm(forms.Form):
    """Why something is proposed."""

    reason = forms.CharField(
        label="Why",
        max_length=1000,
        widget=forms.Textarea,
        help_text="One sentence for the change log, which everyone can read.",
        error_messages={"required": "Say why, in one sentence"},
    )

    def __init__(self, *args: Any, button: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(Field.textarea("reason", rows=3), Button.primary("save", button))


class MergeForm(forms.Form):
    """Which of two records is the duplicate, which stays, and why."""

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        model, what = editable(kind).model, SubjectKind(kind).label.lower()
        told: dict[str, Any] = {"model": model, "many": False, "widget": forms.TextInput}
        self.fields["duplicate"] = NamesField(
            label="The duplicate, which goes",
            help_text=f"The name or code of the {what}.",
            error_messages={"required": "Name the duplicate"},
            **told,
        )
        self.fields["kept"] = NamesField(
            label="The one that stays",
            help_text="Its own fields stay as they are. What is filed under the duplicate moves to it.",
            error_messages={"required": "Name the one that stays"},
            **told,
        )
        self.fields["reason"] = forms.CharField(
            label="Why",
            max_length=1000,
            widget=forms.Textarea,
            help_text="How you know that they are the same.",
            error_messages={"required": "Say how you know that they are the same"},
        )
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.text("duplicate"),
            Field.text("kept"),
            Field.textarea("reason", rows=3),
            Button.primary("save", "Propose this merge"),
        )


class ImportForm(forms.Form):
    """A file of evidence, and why it is imported."""

    file = forms.FileField(
        label="Choose a CSV file",
        help_text="Sources, studies or estimates, with the columns of the template. At most 2 MB and 2,000 rows.",
        error_messages={"required": "Choose a file", "empty": "The file is empty. Start from one of the templates"},
    )
    reason = forms.CharField(
        label="Why",
        max_length=1000,
        widget=forms.Textarea,
        help_text="Where the rows come from, in one sentence.",
        error_messages={"required": "Say where the rows come from"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field("file"), Field.textarea("reason", rows=3), Button.primary("save", "Check the file")
        )


class SuggestionForm(forms.Form):
    """What a reader says is wrong or missing. `website` is a trap: people do not see it, programs fill it in."""

    page = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)
    text = forms.CharField(
        label="What is wrong or missing?",
        max_length=4000,
        widget=forms.Textarea,
        help_text="Please leave out anything about identifiable people.",
        error_messages={"required": "Say what is wrong or missing"},
    )
    evidence = forms.CharField(
        label="Where can we check it? (optional)",
        required=False,
        max_length=2000,
        widget=forms.Textarea,
        help_text="A publication, a page or table, or an address.",
    )
    name = forms.CharField(label="Your name (optional)", required=False, max_length=200)
    email = forms.EmailField(
        label="E-mail address (optional)",
        required=False,
        help_text="Only to send you the editors' answer; then it is erased. You also get a private address to look at.",
        error_messages={"invalid": "Enter an e-mail address in the form name@example.org, or leave it empty"},
    )
    website = forms.CharField(label="Leave this empty", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["website"].widget.attrs |= {"autocomplete": "off", "tabindex": "-1"}
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            "page",
            Field.textarea("text", rows=5),
            Field.textarea("evidence", rows=2),
            Field.text("name"),
            Field.text("email"),
            HTML('<div class="govuk-visually-hidden" aria-hidden="true">'),
            Field.text("website"),
            HTML("</div>"),
            Button.primary("send", "Send it to the editors"),
        )

    def clean_page(self) -> str:
        """The address of a page of this site, or nothing."""
        return page_address(self.cleaned_data["page"])

    @property
    def is_trapped(self) -> bool:
        """Whether a program filled in what people do not see."""
        return bool(self.data.get("website"))


def page_address(path: str) -> str:
    """The path where it is a page of this site; empty otherwise."""
    path = path.split("?")[0].split("#")[0]
    try:
        resolve(path)
    except Resolver404:
        return ""
    return path if path.startswith("/") and not path.startswith("//") else ""


class AnswerForm(forms.Form):
    """An editor's answer to a suggestion."""

    state = forms.ChoiceField(
        label="What was done?",
        choices=[
            Choice(Suggestion.State.TAKEN_UP, "Taken up", hint="The page is or will be changed."),
            Choice(Suggestion.State.NOT_TAKEN_UP, "Not taken up", hint="Say why."),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Say what was done"},
    )
    answer = forms.CharField(
        label="Answer",
        max_length=4000,
        widget=forms.Textarea,
        help_text="Whoever suggested it reads this.",
        error_messages={"required": "Write an answer"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.radios("state", legend_size=Size.SMALL),
            Field.textarea("answer", rows=4),
            Button.primary("save", "Send the answer"),
        )


class RatingForm(forms.Form):
    """A reviewer's decision on one scheme's proposal; for a scheme with domains, a judgement and a note on each."""

    def __init__(self, rating: ShownRating, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scheme = rating.scheme
        levels = [(level.value, f"{level.value}: {level.label}") for level in rating.scheme.levels]
        shown: list[Any] = []
        for place, domain in enumerate(rating.scheme.domains):
            shown.append(self._add_domain(place, domain, levels, rating))
        self.fields["value"] = forms.ChoiceField(
            label="Overall" if rating.scheme.domains else "Rating",
            choices=[
                *(
                    Choice(level.value, f"{level.value}: {level.label}", hint=level.statement)
                    for level in rating.scheme.levels
                ),
                Choice(NOT_RATED, "It cannot be rated"),
            ],
            initial=rating.value or NOT_RATED,
            widget=forms.RadioSelect,
            error_messages={"required": "Choose a rating"},
        )
        self.fields["reason"] = forms.CharField(
            label="Why",
            required=False,
            max_length=2000,
            widget=forms.Textarea,
            initial=rating.decision.reason if rating.decision else "",
            help_text="Needed where your rating differs from the proposal. Everyone can read it, beside your name.",
        )
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            *shown,
            Field.radios("value", legend_size=Size.MEDIUM),
            Field.textarea("reason", rows=3),
            Button.primary("save", "Record this rating"),
        )

    def _add_domain(self, place: int, domain: str, levels: list, rating: ShownRating) -> Any:
        before = rating.decision
        self.fields[f"domain_{place}"] = forms.ChoiceField(
            label=f"Judgement on {domain}",
            choices=[("", "Choose one"), *levels],
            initial=before.judgements.get(domain, "") if before else "",
            required=False,
        )
        self.fields[f"note_{place}"] = forms.CharField(
            label=f"What the judgement on {domain} rests on",
            required=False,
            max_length=2000,
            widget=forms.Textarea,
            initial=before.notes.get(domain, "") if before else "",
        )
        return Fieldset(
            Field.select(f"domain_{place}"),
            Field.textarea(f"note_{place}", rows=2),
            legend=f"{domain[:1].upper()}{domain[1:]}",
            legend_size=Size.SMALL,
        )

    def clean(self) -> dict[str, Any]:
        """The decision; a rating of a scheme with domains judges every one."""
        cleaned = super().clean() or {}
        if cleaned.get("value") not in (None, NOT_RATED):
            for place, domain in enumerate(self.scheme.domains):
                if not cleaned.get(f"domain_{place}"):
                    self.add_error(f"domain_{place}", f"Judge {domain}")
        return cleaned

    @property
    def decided(self) -> dict[str, Any]:
        """The decision as the action takes it."""
        said = self.cleaned_data
        value = "" if said["value"] == NOT_RATED else said["value"]
        domains = dict(enumerate(self.scheme.domains)) if value else {}
        return {
            "value": value,
            "reason": said["reason"],
            "judgements": {domain: said[f"domain_{place}"] for place, domain in domains.items()},
            "notes": {domain: said[f"note_{place}"] for place, domain in domains.items()},
        }
