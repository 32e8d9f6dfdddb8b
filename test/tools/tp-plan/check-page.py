"""Checks a page of `tp-plan --format html` against the JSON of the same plan; in Chromium too, where `--browser` names it.

    check-page.py PAGE.html PLAN.json [--browser chromium]

The page must be one file that loads nothing, and its tables must say what the JSON says, to the byte. In the browser: no message on
the console, one entry shown at a time, and a link to a node of the second entry switches to that entry and shows its details.
"""
import argparse
import html.parser
import json
import os
import re
import resource
import subprocess
import sys
import tempfile

VOID = {"meta", "br", "wbr", "rect", "path", "input", "link", "img"}


def fail(text):
    sys.exit(f"check-page: {text}")


class Element:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent, self.children = tag, dict(attributes), parent, []

    def has_class(self, name):
        return name in (self.attributes.get("class") or "").split()

    def walk(self):
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def find(self, tag, name=None):
        return [e for e in self.walk() if e.tag == tag and (name is None or e.has_class(name))]

    def text(self, without=()):
        return "".join(c if isinstance(c, str) else "" if c.tag in without else c.text(without) for c in self.children)


class Document(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.root = self.here = Element("document", [], None)
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        element = Element(tag, attributes, self.here)
        self.here.children.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag, attributes):
        self.here.children.append(Element(tag, attributes, self.here))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        at = self.here
        while at is not None and at.tag != tag:
            at = at.parent
        if at is not None and at.parent is not None:
            self.here = at.parent

    def handle_data(self, data):
        self.here.children.append(data)


def check_loads_nothing(text):
    for element in Document(text).root.walk():
        for name in ("src", "href", "action", "data", "srcset"):
            value = element.attributes.get(name)
            if value is not None and not value.startswith("#"):
                fail(f"<{element.tag} {name}={value!r}> leads out of the page")
    if re.search(r"@import|url\(|fetch\(|XMLHttpRequest|WebSocket", text):
        fail("a style or script that loads something")


def cells(table):
    """Rows of a table; a cell with a readable and an exact number is the exact one."""
    rows = []
    for row in table.find("tbody")[0].find("tr"):
        values = []
        for cell in row.find("td"):
            exact = cell.find("small")
            values.append(int(exact[0].text().replace(",", "")) if exact else cell.text().strip())
        rows.append(values)
    return rows


def shape(sizes, dtype):
    return (" × ".join(map(str, sizes)) or "scalar") + " " + dtype


def folded(tensors):
    """Tensors of equal layers as one row, as the page must show them."""
    rows = {}
    for t in tensors:
        common = re.sub(r"\.\d+(?=$|[^\w])", ".*", t["name"])
        key = (common, t["kind"], shape(t["shape"], t["dtype"]), t["layout"])
        name, count, size = rows.get(key, (None, 0, 0))
        rows[key] = (t["name"] if count == 0 else common, count + 1, size + t["bytes_per_rank"])
    return [[name, key[1], key[2], key[3], str(count), size] for key, (name, count, size) in rows.items()]


def check_entry(section, entry):
    def compare(what, shown, expected):
        if shown != expected:
            for a, b in zip(shown, expected):
                if a != b:
                    fail(f"{entry['name']}, {what}: the page says {a}, the JSON {b}")
            fail(f"{entry['name']}, {what}: the page has {len(shown)} rows, the JSON {len(expected)}")

    expected = [[c["kind"] + ("" if c.get("reduce", "sum") == "sum" else " " + c["reduce"]),
                 f"{', '.join(c['axes'])} ({c['group_size']})", shape(c["operand_shape"], c["dtype"]), str(c["count"]),
                 c["wire_bytes_per_rank"], c["where"]] for c in entry["collectives"]]
    tables = section.find("table", "collectives")
    compare("collectives", cells(tables[0]) if tables else [], expected)
    compare("tensors", cells(section.find("table", "tensors")[0]), folded(entry["tensors"]))
    memory = cells(section.find("table", "memory")[0])[0][1:]
    parts = entry["memory_per_rank"]
    compare("memory", memory, list(parts.values()) + [entry["peak_bytes_per_rank"]])
    if sum(parts.values()) != entry["peak_bytes_per_rank"]:
        fail(f"{entry['name']}: {parts} is not {entry['peak_bytes_per_rank']} in all")
    # Every node of the graph has its details, and every collective is drawn.
    ids = {e.attributes["id"] for e in section.find("article", "detail")}
    nodes = [e.attributes["href"][1:] for e in section.find("a", "node")]
    if not nodes or set(nodes) != ids or len(nodes) != len(ids):
        fail(f"{entry['name']}: {len(nodes)} nodes are drawn, {len(ids)} are described")
    links = [e.attributes["href"][1:] for t in tables for e in t.find("a")]
    if len(links) != len(entry["collectives"]) or not set(links) <= ids:
        fail(f"{entry['name']}: {len(entry['collectives'])} collectives, {len(links)} of them lead to the graph")


def check_document(text, plan):
    sections = Document(text).root.find("section", "entry")
    names = [s.attributes["data-entry"] for s in sections]
    if names != [e["name"] for e in plan["entries"]]:
        fail(f"entries {names}")
    for section, entry in zip(sections, plan["entries"]):
        check_entry(section, entry)
    return sections


def in_browser(browser, page, fragment=""):
    """The document as the browser has it after the script ran."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             f"--user-data-dir={profile}", "--enable-logging=stderr", "--window-size=1280,900", "--virtual-time-budget=2000",
             "--dump-dom", "file://" + os.path.abspath(page) + fragment],
            capture_output=True, text=True, timeout=100,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (hard, hard)))
    if done.returncode or "<html" not in done.stdout:
        fail(f"{browser} ended with {done.returncode}: {done.stderr[-600:]}")
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    if said:
        fail("on the console: " + "; ".join(said))
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page")
    parser.add_argument("plan")
    parser.add_argument("--browser")
    options = parser.parse_args()
    with open(options.page, encoding="utf-8") as file:
        text = file.read()
    with open(options.plan, encoding="utf-8") as file:
        plan = json.load(file)
    check_loads_nothing(text)
    check_document(text, plan)
    if options.browser:
        sections = check_document(in_browser(options.browser, options.page), plan)
        hidden = ["hidden" in s.attributes for s in sections]
        if hidden != [False] + [True] * (len(sections) - 1):
            fail(f"hidden entries: {hidden}")
        if len(sections) > 1:
            target = sections[1].find("a", "node")[0].attributes["href"]
            sections = check_document(in_browser(options.browser, options.page, target), plan)
            shown = [e.attributes["id"] for s in sections for e in s.find("article", "shown")]
            if shown != [target[1:]] or "hidden" in sections[1].attributes or "hidden" not in sections[0].attributes:
                fail(f"a link to {target} shows {shown}")
    print(f"{len(plan['entries'])} entries as the JSON has them" + (", in the browser too" if options.browser else ""))


main()
