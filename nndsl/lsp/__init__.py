"""The language server: `nndsl.editor` in the words of its protocol. Needs the extra `lsp`."""
