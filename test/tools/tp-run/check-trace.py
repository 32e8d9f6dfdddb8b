"""Checks a trace of tp-run against the Trace Event Format, and against the statistics of the same run.

    check-trace.py TRACE.json STATS.json [LEAST_COVERAGE]

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU ("JSON Object Format"). tp writes
complete events (X) and metadata (M) only. Then, per rank: events nest, every call has a name and a place, the collectives last as
long as the statistics say. Prints the share of the entries' wall time that calls and the runtime's own steps explain; less than
LEAST_COVERAGE is an error.
"""
import json
import sys

CATEGORIES = {"entry", "compute", "collective", "wait", "runtime"}
NUMBER = (int, float)
ROUNDING = 2e-3  # microseconds: a double has less than a nanosecond left after an hour


def fail(text):
    sys.exit(f"check-trace: {text}")


def need(event, key, kind):
    if not isinstance(event.get(key), kind) or isinstance(event.get(key), bool):
        fail(f"an event needs {key}: {event}")
    return event[key]


def check_format(trace):
    """Names of the tracks and their complete events, (pid, tid) -> [event]."""
    if trace.get("displayTimeUnit") not in ("ms", "ns"):
        fail("displayTimeUnit is ms or ns")
    names, tracks = {}, {}
    for event in need(trace, "traceEvents", list):
        track = (need(event, "pid", int), need(event, "tid", int))
        name = need(event, "name", str)
        phase = need(event, "ph", str)
        if phase == "M":
            if name not in ("process_name", "thread_name"):
                fail(f"metadata called {name}")
            label = need(need(event, "args", dict), "name", str)
            if name == "thread_name" and names.setdefault(track, label) != label:
                fail(f"track {track} has two names")
        elif phase == "X":
            if not name or need(event, "ts", NUMBER) < 0 or need(event, "dur", NUMBER) < 0:
                fail(f"a complete event has a name, begins at 0 or later and lasts 0 or more: {event}")
            if need(event, "cat", str) not in CATEGORIES:
                fail(f"a category that nobody knows: {event}")
            need(event, "args", dict)
            tracks.setdefault(track, []).append(event)
        else:
            fail(f"phase {phase}: {event}")
    if set(names) != set(tracks):
        fail(f"tracks {sorted(tracks)}, names for {sorted(names)}")
    if len(set(names.values())) != len(names):
        fail(f"two tracks have one name: {sorted(names.values())}")
    return names, tracks


def check_track(label, events):
    """Events come in order and nest: a stack of ends."""
    open_events = []
    last = 0
    for event in events:
        begin, end = event["ts"], event["ts"] + event["dur"]
        if begin < last:
            fail(f"{label}: {event} begins before the one in front of it")
        last = begin
        while open_events and open_events[-1][0] <= begin + ROUNDING:
            open_events.pop()
        if open_events and end > open_events[-1][0] + ROUNDING:
            fail(f"{label}: {event} ends after {open_events[-1][1]} around it")
        if event["cat"] == "wait" and (not open_events or open_events[-1][1]["cat"] != "collective"):
            fail(f"{label}: {event} waits outside a collective")
        if event["cat"] in ("compute", "collective") and not event["args"].get("where"):
            fail(f"{label}: {event} does not say where")
        open_events.append((end, event))


def seconds(events, categories, entry):
    return sum(e["dur"] for e in events if e["cat"] in categories and e["args"]["entry"] == entry) / 1e6


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        trace = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        stats = json.load(file)
    least = float(sys.argv[3]) if len(sys.argv) > 3 else 0
    names, tracks = check_format(trace)
    ranks = 1
    for size in stats["mesh"].values():
        ranks *= size
    if sorted(names.values()) != sorted(f"rank {rank}" for rank in range(ranks)):
        fail(f"{ranks} ranks, tracks are called {sorted(names.values())}")
    for track, events in tracks.items():
        check_track(names[track], events)
    for entry in stats["entries"]:
        name, wall = entry["name"], entry["seconds"]
        for track, events in tracks.items():
            executions = sum(e["cat"] == "entry" and e["name"] == name for e in events)
            if executions != entry["executions"]:
                fail(f"{names[track]} shows {executions} executions of {name}, the statistics {entry['executions']}")
        if not entry["executions"]:
            continue
        communicating = max(seconds(events, {"collective"}, name) for events in tracks.values())
        counted = entry["seconds_in_collectives"]
        if abs(communicating - counted) > 1e-6 + 1e-6 * counted:
            fail(f"{name}: collectives last {communicating} s in the trace, {counted} s in the statistics")
        explained = min(seconds(events, {"compute", "collective", "runtime"}, name) for events in tracks.values()) / wall
        if not least <= explained <= 1:
            fail(f"{name}: calls explain {explained:.4f} of {wall} s")
        print(f"{name}: {entry['executions']} executions, {wall:.6f} s, {explained:.1%} of it explained, "
              f"{communicating:.6f} s communicating")
    print("the trace is well-formed and agrees")


main()
