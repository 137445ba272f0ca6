"""Time the language server in a long file: from the message that a client sends to the answer that it gets.

`python tools/time_lsp.py` starts `nndsl lsp`, opens a model of 1,000 layers (`--layers`), and prints milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

URI = "file:///long/model.nn"
KINDS = (
    "  h = h |> Dense(64, activation=relu)",
    "  h = Dense(64, activation=tanh)(h)",
    "  h = h + (h |> LayerNormalization())",
    "  h = h |> Dense(64) |> Dropout(0.1)",
)


def model(layers: int) -> list[str]:
    """The lines of a model; each has a layer or two."""
    body, count = [], 0
    while count < layers:
        body.append(KINDS[len(body) % len(KINDS)])
        count += 2 if "Dropout" in body[-1] else 1
    head = ["model Long() {", "  input  x: f32[batch, 64]", "  target y: index<10>[batch]", "  h = x"]
    tail = ["  logits = h |> Dense(10)", "  output p = softmax(logits)"]
    return [*head, *body, *tail, "  loss sparse_categorical_crossentropy(y, logits)", "}", ""]


class Client:
    """A client that sends one message and waits for one answer."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "nndsl", "lsp"]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.version = self.number = 0

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.server.stdin is not None
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self.server.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next message."""
        assert self.server.stdout is not None
        length = 0
        while (line := self.server.stdout.readline().strip()) or not length:
            if line.lower().startswith(b"content-length"):
                length = int(line.split(b":")[1])
        found: dict[str, Any] = json.loads(self.server.stdout.read(length))
        return found

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Ask, and wait for the answer."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while (answer := self.read()).get("id") != self.number:
            pass
        return answer.get("result")

    def told(self) -> list[Any]:
        """Wait for diagnostics of this version."""
        while True:
            message = self.read()
            if (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"]["version"] == self.version
            ):
                return list(message["params"]["diagnostics"])

    def open(self, lines: list[str]) -> list[Any]:
        """Open the file; what is wrong with it."""
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.send({"method": "initialized", "params": {}})
        document = {"uri": URI, "languageId": "nn", "version": 0, "text": "\n".join(lines)}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return self.told()

    def change(self, line: int, old: str, new: str) -> list[Any]:
        """Replace a line as an editor does; what is wrong then."""
        self.version += 1
        place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": len(old)}}
        change = {
            "textDocument": {"uri": URI, "version": self.version},
            "contentChanges": [{"range": place, "text": new}],
        }
        self.send({"method": "textDocument/didChange", "params": change})
        return self.told()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and the result."""
    begun = time.perf_counter()
    found = work()
    return 1000 * (time.perf_counter() - begun), found


def report(name: str, times: list[float]) -> None:
    """One line."""
    print(
        f"{name:<46} median {statistics.median(times):6.1f} ms   most {max(times):6.1f} ms   of {len(times)}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=1000)
    lines = model(parser.parse_args().layers)
    client = Client()
    spent, found = timed(lambda: client.open(lines))
    print(f"{len(lines)} lines; start, open and first check: {spent:.0f} ms, {len(found)} diagnostics", flush=True)
    places = [5 + i * (len(lines) - 12) // 9 for i in range(10)]

    def at(line: int, word: str) -> dict[str, Any]:
        return {"textDocument": {"uri": URI}, "position": {"line": line, "character": lines[line].index(word) + 1}}

    names = ("hover, right after opening", "hover on a value", "hover on a layer")
    words = (" h", " h", "LayerNorm")
    for name, word in zip(names, words, strict=True):
        where = [next(i for i in range(p, p + 8) if word in lines[i]) for p in places]
        report(name, [timed(lambda i=i, w=word: client.ask("textDocument/hover", at(i, w)))[0] for i in where])
    report("completion", [timed(lambda i=i: client.ask("textDocument/completion", at(i, "h = ")))[0] for i in places])
    changes = {
        "diagnostics: a wrong shape": ("  h = h @ ones([3, 3])", "NN204"),
        "diagnostics: an unknown layer": ("  h = h |> Dens(64)", "NN101"),
        "diagnostics: a bracket that is left open": ("  h = h |> Dense(64", "NN002"),
        "diagnostics: another width, which is found below": ("  h = h[:, :32]", None),
    }
    hovers: list[float] = []
    for name, (text, code) in changes.items():
        times: list[float] = []
        for place in places:
            spent, found = timed(lambda p=place, t=text: client.change(p, lines[p], t))
            if code is not None and code not in [one["code"] for one in found]:
                raise SystemExit(f"{name}: {code} was not told in line {place + 1}, but {found}")
            times.append(spent)
            hovers.append(timed(lambda p=place: client.ask("textDocument/hover", at(p - 1, "h")))[0])
            client.change(place, text, lines[place])
            time.sleep(0.02)
        report(name, times)
    report("hover right behind a change", hovers)
    place = places[5]
    begun = time.perf_counter()
    client.change(place, lines[place], "  spare = h")
    client.told()
    print(f"the whole check behind a change, with its pause: {1000 * (time.perf_counter() - begun):.0f} ms")
    client.server.kill()


if __name__ == "__main__":
    main()
