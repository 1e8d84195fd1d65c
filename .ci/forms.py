"""Writes an export's text in other forms: forms.py LOG FOLDER.

What people paste, tail and query: rows copied from the console, `aws logs tail`, the console's CSV
export, and the answer of a query of Logs Insights. The events are the same.
"""

import csv
import datetime
import json
import os
import re
import sys

STREAM = "611e90351b93973d8fa5e163391d0111"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")
TEXT = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
# Form → the name of its file.
NAMES = {"console": "console-copy.txt", "tail": "tail.txt", "csv": "console.csv",
         "insights": "insights.json"}


def events(log):
    """Time and message of each; a line without a time belongs to the one before."""
    time, message = None, []
    with open(log, **TEXT) as lines:
        for line in lines:
            if STAMP.match(line):
                if time:
                    yield time, "\n".join(message)
                time, message = line[:24], [line[25:].rstrip("\n")]
            else:
                message.append(line.rstrip("\n"))
    if time:
        yield time, "\n".join(message)


def millis(time):
    return round(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() * 1000)


def write(log, folder):
    """Form → path; what is there already stays."""
    paths = {form: os.path.join(folder, name) for form, name in NAMES.items()}
    if all(map(os.path.exists, paths.values())):
        return paths
    os.makedirs(folder, exist_ok=True)
    files = {form: open(path, "w", **TEXT) for form, path in paths.items()}
    rows = csv.writer(files["csv"], lineterminator="\n")
    rows.writerow(["timestamp", "message"])
    files["insights"].write('{\n    "results": [')
    between, last, number = "\n", None, None
    for time, message in events(log):
        if time != last:
            last, number = time, millis(time)
        files["console"].write(f"{time}\n{message}\n")
        files["tail"].write(f"{time[:23]}000+00:00 {STREAM} {message}\n")
        rows.writerow([number, message])
        fields = {"@timestamp": time[:23].replace("T", " "), "@message": message, "@logStream": STREAM}
        row = json.dumps([{"field": field, "value": value} for field, value in fields.items()], indent=4)
        files["insights"].write(between + re.sub("^", "        ", row, flags=re.MULTILINE))
        between = ",\n"
    files["insights"].write('\n    ],\n    "statistics": {},\n    "status": "Complete"\n}\n')
    for file in files.values():
        file.close()
    return paths


if __name__ == "__main__":
    for form, path in write(*sys.argv[1:3]).items():
        print(f"{form}: {path}")
