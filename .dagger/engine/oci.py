#!/usr/bin/env python3
"""oci.py CONFIG.json LAYER... OUT: an OCI image layout of folders in the form overlayfs keeps its changes in.

CONFIG.json is the image's "config" object. The manifest's digest is also left in OUT/digest.
"""
import hashlib, json, os, stat, sys, tarfile, time

config_file, *layers, out = sys.argv[1:]
blobs = os.path.join(out, "blobs", "sha256")
os.makedirs(blobs)
OCI = "application/vnd.oci.image."
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def descriptor(path, media):
    """Names a finished blob by its content."""
    with open(path, "rb") as file:
        name = hashlib.file_digest(file, "sha256").hexdigest()
    size = os.path.getsize(path)
    os.rename(path, os.path.join(blobs, name))
    return {"mediaType": OCI + media, "digest": "sha256:" + name, "size": size}


def put(value, media):
    path = os.path.join(blobs, "new")
    with open(path, "w") as file:
        json.dump(value, file)
    return descriptor(path, media)


def opaque(path):
    try:
        return os.getxattr(path, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False


def pack(folder):
    """One layer. Where overlayfs hides a name with a device 0:0, a layer has an empty file .wh.NAME."""
    path = os.path.join(blobs, "new")
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:

        def add(name, hide=False):
            info = tar.gettarinfo(os.path.join(folder, name), name)
            if info is None:  # a socket
                return
            info.uname = info.gname = ""
            info.mtime = int(info.mtime)
            if hide:
                head, tail = os.path.split(name)
                info = tarfile.TarInfo(os.path.join(head, ".wh." + tail))
            if info.isreg() and not hide:
                with open(os.path.join(folder, name), "rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)

        for at, dirs, files in os.walk(folder):
            dirs.sort()
            if opaque(at):
                tar.addfile(tarfile.TarInfo(os.path.relpath(os.path.join(at, ".wh..wh..opq"), folder)))
            for entry in sorted(dirs + files):
                name = os.path.relpath(os.path.join(at, entry), folder)
                what = os.lstat(os.path.join(folder, name))
                add(name, stat.S_ISCHR(what.st_mode) and what.st_rdev == 0)
    return descriptor(path, "layer.v1.tar")


with open(config_file) as file:
    config = json.load(file)
config["Env"] = [PATH, *config.get("Env", [])]
packed = [pack(folder) for folder in layers]
manifest = {
    "schemaVersion": 2,
    "mediaType": OCI + "manifest.v1+json",
    "config": put(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in packed]},
        },
        "config.v1+json",
    ),
    "layers": packed,
}
top = put(manifest, "manifest.v1+json")
top["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
for name, content in {
    "index.json": json.dumps({"schemaVersion": 2, "manifests": [top]}),
    "oci-layout": '{"imageLayoutVersion": "1.0.0"}',
    "digest": top["digest"],
}.items():
    with open(os.path.join(out, name), "w") as file:
        file.write(content)
