"""What Celery's own `celery multi` makes of command lines: reads a JSON list of lists of words, prints what each printed."""
import io
import json
import sys

from celery.bin.multi import MultiTool

results = []
for words in json.load(sys.stdin):
    output = io.StringIO()
    tool = MultiTool(stdout=output, stderr=io.StringIO(), no_color=True)
    code = tool.execute_from_commandline(["multi", *words])
    results.append({"output": output.getvalue(), "code": code})
json.dump(results, sys.stdout)
