"""The programs in docs/reference/models.md, which are one after the other."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "models.md"


def test_what_the_page_shows_runs(tmp_path: Path) -> None:
    """As it stands there, in a folder of its own."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    start = "from spruce import db\ndb.configure(DATABASES='sqlite://')\n"
    program = tmp_path / "page.py"
    program.write_text(start + "\n".join(blocks), "utf-8")
    answer = subprocess.run([sys.executable, "-W", "error", str(program)], capture_output=True, text=True, cwd=tmp_path)
    assert (answer.stderr, answer.returncode, len(blocks)) == ("", 0, 9)
