"""The documentation: every program in it runs and does what is said, and every link leads somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")
CALL_TESTS = "\nfor name, thing in list(globals().items()):\n    if name.startswith('test_'):\n        thing()\n"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def programs(page: Path) -> list[str]:
    """Return the programs in a page: a block of Python without any import goes on with the program before it."""
    found: list[str] = []
    for block in PROGRAM.findall(page.read_text("utf-8")):
        if found and not re.search(r"^(?:from|import) ", block, re.MULTILINE):
            found[-1] += f"\n{block}"
        else:
            found.append(block)
    return found


def output_of(program: str, folder: Path) -> str:
    """Run a program in a fresh Python, with warnings as errors; return what it writes."""
    (folder / "program.py").write_text(program, "utf-8")
    command = [sys.executable, "-W", "error", "program.py"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, ""), f"{program}\n{result.stderr}"
    return result.stdout


def answers_of(program: str, folder: Path, *requests: tuple[str, str]) -> list[str]:
    """Run a program with an `app`, send it requests, and return each answer as status and text."""
    calls = (
        f"answer = client.open({path!r}, method={method!r})\nprint(answer.status_code, answer.text)"
        for method, path in requests
    )
    return output_of("\n".join([program, "client = app.test_client()", *calls]), folder).splitlines()


@pytest.mark.parametrize("page", [page for page in PAGES if programs(page)], ids=name_of)
def test_every_program_runs(page: Path, tmp_path: Path) -> None:
    """No block of Python on a page is a mere sketch; its assertions hold and its tests pass."""
    for number, program in enumerate(programs(page)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert output_of(program + CALL_TESTS, folder) == ""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A file that is there and, where one is named, a heading in it."""
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_both_readmes_show_the_same_program() -> None:
    """The Chinese page is the English one, translated."""
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert programs(english) == programs(chinese)
    assert re.findall(r"^    .*?  ", english.read_text(), re.MULTILINE) == re.findall(
        r"^    .*?  ", chinese.read_text(), re.MULTILINE
    )


def test_the_program_of_the_readme_is_twelve_lines_and_keeps_notes(tmp_path: Path) -> None:
    """What it says in JSON: the newest note first, and a wrong page is refused."""
    (program,) = programs(ROOT / "README.md")
    assert len([line for line in program.splitlines() if line]) == 12
    requests = [("POST", "/notes/one"), ("POST", "/notes/two"), ("GET", "/notes"), ("GET", "/notes?page=x")]
    assert answers_of(program, tmp_path, *requests) == [
        '201 {"id":1}',
        '201 {"id":2}',
        '200 [{"id":2,"text":"two"},{"id":1,"text":"one"}]',
        """422 {"error":"Unprocessable Entity","fields":{"page":"Expected `int`, got 'x'"}}""",
    ]


def test_the_tutorial_says_what_its_programs_answer(tmp_path: Path) -> None:
    """The answers that the text quotes."""
    page = ROOT / "docs" / "tutorial.md"
    squares = next(program for program in programs(page) if "squares" in program)
    answers = answers_of(
        squares, tmp_path, ("GET", "/squares/4"), ("GET", "/squares/4?upto=1"), ("GET", "/squares/4?upto=many")
    )
    text = page.read_text()
    assert answers[0] == '200 {"squares":[16,25,36]}'
    assert f"`{answers[0].removeprefix('200 ')}`" in text
    assert f"`{answers[1].removeprefix('200 ')}`" in text
    assert answers[2].startswith("422 ")


def test_the_tutorial_shows_what_routes_prints(tmp_path: Path) -> None:
    """The table under `spruce routes` is the command's own."""
    page = ROOT / "docs" / "tutorial.md"
    (tmp_path / "hello.py").write_text(programs(page)[0])
    command = [Path(sys.executable).with_name("spruce"), "routes", "hello.py"]
    lines = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "\n".join(f"    {line}" for line in lines) in page.read_text()


def test_the_shop_grows_step_by_step(tmp_path: Path) -> None:
    """In one folder, with the database of the steps before; and its tests can be run again."""
    for program in programs(ROOT / "docs" / "tutorial-shop.md"):
        assert output_of(program + CALL_TESTS * 2, tmp_path) == ""


def test_every_package_has_its_page_in_the_reference() -> None:
    """Made of its docstrings by `make docs`; those whose names are somebody else's are told on pages of their own."""
    packages = {path.parent.name for path in (ROOT / "src" / "spruce").glob("*/__init__.py")}
    pages = {path.stem for path in (ROOT / "docs" / "reference" / "api").glob("*.md")}
    assert packages - pages - {"cli", "eventlet", "patching"} == set()


def test_no_python_hides_from_these_tests() -> None:
    """A program is in a block that is called `python`, at the margin, and nothing else; so it is run."""
    fences = re.compile(r"^(?:[ >]+```[a-z]*[Pp]y.*|```(?!python$)[a-z]*[Pp]y.*|```python.+)$", re.MULTILINE)
    hidden = {name_of(page): fences.findall(page.read_text("utf-8")) for page in PAGES}
    assert {name: found for name, found in hidden.items() if found} == {}
