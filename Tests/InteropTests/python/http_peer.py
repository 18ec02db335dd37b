"""What the tests of Flower ask of a web server, with nothing but Python's own library and Prometheus's own parser."""
import html.parser
import json
import urllib.error
import urllib.parse
import urllib.request

NOT_SHOWN = {"script", "style", "svg", "template"}


def fetch(method, url, query=None, body=None, timeout=60):
    """The status and the text of an answer, an error's too; what is JSON is decoded."""
    if query:
        url += "?" + urllib.parse.urlencode(query)
    data = None
    headers = {}
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    elif method == "POST":
        data = b""
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode(errors="replace")
    except OSError as error:
        return {"status": 0, "text": repr(error)}
    try:
        return {"status": status, "text": text, "json": json.loads(text)}
    except ValueError:
        return {"status": status, "text": text}


class Page(html.parser.HTMLParser):
    """The words that a reader sees."""

    def __init__(self):
        super().__init__()
        self.words, self.hidden = [], 0

    def handle_starttag(self, tag, attributes):
        if tag in NOT_SHOWN:
            self.hidden += 1
        for name, value in attributes:
            if tag == "input" and name == "value" and value:
                self.words.append(value)

    def handle_endtag(self, tag):
        if tag in NOT_SHOWN and self.hidden:
            self.hidden -= 1

    def handle_data(self, data):
        if not self.hidden:
            self.words += data.split()


def page(url):
    answer = fetch("GET", url)
    reader = Page()
    reader.feed(answer["text"])
    return {"status": answer["status"], "text": " ".join(reader.words)}


def samples(text):
    """All samples of a text in Prometheus's format; raises when a stock parser cannot read it."""
    from prometheus_client.parser import text_string_to_metric_families

    return [
        {"name": sample.name, "labels": dict(sample.labels), "value": sample.value}
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
