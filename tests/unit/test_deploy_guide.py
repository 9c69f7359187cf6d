"""The deployment guide names every variable that the settings read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_variable_is_in_the_guide_and_no_other():
    settings = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_0-9]+)"', settings))
    guide = (ROOT / "docs" / "deploy.md").read_text().split("## Every variable")[1].split("\nNumeric")[0]
    listed = {
        name
        for line in guide.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z_0-9]+)`", line.split("|")[1])
    }
    assert read == listed
