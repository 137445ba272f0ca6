"""The server: which files are open, when they are checked, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from nndsl import __version__
from nndsl.check.notes import Notes, Superseded
from nndsl.editor.document import Document, timed, warm_up
from nndsl.lsp import features
from nndsl.lsp.convert import diagnostics

PAUSE = 0.25
"""Seconds without a change after which a long file is checked whole."""


class Server(LanguageServer):
    """Holds the open files. A file is checked in another thread where that takes long, the last text alone."""

    def __init__(self) -> None:
        super().__init__("nndsl", __version__)
        self.open: dict[str, Document] = {}
        self.running: dict[str, tuple[Notes, asyncio.Task[None]]] = {}

    @property
    def encoding(self) -> str:
        """How the client counts characters."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def folder_of(self, document: Document) -> Path | None:
        """The folder in which other files of the project are looked for."""
        root = self.workspace.root_path
        if root and document.path is not None and document.path.is_relative_to(root):
            return Path(root)
        return document.path.parent if document.path is not None else None

    # --- checking ------------------------------------------------------------------------------------------

    def text_changed(self, uri: str) -> None:
        """Check a file again, as far as that is fast, and the rest when the writing pauses."""
        text = self.workspace.get_text_document(uri).source
        document = self.open.get(uri)
        if document is None:
            path = uris.to_fs_path(uri) if uri.startswith("file:") else None
            place = Path(path) if path else None
            document = self.open[uri] = Document(place.name if place else uri.rpartition(":")[2], place, text)
            first = True
        else:
            document.read(text)
            first = False
        if first and len(text) > SHORT:
            self.check_later(uri, 0.0)
        elif document.check():
            self.give_up(uri)
            self.publish(uri)
        else:
            self.publish(uri)
            self.check_later(uri, PAUSE)

    def publish(self, uri: str) -> None:
        """Tell the client what is wrong with a file."""
        found = diagnostics(self.open[uri], uri, self.encoding)
        version = self.workspace.get_text_document(uri).version
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))

    def check_later(self, uri: str, pause: float) -> None:
        """Check a file whole after a pause, in another thread."""
        self.give_up(uri)
        notes = Notes(self.open[uri].source)
        self.running[uri] = (notes, asyncio.ensure_future(self._check(uri, notes, pause)))

    def give_up(self, uri: str) -> None:
        """Forget the check of a file that is under way."""
        if uri in self.running:
            notes, task = self.running.pop(uri)
            notes.superseded = True
            task.cancel()

    async def _check(self, uri: str, notes: Notes, pause: float) -> None:
        await asyncio.sleep(pause)
        loop = asyncio.get_running_loop()
        try:
            analysis, seconds = await loop.run_in_executor(None, timed, notes.source, notes)
        except Superseded:
            return
        document = self.open.get(uri)
        if document is not None and document.accept(analysis, seconds):
            self.running.pop(uri, None)
            self.publish(uri)
            self._refresh()

    def _refresh(self) -> None:
        """Ask the client for what depends on a whole check."""
        workspace = self.client_capabilities.workspace
        if workspace is not None and workspace.inlay_hint is not None and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if (
            workspace is not None
            and workspace.semantic_tokens is not None
            and workspace.semantic_tokens.refresh_support
        ):
            self.workspace_semantic_tokens_refresh(None)

    async def whole(self, uri: str) -> Document | None:
        """A file of which all is known, after waiting for that where need be."""
        document = self.open.get(uri)
        if document is None:
            return None
        while not document.fresh:
            if uri not in self.running:
                self.check_later(uri, 0.0)
            source = document.source
            notes, task = self.running[uri]
            await asyncio.wait([task], timeout=10)
            if uri not in self.open or (document.source is source and not document.fresh and not notes.superseded):
                return None
        return document

    def known(self, uri: str) -> Document | None:
        """A file with what is known of it now."""
        document = self.open.get(uri)
        return document if document is not None and document.analysis is not None else None


SHORT = 8_000
"""Characters of a text that is checked at once when it is opened."""


# --- the life of files -------------------------------------------------------------------------------------------


def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """A file was opened."""
    server.text_changed(params.text_document.uri)


def did_change(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """A file was changed."""
    server.text_changed(params.text_document.uri)


def did_save(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    """A file was saved: those that import it read it anew."""
    _check_importers(server, [params.text_document.uri])


def did_change_watched_files(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Files were changed elsewhere."""
    _check_importers(server, [change.uri for change in params.changes])


def _check_importers(server: Server, changed: list[str]) -> None:
    paths = {Path(path).resolve() for uri in changed if (path := uris.to_fs_path(uri))}
    for uri, document in server.open.items():
        own = document.path.resolve() if document.path is not None else None
        if document.analysis is None or (own in paths and len(paths) == 1):
            continue
        units = document.analysis.notes.units
        read = {unit.source.path.resolve() for unit in units[1:] if unit.source.path is not None}
        missing = any(target is None for _, target in units[0].imports)
        if read & paths or missing:
            document.analysis = None
            server.text_changed(uri)


def did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """A file was closed: nothing is said of it any more."""
    uri = params.text_document.uri
    server.give_up(uri)
    if server.open.pop(uri, None) is not None:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def make_server() -> Server:
    """A server with all its features."""
    warm_up()
    server = Server()
    handlers: dict[str, Callable[..., object]] = {
        types.TEXT_DOCUMENT_DID_OPEN: did_open,
        types.TEXT_DOCUMENT_DID_CHANGE: did_change,
        types.TEXT_DOCUMENT_DID_SAVE: did_save,
        types.TEXT_DOCUMENT_DID_CLOSE: did_close,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_watched_files,
        **features.PLAIN,
    }
    for method, handler in handlers.items():
        server.feature(method)(_bound(server, handler))
    for method, (handler, options) in features.WITH_OPTIONS.items():
        server.feature(method, options)(_bound(server, handler))
    return server


def _bound(server: Server, handler: Callable[..., object]) -> Callable[..., object]:
    """A handler as pygls takes it: of one argument. (One whose type is `object` it would take for the server.)"""
    if asyncio.iscoroutinefunction(handler):

        async def asynchronous(params: Any) -> object:
            return await handler(server, params)

        return asynchronous

    def plain(params: Any) -> object:
        return handler(server, params)

    return plain
