"""What is said when a release is asked for, and when it is decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import HTML, Button, Field, Fluid, Layout, Size
from django import forms
from django.urls import reverse
from django.utils import timezone

from evaluations.disclosure.releases import ALL_COUNTS, PARTS
from evaluations.organisations.models import Organisation, User
from evaluations.plans.models import AnalysisPlan
from evaluations.runs.models import AnalysisRun
from evaluations.sharing.models import ReleaseTo
from evaluations.sharing.presenters import estimands
from evaluations.sharing.queries import possible_reviewers
from evaluations.workspaces.models import Evaluation, ShareLevel, Stage

COINCIDENCES = """<h2 class="govuk-heading-m">What else happened there and then</h2>
<p class="govuk-body">The catalogue knows of these in the same places and years. Answer each in writing: the questions
and your answers are published with the estimate.</p>"""


def start_of_day(day: date) -> datetime:
    """The first moment of a day, here."""
    return timezone.make_aware(datetime.combine(day, time.min))


class ReleaseRequestForm(forms.Form):
    """Who should review, which estimates, and who will see them."""

    reviewer = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label="Who should check it and release it?",
        help_text="A lead or administrator who did not state the plan or run it.",
        empty_label="Choose a reviewer",
        error_messages={"required": "Choose a reviewer"},
    )
    terms = forms.MultipleChoiceField(
        label="Which estimates?",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="The headline always goes with them.",
    )
    release_to = forms.ChoiceField(
        label="Who will see it once released?",
        choices=ReleaseTo.choices,
        widget=forms.RadioSelect,
        initial=ReleaseTo.PUBLIC,
        error_messages={"required": "Choose who will see it"},
    )
    embargo_until = forms.DateField(
        label="If embargoed: everyone from",
        required=False,
        help_text="For example 2027-03-31.",
        widget=forms.DateInput(attrs={"type": "date", "class": "govuk-input govuk-input--width-10"}),
        error_messages={"invalid": "Enter a date such as 2027-03-31"},
    )
    note = forms.CharField(
        label="Anything the reviewer should know?",
        widget=forms.Textarea,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        run: AnalysisRun,
        questions: Sequence[str] = (),
        answers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._questions = {f"answer_{place}": question for place, question in enumerate(questions)}
        for name, question in self._questions.items():
            self.fields[name] = forms.CharField(
                label=question,
                widget=forms.Textarea,
                initial=(answers or {}).get(question, ""),
                error_messages={"required": f"Answer in writing: {question}"},
            )
        self.fields["reviewer"].queryset = possible_reviewers(run)  # type: ignore[attr-defined]
        estimates = (run.result or {}).get("estimates", [])
        others = estimands(run)
        self._headline = estimates[0]["name"] if estimates else ""
        others.pop(self._headline, None)
        self.fields["terms"].choices = list(others.items())  # type: ignore[attr-defined]
        shown = [Field.checkboxes("terms", legend_size=Size.SMALL)] if others else []
        if not others:
            del self.fields["terms"]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.select("reviewer"),
            *shown,
            Field.radios("release_to", legend_size=Size.SMALL),
            Field.text("embargo_until"),
            *([HTML(COINCIDENCES)] if questions else []),
            *(Field.textarea(name, rows=2) for name in self._questions),
            Field.textarea("note", rows=3),
            Button.primary("ask", "Ask for release"),
        )

    def clean_embargo_until(self) -> datetime | None:
        """The start of that day."""
        day = self.cleaned_data["embargo_until"]
        return start_of_day(day) if day else None

    def clean(self) -> dict[str, Any]:
        """What was asked, the headline first; an embargo has a date."""
        cleaned = super().clean() or {}
        cleaned["terms"] = [self._headline, *cleaned.get("terms", [])]
        if cleaned.get("release_to") == ReleaseTo.EMBARGOED and not cleaned.get("embargo_until"):
            self.add_error("embargo_until", "Enter the date from which everyone may see it")
        if cleaned.get("release_to") != ReleaseTo.EMBARGOED:
            cleaned["embargo_until"] = None
        cleaned["answers"] = {
            question: cleaned.pop(name) for name, question in self._questions.items() if name in cleaned
        }
        return cleaned


class DecisionForm(forms.Form):
    """The reviewer's decision with a note."""

    RELEASE, CHANGES = "release", "changes"
    decision = forms.ChoiceField(
        label="Your decision",
        choices=[(RELEASE, "Release it"), (CHANGES, "Send it back: something should change")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether to release it"},
    )
    note = forms.CharField(
        label="Note",
        help_text="Needed when you send it back.",
        widget=forms.Textarea,
        required=False,
    )

    also_hide = forms.MultipleChoiceField(
        label="Hide more before it is released?",
        help_text="Beyond what disclosure control hides already. Each one chosen goes from every page, file and feed.",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, run: AnalysisRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        result = run.result or {}
        there = [(name, label) for name, label in PARTS.items() if name == ALL_COUNTS or result.get(name)]
        self.fields["also_hide"].choices = there  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.radios("decision", legend_size=Size.MEDIUM),
            Field.checkboxes("also_hide", legend_size=Size.SMALL),
            Field.textarea("note", rows=3),
            Button.primary("decide", "Confirm"),
        )

    def clean(self) -> dict[str, Any]:
        """A result that is sent back says why."""
        cleaned = super().clean() or {}
        if cleaned.get("decision") == self.CHANGES and not (cleaned.get("note") or "").strip():
            self.add_error("note", "Say what should change")
        return cleaned


class WithdrawForm(forms.Form):
    """Why a released estimate is withdrawn."""

    reason = forms.CharField(
        label="Why is it withdrawn?",
        help_text="Everyone who follows a link to the estimate reads this.",
        widget=forms.Textarea,
        error_messages={"required": "Say why it is withdrawn"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.textarea("reason", rows=4), Button.warning("withdraw", "Withdraw the estimate")
        )


class AccountForm(forms.Form):
    """Why an answer is not logged."""

    why = forms.CharField(
        label="Why is it not logged?",
        help_text="Everyone who opens the study reads this, with what came of the run.",
        widget=forms.Textarea,
        error_messages={"required": "Say why it is not logged"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.layout = Layout(Field.textarea("why", rows=4), Button.primary("account", "Tell everyone"))


class ShareForm(forms.Form):
    """Which organisation is given what."""

    organisation = forms.CharField(
        label="Organisation",
        help_text="Its name as it stands in Uplift.",
        error_messages={"required": "Enter the name of the organisation"},
    )
    level = forms.ChoiceField(
        label="What is it given?",
        choices=ShareLevel.choices,
        initial=ShareLevel.RESULTS,
        error_messages={"required": "Choose what it is given"},
    )

    def __init__(self, *args: Any, evaluation: Evaluation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._evaluation = evaluation
        self.helper = FormHelper(self)
        self.helper.form_action = reverse("partner-add", args=[evaluation.pk])
        self.helper.layout = Layout(
            Field.text("organisation", field_width=Fluid.ONE_HALF),
            Field.select("level"),
            Button.secondary("share", "Name this partner"),
        )

    def clean_organisation(self) -> Organisation:
        """The organisation of that name, whatever the case."""
        name = self.cleaned_data["organisation"].strip()
        found = Organisation.objects.filter(name__iexact=name).first()
        if found is None:
            raise forms.ValidationError("There is no organisation of that name. Check how it is written")
        if found.pk == self._evaluation.owner_id:
            raise forms.ValidationError("That is the owner, who already sees everything")
        return found


class StageForm(forms.Form):
    """Why an evaluation is shared further, and until when it is embargoed."""

    reason = forms.CharField(label="Why now? (kept on record)", widget=forms.Textarea, required=False)
    embargo_until = forms.DateField(
        label="Everyone from",
        help_text="For example 2027-03-31.",
        widget=forms.DateInput(attrs={"type": "date", "class": "govuk-input govuk-input--width-10"}),
        error_messages={
            "required": "Enter the date from which everyone may see it",
            "invalid": "Enter a date such as 2027-03-31",
        },
    )

    def __init__(self, *args: Any, to_stage: Stage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dated = [Field.text("embargo_until")] if to_stage == Stage.EMBARGOED else []
        if not dated:
            del self.fields["embargo_until"]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(*dated, Field.textarea("reason", rows=3), Button.primary("move", "Confirm"))

    def clean_embargo_until(self) -> datetime:
        """The start of that day."""
        return start_of_day(self.cleaned_data["embargo_until"])


class CommentForm(forms.Form):
    """Something said about an evaluation, a plan or a run."""

    about = forms.ChoiceField(label="About", required=False)
    body = forms.CharField(
        label="Comment", widget=forms.Textarea, error_messages={"required": "Write something in the comment"}
    )
    asks_for_change = forms.BooleanField(label="This asks for a change", required=False)

    def __init__(
        self,
        *args: Any,
        plans: Iterable[AnalysisPlan],
        runs: Iterable[AnalysisRun],
        ratings: Iterable[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = [  # type: ignore[attr-defined]
            ("", "The evaluation"),
            *((f"plan-{plan.pk}", f"Plan {plan.version}") for plan in plans),
            *((f"run-{run.pk}", f"Run {run.number}") for run in runs),
            *((f"rating-{key}", f"The rating under {name}") for key, name in ratings),
        ]
        self.helper = FormHelper(self)
        self.helper.layout = Layout(
            Field.select("about"),
            Field.textarea("body", rows=4),
            Field.checkbox("asks_for_change"),
            Button.primary("say", "Add the comment"),
        )
