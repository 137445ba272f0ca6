"""`nndsl lsp` as an editor drives it, every feature once, and that it goes on while a file is broken."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

pytest.importorskip("pytest_lsp")
pytest.importorskip("pygls")

from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, fixture

LOOP = pytest.mark.asyncio(loop_scope="module")

BLOCKS = """## Adds to its input what a layer makes of it.
layer Residual(units: int)(x: f32[..., n]) -> f32[..., n] {
  return x + (x |> Dense(units, activation=relu) |> Dense(n))
}
"""

TEXT = """import "blocks.nn"

## Names of flowers.
model Iris(hidden: int = 16) {
  ## Four measures of a flower.
  input  x: f32[batch, 4]
  target label: index<3>[batch]
  h = x
    |> Dense(hidden, activation=relu)
    |> Residual(8)
  logits = h |> Dense(3)
  output p = softmax(logits)
  loss sparse_categorical_crossentropy(label, logits)
}

train Iris {
  optimizer = Adam(learning_rate=0.01)
  epochs = 3
}
"""


@fixture(config=ClientServerConfig(server_command=[sys.executable, "-m", "nndsl", "lsp"]), scope="module")
async def client(lsp_client: LanguageClient):
    for method in (types.WORKSPACE_SEMANTIC_TOKENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH):
        lsp_client.feature(method)(lambda params: None)
    await lsp_client.initialize_session(
        types.InitializeParams(capabilities=client_capabilities("visual-studio-code"), root_uri=None)
    )
    yield
    await lsp_client.shutdown_session()


class File:
    """An open file of the client."""

    def __init__(self, client: LanguageClient, path: Path, text: str) -> None:
        self.client, self.uri, self.text, self.version = client, path.as_uri(), text, 1
        self.document = types.TextDocumentIdentifier(self.uri)

    async def open(self) -> list[types.Diagnostic]:
        item = types.TextDocumentItem(self.uri, "nn", 1, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.told()

    async def change(self, text: str) -> list[types.Diagnostic]:
        self.text, self.version = text, self.version + 1
        changed = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(changed, [whole]))
        return await self.told()

    async def told(self) -> list[types.Diagnostic]:
        """What is said of the file next. (Waiting for the notification itself misses one that comes with another.)"""
        for _ in range(6000):
            if self.uri in self.client.diagnostics:
                return list(self.client.diagnostics.pop(self.uri))
            await asyncio.sleep(0.005)
        raise TimeoutError(self.uri)

    def close(self) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.document))

    def at(self, words: str, inside: int = 0, which: int = 0) -> types.Position:
        """The position of some words of the text."""
        offset = -1
        for _ in range(which + 1):
            offset = self.text.index(words, offset + 1)
        before = self.text[: offset + inside]
        return types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)

    def shown(self, place: types.Range) -> str:
        """The text of a range of one line."""
        return self.text.split("\n")[place.start.line][place.start.character : place.end.character]


@pytest.fixture
def files(client: LanguageClient, tmp_path: Path):
    (tmp_path / "blocks.nn").write_text(BLOCKS)

    made: list[File] = []

    def make(text: str = TEXT, name: str = "iris.nn") -> File:
        (tmp_path / name).write_text(text)
        made.append(File(client, tmp_path / name, text))
        return made[-1]

    yield make
    for file in made:
        file.close()


@LOOP
async def test_a_good_file_has_no_diagnostics_and_a_change_brings_one_with_place_code_page_and_related(files):
    file = files()
    assert await file.open() == []
    (found,) = await file.change(TEXT.replace("logits = h |> Dense(3)", "logits = h + ones([5])"))
    assert (found.code, found.severity) == ("NN201", types.DiagnosticSeverity.Error)
    assert file.shown(found.range) == "+"
    assert found.message.startswith("these shapes do not agree")
    assert found.related_information
    assert found.code_description is not None
    page = Path(found.code_description.href.removeprefix("file://"))
    assert page.read_text().startswith("# NN201")


@LOOP
async def test_a_problem_of_an_imported_file_stands_at_the_import_and_points_there(files, tmp_path):
    file = files()
    (tmp_path / "blocks.nn").write_text(BLOCKS.replace("activation=relu", "activation=relo"))
    (found,) = await file.open()
    assert file.shown(found.range) == '"blocks.nn"'
    assert found.related_information
    assert found.related_information[0].location.uri == (tmp_path / "blocks.nn").as_uri()
    (tmp_path / "blocks.nn").write_text(BLOCKS)
    changed = types.FileEvent((tmp_path / "blocks.nn").as_uri(), types.FileChangeType.Changed)
    file.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
    assert await file.told() == []


@LOOP
@pytest.mark.parametrize(
    ("words", "inside", "parts"),
    [
        ("h |> Dense(3)", 0, ["h: f32[batch, 16]"]),
        ("x: f32[batch", 0, ["input x: f32[batch, 4]", "Four measures of a flower."]),
        ("Dense(hidden", 0, ["layer Dense(", "gives `f32[batch, 16]`", "`Dense_1` has 80 parameters", "the library"]),
        ("Residual(8)", 0, ["layer Residual(units: int)", "Adds to its input", "from", "blocks.nn"]),
        ("hidden, act", 0, ["hidden: int = 16", "of the model `Iris`"]),
        ("activation=", 0, ["activation: fn = linear", "of the layer `Dense`"]),
        ("softmax(", 0, ["softmax(x, axis=-1)", "gives `prob[batch, 3]`"]),
        ("batch, 4", 0, ["a size that data gives"]),
        ("epochs", 0, ["How often"]),
        ("|> Dense(hidden", 0, ["f32[batch, 16]"]),
    ],
)
async def test_hover(files, words, inside, parts):
    file = files()
    await file.open()
    hover = await file.client.text_document_hover_async(types.HoverParams(file.document, file.at(words, inside)))
    assert hover is not None
    assert all(part in hover.contents.value for part in parts), hover.contents.value


@LOOP
async def test_hover_and_completion_go_on_while_the_file_is_broken(files):
    file = files()
    await file.open()
    found = await file.change(TEXT.replace("logits = h |> Dense(3)", "logits = h |> Dense(3, act"))
    assert [one.code for one in found] == ["NN002"]
    hover = await file.client.text_document_hover_async(types.HoverParams(file.document, file.at("h = x")))
    assert "f32[batch, 16]" in hover.contents.value
    at = file.at("Dense(3, act", len("Dense(3, act"))
    items = (await file.client.text_document_completion_async(types.CompletionParams(file.document, at))).items
    assert "activation=" in [item.label for item in items]


async def _goes_to(file: File, words: str, inside: int = 0) -> list[tuple[str, int]]:
    params = types.DefinitionParams(file.document, file.at(words, inside))
    found = await file.client.text_document_definition_async(params)
    return [(one.uri.rpartition("/")[2], one.range.start.line) for one in found]


@LOOP
async def test_definition_in_the_file_in_an_import_and_in_the_library(files):
    file = files()
    await file.open()
    assert await _goes_to(file, "h |> Dense(3)") == [("iris.nn", 7)]
    assert await _goes_to(file, "hidden, act") == [("iris.nn", 3)]
    assert await _goes_to(file, "Iris {") == [("iris.nn", 3)]
    assert await _goes_to(file, "Residual(8)") == [("blocks.nn", 1)]
    assert await _goes_to(file, '"blocks.nn"', 3) == [("blocks.nn", 0)]
    ((name, _),) = await _goes_to(file, "Dense(hidden")
    assert name == "layers.nn"
    ((name, _),) = await _goes_to(file, "learning_rate")
    assert name == "optimizers.nn"


@LOOP
async def test_references_in_this_file_and_in_those_that_import_it(files, tmp_path):
    files()
    blocks = File(files().client, tmp_path / "blocks.nn", BLOCKS)
    await blocks.open()
    params = types.ReferenceParams(types.ReferenceContext(True), blocks.document, blocks.at("Residual"))
    found = await blocks.client.text_document_references_async(params)
    places = sorted((one.uri.rpartition("/")[2], one.range.start.line) for one in found)
    assert places == [("blocks.nn", 1), ("iris.nn", 9)]


@LOOP
async def test_highlights_tell_reading_from_writing(files):
    file = files()
    await file.open()
    params = types.DocumentHighlightParams(file.document, file.at("logits"))
    found = await file.client.text_document_document_highlight_async(params)
    kinds = [one.kind for one in found]
    assert kinds == [types.DocumentHighlightKind.Write, *[types.DocumentHighlightKind.Read] * 2]


async def _renamed(file: File, words: str, new: str, inside: int = 0) -> dict[str, str]:
    params = types.RenameParams(file.document, file.at(words, inside), new)
    edit = await file.client.text_document_rename_async(params)
    texts = {}
    for uri, edits in edit.changes.items():
        lines = Path(uri.removeprefix("file://")).read_text().split("\n")
        for one in sorted(edits, key=lambda e: (-e.range.start.line, -e.range.start.character)):
            at = one.range.start.line
            lines[at] = lines[at][: one.range.start.character] + one.new_text + lines[at][one.range.end.character :]
        texts[uri.rpartition("/")[2]] = "\n".join(lines)
    return texts


@LOOP
async def test_rename_of_a_value_and_of_a_definition_that_others_import(files, tmp_path):
    file = files()
    await file.open()
    assert await _renamed(file, "logits", "scores") == {"iris.nn": TEXT.replace("logits", "scores")}
    blocks = File(file.client, tmp_path / "blocks.nn", BLOCKS)
    await blocks.open()
    texts = await _renamed(blocks, "Residual", "Skip")
    assert texts == {"blocks.nn": BLOCKS.replace("Residual", "Skip"), "iris.nn": TEXT.replace("Residual", "Skip")}


@LOOP
@pytest.mark.parametrize(
    ("words", "new", "reason"),
    [("Dense(hidden", "Thick", "belongs to library"), ("logits", "h", "is taken"), ("logits", "2nd", "is no name")],
)
async def test_rename_is_refused_with_a_reason(files, words, new, reason):
    file = files()
    await file.open()
    with pytest.raises(Exception, match=reason):
        await file.client.text_document_rename_async(types.RenameParams(file.document, file.at(words), new))


async def _offered(file: File, words: str, inside: int | None = None) -> dict[str, types.CompletionItem]:
    at = file.at(words, len(words) if inside is None else inside)
    found = await file.client.text_document_completion_async(types.CompletionParams(file.document, at))
    return {item.label: item for item in found.items}


@LOOP
async def test_completion_of_layers_arguments_values_keys_types_and_members(files):
    file = files()
    await file.open()
    await file.change(TEXT.replace("logits = h |> Dense(3)", "logits = h |> De"))
    pipe = await _offered(file, "h |> De")
    assert {"Dense", "Residual"} <= pipe.keys()
    assert "softmax" in pipe
    assert "(units: int" in pipe["Dense"].detail
    assert "train" not in pipe
    await file.change(TEXT.replace("logits = h |> Dense(3)", "logits = h |> Dense(3, )"))
    arguments = await _offered(file, "Dense(3, ")
    assert {"activation=", "use_bias=", "units="} <= arguments.keys()
    assert {"h", "x", "hidden"} <= arguments.keys()
    assert arguments["h"].detail == "f32[batch, 16]"
    await file.change(TEXT.replace("epochs = 3", ""))
    keys = await _offered(file, "rate=0.01)\n  ")
    assert "epochs" in keys
    assert "optimizer" not in keys
    await file.change(TEXT.replace("Adam(learning_rate=0.01)", ""))
    optimizers = await _offered(file, "optimizer = ")
    assert "Adam" in optimizers
    assert "Dense" not in optimizers
    await file.change(TEXT.replace("x: f32[batch, 4]", "x: "))
    kinds = await _offered(file, "input  x: ")
    assert {"f32", "index"} <= kinds.keys()
    await file.change(TEXT.replace('import "blocks.nn"', 'import "'))
    assert "blocks.nn" in await _offered(file, 'import "')
    await file.change(TEXT.replace('"blocks.nn"', '"blocks.nn" as blocks').replace("|> Residual(8)", "|> blocks."))
    assert list(await _offered(file, "|> blocks.")) == ["Residual"]


@LOOP
async def test_signature_help_marks_the_argument_that_is_written(files):
    file = files()
    await file.open()
    await file.change(TEXT.replace("logits = h |> Dense(3)", "logits = h |> Dense(3, activation=relu, "))
    at = file.at("Dense(3, ", len("Dense(3, "))
    found = await file.client.text_document_signature_help_async(types.SignatureHelpParams(file.document, at))
    (one,) = found.signatures
    start, end = one.parameters[found.active_parameter].label
    assert one.label.startswith("Dense(units: int, activation: fn = linear")
    assert one.label[start:end] == "activation: fn = linear"
    at = file.at("Dense(3, activation=relu, ", len("Dense(3, activation=re"))
    found = await file.client.text_document_signature_help_async(types.SignatureHelpParams(file.document, at))
    assert found.active_parameter == 1


@LOOP
async def test_inlay_hints_show_shapes_behind_names_and_at_the_ends_of_lines_of_a_pipe(files):
    file = files()
    await file.open()
    whole = types.Range(types.Position(0, 0), types.Position(len(TEXT.split("\n")), 0))
    found = await file.client.text_document_inlay_hint_async(types.InlayHintParams(file.document, whole))
    told = [(one.position.line, str(one.label).strip()) for one in found]
    assert told == [
        (7, ": f32[batch, 16]"), (8, "f32[batch, 16]"), (10, ": f32[batch, 3]"), (11, ": prob[batch, 3]"),
    ]  # fmt: skip


@LOOP
async def test_formatting_is_that_of_nndsl_fmt_and_leaves_a_broken_file_alone(files):
    file = files(TEXT.replace("epochs = 3", "epochs   =  3"))
    await file.open()
    params = types.DocumentFormattingParams(file.document, types.FormattingOptions(2, True))
    (edit,) = await file.client.text_document_formatting_async(params)
    assert "  epochs    = 3\n" in edit.new_text
    await file.change("model M( {")
    assert await file.client.text_document_formatting_async(params) is None


async def _actions(file: File, found: types.Diagnostic, only: list[str] | None = None) -> list[types.CodeAction]:
    context = types.CodeActionContext([found], only=only)
    params = types.CodeActionParams(file.document, found.range, context)
    return await file.client.text_document_code_action_async(params)


@LOOP
async def test_quick_fixes_are_those_of_the_problems_and_warnings_can_be_allowed(files):
    file = files()
    await file.open()
    (found,) = await file.change(TEXT.replace("Dense(3)", "Dens(3)"))
    (action,) = await _actions(file, found)
    (edit,) = action.edit.changes[file.uri]
    assert (edit.new_text, action.is_preferred) == ("Dense", True)
    (whole,) = await _actions(file, found, ["source.fixAll"])
    (edit,) = whole.edit.changes[file.uri]
    assert edit.new_text == TEXT
    (found,) = await file.change(TEXT.replace("  logits = h", "  spare = h\n  logits = h"))
    actions = {one.title: one for one in await _actions(file, found)}
    (edit,) = actions["allow NN401 here"].edit.changes[file.uri]
    assert edit.new_text == "  # nndsl: allow NN401\n"


@LOOP
async def test_symbols_folding_and_semantic_tokens(files):
    file = files()
    await file.open()
    symbols = await file.client.text_document_document_symbol_async(types.DocumentSymbolParams(file.document))
    assert [one.name for one in symbols] == ["blocks.nn", "Iris", "train Iris"]
    assert [one.name for one in symbols[1].children] == ["x", "label", "p"]
    folds = await file.client.text_document_folding_range_async(types.FoldingRangeParams(file.document))
    assert (3, 12) in [(one.start_line, one.end_line) for one in folds]
    params = types.SemanticTokensParams(file.document)
    tokens = await file.client.text_document_semantic_tokens_full_async(params)
    assert len(tokens.data) % 5 == 0
    assert list(tokens.data[:3]) == [3, 6, 4]  # `Iris`, the first name


@LOOP
async def test_places_are_counted_as_the_client_counts_characters(files):
    file = files("model M() {\n  input x: f32[batch, 4] # \U0001f600\n  output y = x # \U0001f600 ä\n}\n")
    assert await file.open() == []
    (found,) = await file.change(file.text.replace("y = x #", "y = where(x > 0, z, x) #"))
    assert file.shown(found.range) == "z"
    broken = 'model M() {\n  input x: f32[batch, 4]\n  assert true, "\U0001f600\U0001f600" + z\n  output y = x\n}\n'
    found = await file.change(broken)
    wide = next(one for one in found if one.code == "NN101").range
    line = broken.split("\n")[2]
    assert wide.start.character == len(line[: line.index("z")].encode("utf-16-le")) // 2


@LOOP
async def test_a_long_file_is_told_at_once_where_it_is_changed_and_whole_after_a_pause(files):
    lines = ["  h = h |> Dense(8, activation=relu)"] * 300
    text = "\n".join(["model Long() {", "  input x: f32[batch, 8]", "  h = x", *lines, "  output y = h", "}", ""])
    file = files(text)
    assert await file.open() == []
    changed = text.split("\n")
    changed[150] = "  h = h @ ones([3, 3])"
    (found,) = await file.change("\n".join(changed))
    assert (found.code, found.range.start.line) == ("NN204", 150)
    assert [one.code for one in await file.told()] == ["NN204"]
    hover = await file.client.text_document_hover_async(types.HoverParams(file.document, types.Position(100, 2)))
    assert "h: f32[batch, 8]" in hover.contents.value


@LOOP
async def test_a_file_that_is_closed_has_nothing_to_say(files):
    file = files("model M() { input x: f32[batch] }")
    assert await file.open() != []
    file.close()
    assert await file.told() == []
