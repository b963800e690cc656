"""Rewrites the record of the kept sandbox in a directory as kurung 0.1 wrote it: JSON, in record.json."""
import json
import os
import sys

record, layers = {"version": 2, "spec": [], "argv": [], "uid_map": [], "gid_map": []}, []
with open(os.path.join(sys.argv[1], "record"), encoding="utf-8") as f:
    lines = f.read().split("\n")[1:-2]
for line in lines:
    name, value = line.split(" ", 1)
    name, _, field = name.replace("-", "_").partition(".")
    if field == "engine":
        layers.append({"covered": []})
    if field == "covered":
        layers[-1]["covered"].append(value)
    elif name == "layer":
        layers[-1][field] = value
    elif name in ("uid_map", "gid_map"):
        if field == "inside":
            record[name].append({})
        record[name][-1][field] = int(value)
    elif name in ("argv", "spec"):
        record[name].append(value)
    elif name in ("ended", "map_by_helpers"):
        record[name] = value == "1"
    else:
        record[name] = int(value) if value.isdigit() else value
with open(os.path.join(sys.argv[1], "record.json"), "w", encoding="utf-8") as f:
    json.dump({**record, "layers": layers}, f)
os.unlink(os.path.join(sys.argv[1], "record"))
