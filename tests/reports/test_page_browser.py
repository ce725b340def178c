"""The page in a real browser: opens from disk, sorts, filters, by keyboard, on a phone, in light and dark."""

from pathlib import Path

import pytest

from chaoscl.reports.page import write_page

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Text of every element that is shown against the nearest ground that is not transparent, by WCAG 2.2's formula.
CONTRASTS = """
() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*:not(script)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.getClientRects().length) continue;
    const ink = light(parts(getComputedStyle(element).color).slice(0, 3)), paper = light(ground(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    found.push([ratio, element.tagName + " " + element.textContent.trim().slice(0, 40)]);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install '.[browser]'"
    )
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory, write_folder_in):
    """A page of a real result and of one on embedded data, with two dozen baselines."""
    root = tmp_path_factory.mktemp("page")
    replays = ("replay", "replay_class", "replay_reservoir")
    names = ("naive", "joint", *replays, *(f"baseline_{number}" for number in range(21)))
    made = write_folder_in(root, "made", names, seeds=1, data="embedded", model="chaos256")
    return write_page([ROOT / "results" / "text-image-chaos2k", made], root / "report.html")


@pytest.fixture
def opened(browser, page_file):
    """A function that opens the page and returns it; complaints and requests of the page fail the test at its end."""
    contexts, complaints = [], []

    def open_page(**options):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None)
        page.goto(page_file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def column(page, sheet, name):
    """Texts of a column of the last table of that name, rows that are shown."""
    table = page.locator(f"[data-sheet={sheet}] table").last
    headers = table.locator("thead th").all_text_contents()
    return table.locator(f"tbody tr:not([hidden]) > :nth-child({headers.index(name) + 1})").all_text_contents()


def header(page, sheet, name):
    table = page.locator(f"[data-sheet={sheet}] table").last
    return table.locator("thead th").filter(has=page.get_by_role("button", name=name, exact=True))


def test_the_page_opens_from_disk_with_every_figure_shown(opened):
    page = opened()
    assert page.locator("h2").count() == 3
    widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) > 10
    assert min(widths) > 100


def test_a_header_sorts_by_number_and_says_so(opened):
    page = opened()
    before = column(page, "main", "average accuracy")
    clicked = header(page, "main", "average accuracy")
    clicked.get_by_role("button").click()
    rising = column(page, "main", "average accuracy")
    assert rising == sorted(before, key=float) != before
    assert clicked.get_attribute("aria-sort") == "ascending"
    clicked.get_by_role("button").click()
    assert column(page, "main", "average accuracy") == sorted(before, key=float, reverse=True)
    assert clicked.get_attribute("aria-sort") == "descending"


def test_units_are_sorted_by_size_and_what_is_not_defined_stands_last(opened):
    page = opened()
    units = {"B": 1, "KiB": 2**10, "MiB": 2**20}
    button = header(page, "costs", "stored").get_by_role("button")
    button.click()
    sizes = [float(n.replace(",", "")) * units[u] for n, u in map(str.split, column(page, "costs", "stored"))]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    for _ in range(2):
        header(page, "main", "backward transfer").get_by_role("button").click()
        shown = column(page, "main", "backward transfer")
        assert shown[-1] == "-"
        assert "-" not in shown[:-1]


def test_a_filter_keeps_the_rows_with_all_its_words(opened):
    page = opened()
    box = page.locator("[data-sheet=main]").last.get_by_role("searchbox")
    everyone = column(page, "main", "baseline")
    box.fill("chaos256 REPLAY")
    assert column(page, "main", "baseline") == [name for name in everyone if "replay" in name]
    status = page.locator("[data-sheet=main] [role=status]").last
    assert status.text_content() == f"3 of {len(everyone)} rows"
    box.fill("")
    assert column(page, "main", "baseline") == everyone
    assert status.text_content() == ""


def test_everything_works_by_keyboard_with_the_focus_in_sight(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            "(({tagName, textContent}) => [tagName, textContent.trim(),"
            " getComputedStyle(document.activeElement).outlineStyle,"
            " parseFloat(getComputedStyle(document.activeElement).outlineWidth)])(document.activeElement)"
        )
        reached.add(focus[0])
        assert focus[2] == "solid", focus
        assert focus[3] >= 2, focus
        if focus[:2] == ["BUTTON", "average accuracy"]:
            break
    assert reached >= {"A", "BUTTON", "DIV"}
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=ascending]").count() == 1
    page.keyboard.press("Space")
    assert page.locator("th[aria-sort=descending]").count() == 1


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_sideways(opened, width):
    page = opened(viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.locator("[data-sheet=main] .scroll").last
    assert width > 1000 or wide.evaluate("(box) => box.scrollWidth > box.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened, scheme):
    page = opened(color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 200
    assert [entry for entry in contrasts if entry[0] < 4.5] == []


def test_without_scripts_there_are_no_dead_controls(opened):
    page = opened(java_script_enabled=False)
    assert page.get_by_role("button").count() == 0
    assert page.get_by_role("searchbox").count() == 0
    assert page.get_by_role("table").count() > 5
