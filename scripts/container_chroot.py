"""Does what deploy/container/Dockerfile says in two root file systems instead of two images, and runs what comes of it.

For machines without a container engine; needs root. The first root has a Swift toolchain (its folder is put on the PATH), the
second is a bare system; debootstrap makes both. Changes them: give copies.

    scripts/container_chroot.py BUILD_ROOT RUNTIME_ROOT
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLCHAINS = "/opt/swift/usr/bin"


def steps_of(path):
    lines = [line for line in path.read_text().split("\n") if not line.strip().startswith("#")]
    text = re.sub(r"\\\n", " ", "\n".join(lines))
    return [line.split(None, 1) for line in text.split("\n") if line.strip()]


class Stage:
    def __init__(self, root):
        self.root, self.folder, self.user, self.arguments, self.last = pathlib.Path(root), "/", "0:0", {}, {}

    def command(self, words, user="0:0"):
        path = f"{TOOLCHAINS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', self.folder, *words]
        given = [f"{name}={value}" for name, value in self.arguments.items()]
        return ["chroot", f"--userspec={user}", str(self.root), "env", "-i", f"PATH={path}", "HOME=/root", *given, *inside]

    def inside(self, name):
        return self.root / os.path.join(self.folder, name).lstrip("/")

    def copy(self, sources, target):
        for source in sources:
            place = self.inside(target)
            place = place / source.name if target.endswith("/") else place
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.rmtree(place, ignore_errors=True)
                shutil.copytree(source, place, ignore=shutil.ignore_patterns(".build"))
            else:
                shutil.copy(source, place)

    def do(self, step, rest, build):
        if step == "ARG" and "=" in rest:
            self.arguments.update([rest.split("=", 1)])
        elif step == "RUN":
            subprocess.run(self.command(["sh", "-c", rest]), check=True, stdin=subprocess.DEVNULL)
        elif step == "WORKDIR":
            self.folder = rest
            self.inside(".").mkdir(parents=True, exist_ok=True)
        elif step == "COPY":
            words = rest.split()
            base = build.root if words[0].startswith("--from=") else ROOT
            words = [word.lstrip("/") if base != ROOT else word for word in words if not word.startswith("--")]
            self.copy([base / word for word in words[:-1]], rest.split()[-1])
        elif step == "USER":
            self.user = rest
        self.last[step] = rest


def expect(condition, message):
    if not condition:
        sys.exit(f"container: {message}")


def run(stage):
    """The program as the first process of its own process namespace, as in a container: healthy, then stopped by its signal."""
    words = json.loads(stage.last["ENTRYPOINT"]) + json.loads(stage.last["CMD"])
    health = json.loads(re.sub(r"^.*?CMD ", "", stage.last["HEALTHCHECK"]))
    (stage.root / "proc").mkdir(exist_ok=True)
    stage.arguments = {}
    unshare = ["unshare", "--pid", "--fork", "--kill-child", f"--mount-proc={stage.root}/proc"]
    process = subprocess.Popen(unshare + stage.command(words, stage.user), stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while subprocess.run(stage.command(health, stage.user), capture_output=True).returncode != 0:
        expect(process.poll() is None, f"ended with {process.returncode} before it was healthy")
        expect(time.monotonic() < deadline, "not healthy within 30 seconds")
        time.sleep(0.1)
    print("healthy")
    child = int(subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, check=True).stdout.split()[0])
    status = pathlib.Path(f"/proc/{child}/status").read_text()
    expect(re.search(r"^NSpid:\s+\d+\s+1$", status, re.M), "not the first process")
    expect(re.search(rf"^Uid:\s+{stage.user.split(':')[0]}\b", status, re.M), f"not run by {stage.user}")
    os.kill(child, getattr(signal, stage.last["STOPSIGNAL"]))
    code = process.wait(timeout=30)
    expect(code == 0, f"ended with {code} instead of 0 after {stage.last['STOPSIGNAL']}")
    print(f"stopped by {stage.last['STOPSIGNAL']}, exit code 0")


def main():
    expect(len(sys.argv) == 3, "usage: container_chroot.py BUILD_ROOT RUNTIME_ROOT")
    roots, stages = sys.argv[1:], []
    for step, rest in steps_of(ROOT / "deploy/container/Dockerfile"):
        if step == "FROM":
            stages.append(Stage(roots[len(stages)]))
        if stages:
            print(f"-- {step} {rest}", flush=True)
            stages[-1].do(step, rest, stages[0])
    size = stages[-1].inside("/usr/local/bin/app").stat().st_size
    print(f"the program has {size / 1e6:.1f} MB")
    run(stages[-1])


main()
