"""`make demo-reset` deletes what Uplift keeps, when it is told to, and nothing else."""

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = tmp_path
    settings.EMBEDDED = True
    settings.PORT = 1  # nothing answers there
    (tmp_path / "uplift.sqlite3").write_text("data")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.parquet").write_text("data")
    (tmp_path / "my notes.txt").write_text("not Uplift's")
    return tmp_path


def left(home):
    return sorted(path.name for path in home.iterdir())


def test_with_yes_the_data_goes_and_other_files_stay(home, capsys):
    call_command("demo_reset", "--yes")
    assert left(home) == ["my notes.txt"]
    assert f"Deleted the data in {home}." in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "kept"), [("y", False), ("n", True), ("", True)])
def test_without_yes_it_asks(home, monkeypatch, answer, kept):
    monkeypatch.setattr("builtins.input", lambda question: answer)
    call_command("demo_reset")
    assert ("uplift.sqlite3" in left(home)) is kept


def test_server_mode_is_refused(home, settings):
    settings.EMBEDDED = False
    with pytest.raises(CommandError, match="DATABASE_URL is set"):
        call_command("demo_reset", "--yes")
    assert "uplift.sqlite3" in left(home)


def test_a_running_site_is_refused(home, monkeypatch):
    monkeypatch.setattr("evaluations.management.commands.demo_reset.answers", lambda host, port: True)
    with pytest.raises(CommandError, match="End it first"):
        call_command("demo_reset", "--yes")
    assert "uplift.sqlite3" in left(home)
