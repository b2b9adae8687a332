"""The charts and tables of the page in a browser: pointer, keys, switches, downloads, paper."""

import time
from urllib.parse import quote

import pytest
from sweep_rows import analysis_of, run, sweep

from edgeopt.experiments.report import content
from edgeopt.experiments.report import page as report_page
from edgeopt.experiments.report.page import render_page

HOSTILE = "</script><script>alert(1)</script>"
FORMULA = "=1+1"
STILL = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"></svg>'
CHARTS = ("ranks", "ecdf", "profile", "convergence", "gaps", "schedule")


@pytest.fixture(scope="module")
def report():
    """Return a report with images that are quick to draw."""
    rows = []
    for problem in ("p", HOSTILE):
        for r in range(3):
            place = {"problem": problem, "repetition": r}
            rows.append(run("a", [(10, 0.1, 150.0), (100, 1.0, 110.0 + 10 * r)], **place))
            rows.append(run(HOSTILE, [(20, 0.2, 180.0), (90, 0.9, 140.0)], **place))
            rows.append(run(FORMULA, [(5, 0.05, 130.0)], status="finished", **place))
    address = f"data:image/svg+xml,{quote(STILL)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "svg_address", lambda draw: address)
        return content.make_report_page(analysis_of(sweep(rows)))


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    """Write the page."""
    path = tmp_path_factory.mktemp("charts") / "charts.html"
    path.write_text(render_page(report), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, page):
    """Open the page; it must not complain, nor ask anybody for anything."""
    browser.complaints.clear()
    browser.open(page, 1280, 900)
    yield browser
    assert browser.complaints == []


def chart(name, rest):
    """Return a script about a part of a chart."""
    return f"document.querySelector('[data-chart={name}] {rest}"


def press(browser, name, text):
    """Click on a button of a chart."""
    buttons = f"[...document.querySelectorAll('[data-chart={name}] button')]"
    browser.run(f"{buttons}.find(button => button.textContent === {text!r}).click()")


def choose(browser, name, key, value):
    """Choose an option of a chart."""
    field = chart(name, f"select[name={key}]')")
    browser.run(f"{field}.value = {value!r}; {field}.dispatchEvent(new Event('change'))")


def pixels(browser, name, colour):
    """Return how many points of a chart have exactly this colour."""
    return browser.run(f"""(() => {{
        const {{ width, height }} = {chart(name, "canvas')")};
        const pen = new OffscreenCanvas(width, height).getContext("2d");
        pen.drawImage({chart(name, "canvas')")}, 0, 0);
        const {{ data }} = pen.getImageData(0, 0, width, height);
        const wanted = {[int(colour[at : at + 2], 16) for at in (1, 3, 5)]};
        const is = at => data[at + 3] === 255 && wanted.every((part, n) => data[at + n] === part);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) count += is(at);
        return count;
    }})()""")


def numbers(browser, name):
    """Return the table of what a chart draws."""
    rows = chart(name, ".numbers table').rows")
    return browser.run(f"[...{rows}].map(row => [...row.cells].map(cell => cell.textContent))")


def test_solvers_have_one_colour_and_are_switched_in_all_charts(opened):
    for name in ("ranks", "ecdf", "convergence", "gaps"):
        assert all(pixels(opened, name, colour) > 20 for colour in ("#0072B2", "#D55E00"))
    opened.run(chart("gaps", '[data-solver="1"]\').click()'))
    for name in ("ranks", "ecdf", "convergence", "gaps"):
        assert pixels(opened, name, "#D55E00") == 0
        assert pixels(opened, name, "#0072B2") > 20
    pressed = """[...document.querySelectorAll('[data-solver]')]
        .map(button => button.dataset.solver + button.ariaPressed)"""
    assert {*opened.run(pressed)} == {"0true", "1false", "2true"}
    press(opened, "convergence", "all")
    assert pixels(opened, "ranks", "#D55E00") > 20
    assert opened.run(chart("schedule", ".note').textContent")) == "No run has a schedule."


def test_axis_target_and_value_change_the_numbers(opened):
    press(opened, "ecdf", "Numbers")
    both = numbers(opened, "ecdf")
    choose(opened, "ecdf", "problem", "1")
    assert numbers(opened, "ecdf") == both  # the problems have the same runs
    choose(opened, "ecdf", "problem", "all")
    choose(opened, "ecdf", "target", "50")
    assert numbers(opened, "ecdf")[0] == ["solver", "evaluations", "share of runs in %"]
    assert ["a", "10", "100"] in numbers(opened, "ecdf")
    opened.run("document.getElementById('axis-seconds').click()")
    choose(opened, "ecdf", "target", "10")
    choose(opened, "ecdf", "problem", "0")
    head, *rows = numbers(opened, "ecdf")
    assert head[1] == "time in solver (s)"
    assert rows == [["a", "0.9524", "0"], ["a", "1", "33.33"]]
    press(opened, "convergence", "Numbers")
    gaps = numbers(opened, "convergence")
    choose(opened, "convergence", "measure", "makespan")
    makespans = numbers(opened, "convergence")
    assert gaps[-1][:3] == [FORMULA, "1", "30"]
    assert makespans[-1][:3] == [FORMULA, "1", "130"]


def test_values_are_read_by_pointer_and_by_key(opened):
    over = chart("convergence", ".u-over')")
    opened.run(f"{over}.scrollIntoView({{ block: 'center', behavior: 'instant' }})")
    left, top, width = opened.run(
        f"(r => [r.left, r.top, r.width])({over}.getBoundingClientRect())"
    )
    for step in (0.5, 0.9):
        opened.call(
            "Input.dispatchMouseEvent", type="mouseMoved", x=left + step * width, y=top + 50
        )
    tip = opened.run(chart("convergence", ".tip').innerText"))
    assert "a: 50\n" in tip
    assert f"{HOSTILE}: 80" in tip

    def key(name):
        opened.call("Input.dispatchKeyEvent", type="keyDown", key=name)
        return opened.run(chart("convergence", ".spoken').textContent"))

    opened.run(chart("convergence", ".plot').focus()"))
    assert key("End") == f"evaluations: 100; a: 20 (10 to 30); {FORMULA}: 30"
    assert key("Home") == f"evaluations: 5; {FORMULA}: 30"
    key("+")
    assert float(key("Home").split(";")[0].removeprefix("evaluations: ")) > 5
    key("0")
    assert key("Home").startswith("evaluations: 5;")


def test_dragging_zooms_and_a_double_click_shows_all(opened):
    over = chart("profile", ".u-over')")
    opened.run(f"{over}.scrollIntoView({{ block: 'center', behavior: 'instant' }})")
    left, top, width = opened.run(
        f"(r => [r.left, r.top, r.width])({over}.getBoundingClientRect())"
    )

    def mouse(kind, part, **more):
        place = {"x": left + part * width, "y": top + 200 * part}
        opened.call("Input.dispatchMouseEvent", type=kind, button="left", **place, **more)

    def last():
        opened.run(chart("profile", ".plot').focus()"))
        opened.call("Input.dispatchKeyEvent", type="keyDown", key="End")
        text = opened.run(chart("profile", ".spoken').textContent"))
        return float(text.split(";")[0].split(": ")[1])

    whole = last()
    mouse("mouseMoved", 0.2)
    mouse("mousePressed", 0.2, clickCount=1)
    mouse("mouseMoved", 0.5, buttons=1)
    mouse("mouseReleased", 0.5, clickCount=1)
    assert last() < whole
    for count in (1, 2):
        mouse("mousePressed", 0.5, clickCount=count)
        mouse("mouseReleased", 0.5, clickCount=count)
    assert last() == whole


def test_rows_are_filtered_by_words_and_limits(opened):
    def kept(text):
        field = "document.querySelector('#problems').parentElement.previousElementSibling"
        opened.run(f"""(() => {{ const input = {field}.querySelector("input");
            input.value = {text!r}; input.dispatchEvent(new Event("input")); }})()""")
        return opened.run(f"{field}.querySelector('.count').textContent")

    assert kept("SHORT =1+1") == "2 of 6 rows"
    assert kept("gap%<25") == "2 of 6 rows"
    assert kept("gap%>=30 <script>") == "3 of 6 rows"  # in the name of a solver or a problem
    assert kept("nothing") == "0 of 6 rows"
    assert kept("") == ""


def test_numbers_and_pictures_are_saved(opened, tmp_path):
    opened.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))

    def saved(name, kind):
        press(opened, name, kind)
        path = tmp_path / f"by-hand-{name}.{kind.lower()}"
        for _ in range(300):
            if path.is_file():
                return path.read_bytes()
            time.sleep(0.02)
        raise AssertionError([*tmp_path.iterdir()])

    rows = saved("gaps", "CSV").decode().split("\n")
    assert rows[0] == "problem,solver,repetition,gap in %"
    assert {"short p,a,2,30", f"short p,{HOSTILE},0,40", "short p,'=1+1,0,30"} <= {*rows}
    assert len(rows) == 1 + 18 + 1
    assert saved("ecdf", "PNG").startswith(b"\x89PNG")
    assert saved("convergence", "SVG").decode() == STILL


def test_names_stay_text(opened, page):
    text = page.read_text(encoding="utf-8")
    assert text.count("<script") == 2
    assert opened.run("document.scripts.length") == 2
    assert HOSTILE in opened.run(chart("ecdf", ".legend').textContent"))
    assert (
        opened.run("JSON.parse(document.getElementById('data').textContent).solvers[1].name")
        == HOSTILE
    )


def test_controls_have_names_and_charts_take_the_focus(opened):
    nodes = opened.call("Accessibility.getFullAXTree")["nodes"]
    controls = {"button", "combobox", "searchbox", "radio"}
    found = [node for node in nodes if node.get("role", {}).get("value") in controls]
    assert len(found) > 60
    assert [node for node in found if not node.get("name", {}).get("value")] == []
    stops = "[...document.querySelectorAll('.plot')].filter(plot => plot.tabIndex === 0).length"
    assert opened.run(stops) == len(CHARTS)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    opened.run(chart("ecdf", ".plot').focus()"))
    opened.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight")
    assert opened.run(outline) == "solid"


def test_a_table_that_is_too_long_says_so(report, monkeypatch):
    monkeypatch.setattr(report_page, "_ROWS", 5)
    text = render_page(report)
    assert "The first 5 of 6 rows; problems.tex beside this file has all." in text
    start = text.index('id="problems"')
    assert text[start : text.index("</table>", start)].count("<tr>") == 1 + 5


VISIBLE = "[...document.querySelectorAll({!r})].filter(node => node.checkVisibility()).length"


def test_paper_and_pages_without_scripts_show_still_figures(browser, page):
    browser.open(page, 800, 900)
    assert browser.run(VISIBLE.format(".static img")) == 0
    browser.run("dispatchEvent(new Event('beforeprint'))")
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.run(VISIBLE.format(".plot, .tools, .legend, nav")) == 0
    assert browser.run(VISIBLE.format(".static img")) == 4
    assert browser.run(VISIBLE.format("img.print")) == 2  # ranks and gaps; there is no schedule
    browser.call("Emulation.setEmulatedMedia", media="")
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page, 800, 900)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run(VISIBLE.format(".moving, .plot")) == 0
    assert browser.run(VISIBLE.format(".static img")) == 4
    assert browser.run(VISIBLE.format("#problems, .still")) == 2
