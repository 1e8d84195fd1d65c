"""Compares the rule set with the catalogue of causes.

catalogue.py CORSCOPE CATALOG_JSON: every entry that logs decide is a rule, or a candidate of one;
every other has a page or a rule; causes whose evidence nobody has seen verbatim are `possible`.
"""

import json
import subprocess
import sys

corscope, catalogue = sys.argv[1:]
entries = json.load(open(catalogue, encoding="utf-8"))["entries"]
listed = subprocess.run(
    [corscope, "rules", "list", "--format", "json"], stdout=subprocess.PIPE, check=True
).stdout
rules = {rule["id"]: rule for rule in json.loads(listed)}
named = {other for rule in rules.values() for other in rule["candidates"]}


def is_explained(name):
    return subprocess.run([corscope, "explain", name], stdout=subprocess.DEVNULL).returncode == 0


# Entries whose line the catalogue infers, and which was seen since: the AWS Knowledge Center prints it
# (api-gateway-lambda-template-invoke-error), and so does serverless/serverless#1312.
SEEN_SINCE = {"non-post-integration-method"}

wrong = []
for entry in entries:
    name = entry["id"]
    rule = rules.get(name)
    if rule is None and entry["decidable_from"] != ["none"] and name not in named:
        wrong.append(f"{name}: logs decide it, and it is neither a rule nor a candidate of one")
    if not is_explained(name):
        wrong.append(f"{name}: `corscope explain {name}` does not know it")
    is_inferred = name not in SEEN_SINCE and all(
        line["status"] == "inferred" for line in entry["evidence"]
    )
    if rule and rule["kind"] == "cause" and is_inferred and rule["confidence"] != "possible":
        wrong.append(f"{name}: only inferred, and {rule['confidence']}")

print(f"{len(entries)} entries, {sum(entry['id'] in rules for entry in entries)} of them rules")
sys.exit("\n".join(wrong) or 0)
