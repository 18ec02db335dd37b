"""A camera for Python's own `celery events --camera=interop_camera.Camera`: each picture is a line of JSON behind a word."""
import json

from celery.events.snapshot import Polaroid


class Camera(Polaroid):
    def on_shutter(self, state):
        workers = {
            worker.hostname: {"alive": bool(worker.alive), "software": worker.sw_ident}
            for worker in list(state.workers.values())
        }
        tasks = {
            uuid: {
                "name": task.name,
                "state": task.state,
                "worker": task.worker.hostname if task.worker else None,
                "result": task.result,
            }
            for uuid, task in state.tasks_by_time()
        }
        print("picture " + json.dumps({"workers": workers, "tasks": tasks}), flush=True)
