// Starts `nndsl lsp` and hands it to VS Code. Plain JavaScript: nothing has to be built.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("nndsl").get("command");
  const server = { command, args, options: { cwd: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath } };
  client = new LanguageClient("nndsl", "nndsl", server, {
    documentSelector: [{ language: "nn" }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.nn") },
  });
  try {
    await client.start();
  } catch (fault) {
    client = undefined;
    vscode.window.showErrorMessage(
      `nndsl: \`${command}\` did not start (${fault.message}). Install it with: pip install "nndsl[lsp]", ` +
        "and say in the setting nndsl.command where it is."
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("nndsl.restart", async () => {
      await stop();
      await start();
    }),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("nndsl.command")) {
        await stop();
        await start();
      }
    })
  );
  await start();
};

exports.deactivate = stop;
