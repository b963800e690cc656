#!/usr/bin/python3
"""Makes an image for tests: images.py KIND OUTPUT <DESCRIPTION

KIND is docker (an archive as "docker save" writes it), oci (a directory), oci-tar, or plain (a root file system). DESCRIPTION is
JSON: {"layers": [[ENTRY...]...], "config": {...}, "compression": "gzip"|"xz"|"bz2"|"zstd", "tags": [...], "platforms": [...]}.
An ENTRY is "busybox", or {"path", "type", "data", "mode", "uid", "gid", "target", "xattrs", "size"}; its type is file, dir, link,
hard, char or fifo. "forge" is a list of lies: blob, diff, size, config.
"""
import hashlib, io, json, os, subprocess, sys, tarfile

APPLETS = "sh cat ls echo id stat touch mkdir rm chown env pwd true sleep test head wc grep mv find chmod".split()


def busybox():
    with open("/bin/busybox", "rb") as f:
        data = f.read()
    yield {"path": "bin", "type": "dir"}
    yield {"path": "bin/busybox", "data": data, "mode": 0o755}
    for name in APPLETS:
        yield {"path": "bin/" + name, "type": "link", "target": "busybox"}
    yield {"path": "etc", "type": "dir"}
    yield {"path": "etc/passwd", "data": "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/srv:/bin/sh\n"}
    yield {"path": "etc/group", "data": "root:x:0:\nwww:x:34:\nstaff:x:50:\n"}


def expand(entries):
    for e in entries:
        if e == "busybox":
            yield from busybox()
        elif "repeat" in e:
            for i in range(e["repeat"]):
                yield dict(e, path=e["path"] % i)
        else:
            yield e


def make_tar(entries):
    out = io.BytesIO()
    tar = tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT)
    types = {"dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "char": tarfile.CHRTYPE,
             "fifo": tarfile.FIFOTYPE, "file": tarfile.REGTYPE}
    for e in expand(entries):
        info = tarfile.TarInfo(e["path"])
        kind = e.get("type", "file")
        info.type = types[kind]
        info.mode = e.get("mode", 0o755 if kind == "dir" else 0o644)
        info.uid, info.gid = e.get("uid", 0), e.get("gid", 0)
        info.mtime = e.get("mtime", 1000000000)
        info.linkname = e.get("target", "")
        info.devmajor, info.devminor = e.get("device", [0, 0])
        data = e.get("data", b"")
        if isinstance(data, str):
            data = data.encode()
        info.size = len(data)
        for key, value in e.get("xattrs", {}).items():
            info.pax_headers["SCHILY.xattr." + key] = value
        if "size" in e:
            # A sparse file of GNU tar, version 1.0: a map without data.
            info.pax_headers.update({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": e["path"],
                                     "GNU.sparse.realsize": str(e["size"])})
            data = b"0\n".ljust(512, b"\0")
            info.size = 512
        tar.addfile(info, io.BytesIO(data))
    tar.close()
    return out.getvalue()


def compress(data, how):
    if not how:
        return data
    tool = {"gzip": ["gzip", "-nc"], "xz": ["xz", "-c", "-T1"], "bz2": ["bzip2", "-c"], "zstd": ["zstd", "-qc"]}[how]
    return subprocess.run(tool, input=data, stdout=subprocess.PIPE, check=True).stdout


def digest(data):
    return hashlib.sha256(data).hexdigest()


def other(value):
    return ("0" if value[0] != "0" else "1") + value[1:]


def main():
    kind, output = sys.argv[1:3]
    about = json.load(sys.stdin)
    forge = about.get("forge", [])
    tars = [make_tar(layer) for layer in about["layers"]]
    blobs = [compress(t, about.get("compression")) for t in tars]
    if kind == "plain":
        with open(output, "wb") as f:
            f.write(blobs[0])
        return
    diffs = [digest(t) for t in tars]
    if "diff" in forge:
        diffs[-1] = other(diffs[-1])
    config = {"architecture": about.get("architecture", "amd64"), "os": "linux", "created": "2020-01-02T03:04:05Z",
              "config": about.get("config", {}), "rootfs": {"type": "layers", "diff_ids": ["sha256:" + d for d in diffs]}}
    if "config" in forge:
        config["rootfs"]["diff_ids"].pop()
    config = json.dumps(config).encode()
    files = {}
    if kind == "docker":
        names = []
        for d, blob in zip(diffs, blobs):
            names.append(d + ".tar")
            files[d + ".tar"] = blob
        files[digest(config) + ".json"] = config
        files["manifest.json"] = json.dumps([{"Config": digest(config) + ".json", "RepoTags": about.get("tags", ["t:latest"]),
                                              "Layers": names}]).encode()
    else:
        media = "application/vnd.oci.image.layer.v1.tar" + {None: "", "gzip": "+gzip", "zstd": "+zstd"}.get(about.get("compression"), "")
        layers = []
        for blob in blobs:
            name = digest(blob)
            size = len(blob)
            files["blobs/sha256/" + name] = blob + (b"\0" if "blob" in forge else b"")
            layers.append({"mediaType": media, "digest": "sha256:" + name, "size": size + ("blob" in forge) + ("size" in forge)})
        files["blobs/sha256/" + digest(config)] = config
        manifest = json.dumps({"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                               "digest": "sha256:" + digest(config), "size": len(config)}, "layers": layers}).encode()
        files["blobs/sha256/" + digest(manifest)] = manifest
        entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + digest(manifest), "size": len(manifest)}
        entries = [dict(entry, annotations={"org.opencontainers.image.ref.name": t}) for t in about.get("tags", ["latest"])]
        if "platforms" in about:
            index = json.dumps({"schemaVersion": 2, "manifests": [
                dict(entry, platform={"architecture": p, "os": "linux"},
                     **({} if p == about["architecture"] else {"digest": "sha256:" + "0" * 64})) for p in about["platforms"]]}).encode()
            files["blobs/sha256/" + digest(index)] = index
            entries = [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + digest(index), "size": len(index)}]
        files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
        files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    if kind == "oci":
        for name, data in files.items():
            path = os.path.join(output, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)
        return
    whole = make_tar([{"path": name, "data": data} for name, data in sorted(files.items())])
    with open(output, "wb") as f:
        f.write(compress(whole, about.get("outer")))


main()
