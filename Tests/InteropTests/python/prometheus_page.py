"""prometheus_page.py FILE: what Prometheus's own client library makes of a page of metrics, as JSON."""

import json
import math
import sys

from prometheus_client.parser import text_string_to_metric_families


def number(value):
    return str(value) if math.isnan(value) or math.isinf(value) else value


with open(sys.argv[1], encoding="utf-8") as page:
    families = list(text_string_to_metric_families(page.read()))
print(
    json.dumps(
        [
            {
                "name": family.name,
                "type": family.type,
                "help": family.documentation,
                "samples": [[sample.name, sample.labels, number(sample.value)] for sample in family.samples],
            }
            for family in families
        ]
    )
)
