"""The table of `./dev bench`: readings of all pieces in table.json, the last of each as a page in table.md with the change since the one before."""
import json
import os

KEPT = 4  # readings of a piece


def number(value):
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 0.001 or value == 0 else f"{value:.1e}"


def spread(found):
    if isinstance(found, str):
        return found
    if found["min"] == found["max"]:
        return number(found["median"])
    return f"{number(found['median'])} ({number(found['min'])} to {number(found['max'])})"


def listed(found):
    return "<br>".join(f"{name} {spread(value)}" for name, value in found.items())


def median(row):
    return None if isinstance(row["tp"], str) else row["tp"]["median"]


def change(row, before):
    if not before or median(row) is None or not median(before):
        return "new"
    return f"{100 * (median(row) / median(before) - 1):+.1f} %"


def verdict(row, earlier):
    """Of this reading, and in brackets of the earlier ones that are kept, each with its time."""
    if row["met"] is None:
        return ""
    then = [f"{time[5:]}: {'yes' if old['met'] else 'no'}, {number(old['reached'])}" for time, old in earlier if old["met"] is not None]
    return f"{'yes' if row['met'] else '**no**'}, {number(row['reached'])}" + (f" ({'; '.join(then)})" if then else "")


def piece_page(name, readings):
    last, earlier = readings[-1], [(then["time"], {row["name"]: row for row in then["rows"]}) for then in reversed(readings[:-1])]
    versions = ", ".join(f"{key} {value}" for key, value in last.get("versions", {}).items())
    context = "; ".join(f"{key} {number(value)}" for key, value in last.get("context", {}).items())
    text = [f"## {name}", "",
            f"{last['time']} UTC, revision {last['revision']}, {last['seconds']} s; load average {last['load'][0]} before and {last['load'][1]} after, "
            f""
            + (f"{number(last['GFLOP/s'][0])} GFLOP/s before and {number(last['GFLOP/s'][1])} after, " if "GFLOP/s" in last else "") +
            f"{last['stolen percent']} % of the processors' time stolen, {last['idle percent']} % idle" + (f", {last['others percent']} % other work" if "others percent" in last else "") + "." +
            (f" {versions}." if versions else "") + (f" {context}." if context else ""), "",
            "Commands: " + "; ".join(f"`{command}`" for command in last["commands"]) + ".", "",
            "| | tp | change | bound | peers | target | met, and by how much | |", "|---|---|---|---|---|---|---|---|"]
    for row in last["rows"]:
        before = [(time, rows[row["name"]]) for time, rows in earlier if row["name"] in rows]
        text.append(f"| {row['name']} | {spread(row['tp'])} {row['unit']} | {change(row, before[0][1] if before else None)} | {listed(row['bounds'])} | "
                    f"{listed(row['peers'])} | {row['target']} | {verdict(row, before)} | {row['note']} |")
    return text


def page(pieces, order):
    known = [name for name in order if name in pieces]
    short = [(name, row) for name in known for row in pieces[name][-1]["rows"] if row["met"] is False]
    machines = sorted({pieces[name][-1]["machine"] for name in known})
    text = ["# tp beside its bounds and its peers", "",
            "Written by `./dev bench`. Median (minimum to maximum); tp, bounds and peers of a row were measured in turns in one run. Change is that of "
            "tp's median since the reading before; verdicts of earlier readings stand in brackets.", "", *machines, "",
            "Short of the target ([why, and what was tried](shortfalls.md)):", ""]
    text += [f"- {name}: {row['name']}: {number(row['reached'])}, {row['target']}" for name, row in short] or ["- nothing"]
    for name in known:
        text += ["", *piece_page(name, pieces[name])]
    return "\n".join(text) + "\n"


def written(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def record(folder, name, reading, order):
    """Adds a reading of one piece; returns its page."""
    path, pieces = os.path.join(folder, "table.json"), {}
    os.makedirs(folder, exist_ok=True)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            pieces = json.load(file)
    pieces[name] = (pieces.get(name, []) + [reading])[-KEPT:]
    written(path, json.dumps({key: pieces[key] for key in order if key in pieces}, indent=1) + "\n")
    written(os.path.join(folder, "table.md"), page(pieces, order))
    return "\n".join(piece_page(name, pieces[name]))
