"""What the environment makes of the settings, read in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SERVER = {
    "DATABASE_URL": "postgres://postgres@127.0.0.1:5432/uplift",
    "REDIS_URL": "redis://127.0.0.1:6379/15",
    "SECRET_KEY": "a-long-key-of-many-different-characters-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "uplift.example",
    "SITE_URL": "https://uplift.example",
}


def manage(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "UPLIFT_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def setting(expression: str, *, home: Path, **environment: str) -> object:
    code = f"import json; from django.conf import settings; print(json.dumps({expression}))"
    done = manage("shell", "--no-imports", "-c", code, home=home, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_server_mode_passes_the_deployment_checks(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", home=tmp_path, **SERVER)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


OIDC = {
    "OIDC_SERVER_URL": "https://id.council.example/realms/staff",
    "OIDC_CLIENT_ID": "uplift",
    "OIDC_CLIENT_SECRET": "of the test",
    "OIDC_NAME": "Northern Council",
}


def test_an_organisations_own_server_can_sign_people_in_and_a_form_may_lead_there_alone(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", home=tmp_path, **SERVER, **OIDC)
    assert done.returncode == 0, done.stderr
    code = "from django.urls import reverse; from django.conf import settings; import json; print(json.dumps(["
    code += "reverse('openid_connect_login', args=['organisation']), reverse('openid_connect_callback', args=["
    code += "'organisation']), settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']]))"
    told = manage("shell", "--no-imports", "-c", code, home=tmp_path, **OIDC)
    assert json.loads(told.stdout) == [
        "/account/oidc/organisation/login/",
        "/account/oidc/organisation/login/callback/",
        ["'self'", "https://id.council.example"],
    ]


def test_server_mode_needs_a_secret_key(tmp_path):
    done = manage("check", home=tmp_path, DATABASE_URL=SERVER["DATABASE_URL"])
    assert done.returncode != 0
    assert "Set SECRET_KEY" in done.stderr


def test_embedded_mode_makes_one_secret_and_keeps_it_private(tmp_path):
    first = setting("settings.SECRET_KEY", home=tmp_path)
    assert first == setting("settings.SECRET_KEY", home=tmp_path)
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_embedded_mode_listens_on_this_machine_only(tmp_path):
    assert setting("settings.HOST", home=tmp_path, HOST="0.0.0.0") == "127.0.0.1"


@pytest.mark.parametrize("scheme", ["s3", "s3+http"])
def test_a_storage_address_may_carry_any_secret(tmp_path, scheme):
    url = f"{scheme}://key%2Fid:se%2Bcret@files.example:9000/bucket"
    options = setting("settings.STORAGES['default']['OPTIONS']", home=tmp_path, STORAGE_URL=url)
    assert (options["access_key"], options["secret_key"]) == ("key/id", "se+cret")
    assert options["endpoint_url"] == f"{'http' if scheme == 's3+http' else 'https'}://files.example:9000"
    assert options["bucket_name"] == "bucket"


def test_a_home_with_a_space_in_its_name_keeps_its_files_there(tmp_path):
    home = tmp_path / "two words"
    assert setting("settings.STORAGES['default']['OPTIONS']['location']", home=home) == str(home / "files")


def test_an_unknown_storage_is_refused_in_words(tmp_path):
    done = manage("check", home=tmp_path, STORAGE_URL="ftp://files.example")
    assert "STORAGE_URL must start with file://, s3:// or s3+http://, not 'ftp'." in done.stderr
