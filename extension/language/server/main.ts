/** The language server of image manifests and kernel command lines. Reads files, runs nothing. */
import './translations.ts';
import {
  createConnection,
  type InitializeResult,
  ProposedFeatures,
  ResponseError,
  TextDocumentSyncKind,
  type TextDocumentSyncOptions,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { HOST_CHANGED } from '../protocol.ts';
import { commandLineActions, commandLineCompletion, commandLineHover } from './command-line/features.ts';
import { registerFeatures, staticCapabilities } from './features.ts';
import { codeActions } from './manifest/actions.ts';
import { completion, resolveCompletion } from './manifest/completion.ts';
import { foldingRanges } from './manifest/folding.ts';
import { formattingEdits } from './manifest/formatting.ts';
import { hover } from './manifest/hover.ts';
import { imageSize, imageSizeText, lensRange } from './manifest/lens.ts';
import { definition, documentLinks, prepareRename, references, rename } from './manifest/navigation.ts';
import { TokenResults } from './manifest/token-results.ts';
import { semanticTokens } from './manifest/tokens.ts';
import { Workspace } from './workspace.ts';

const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
const workspace = new Workspace(connection, documents);
const tokenResults = new TokenResults();
let isDynamic = false;

connection.onInitialize(({ capabilities }): InitializeResult => {
  isDynamic = capabilities.textDocument?.completion?.dynamicRegistration ?? false;
  workspace.setClient(
    capabilities.workspace?.codeLens?.refreshSupport ?? false,
    capabilities.workspace?.configuration ?? false,
  );
  const textDocumentSync: TextDocumentSyncOptions = {
    openClose: true,
    change: TextDocumentSyncKind.Incremental,
    save: true,
  };
  return {
    capabilities: { textDocumentSync, ...(isDynamic ? {} : staticCapabilities) },
    serverInfo: { name: 'unikernel-workbench' },
  };
});
connection.onInitialized(async () => {
  if (isDynamic) {
    await registerFeatures(connection);
  }
});

const report = (error: unknown) => connection.console.error(String(error));
documents.onDidOpen(({ document }) => void workspace.opened(document).catch(report));
documents.onDidChangeContent(({ document }) => workspace.changed(document.uri));
documents.onDidSave(({ document }) => void workspace.refresh([document.uri]).catch(report));
documents.onDidClose(({ document }) => {
  workspace.closed(document.uri);
  tokenResults.forget(document.uri);
});
connection.onDidChangeConfiguration(() => void workspace.refresh().catch(report));
connection.onNotification(HOST_CHANGED, () => void workspace.refresh().catch(report));

connection.onCompletion(async ({ textDocument: { uri }, position }) => {
  await workspace.ready(uri);
  const launch = workspace.launchFile(uri);
  if (launch) {
    return commandLineCompletion(launch.document, launch.kernel, position);
  }
  const manifest = workspace.manifest(uri);
  return manifest && completion(manifest, position);
});
connection.onCompletionResolve((item) => resolveCompletion(workspace.files, item));
connection.onHover(async ({ textDocument: { uri }, position }) => {
  await workspace.ready(uri);
  const launch = workspace.launchFile(uri);
  if (launch) {
    return commandLineHover(launch.document, launch.kernel, position);
  }
  const manifest = workspace.manifest(uri);
  return manifest && (await hover(manifest, position));
});
connection.onCodeAction(async ({ textDocument: { uri }, context }) => {
  await workspace.ready(uri);
  const launch = workspace.launchFile(uri);
  if (launch) {
    return commandLineActions(launch.document, context.diagnostics);
  }
  const manifest = workspace.manifest(uri);
  return manifest && (await codeActions(manifest, context.diagnostics, context.only));
});

// What leads to the host's files waits until they were looked at: an editor asks once, when the document is opened.
connection.onDefinition(async ({ textDocument: { uri }, position }) => {
  await workspace.looked(uri);
  const manifest = workspace.manifest(uri);
  return manifest && definition(manifest, position);
});
connection.onReferences(({ textDocument: { uri }, position }) => {
  const manifest = workspace.manifest(uri);
  return manifest && references(manifest, position);
});
connection.onPrepareRename(({ textDocument: { uri }, position }) => {
  const manifest = workspace.manifest(uri);
  return manifest && spoken(() => prepareRename(manifest, position));
});
connection.onRenameRequest(({ textDocument: { uri }, position, newName }) => {
  const manifest = workspace.manifest(uri);
  return manifest && spoken(() => ({ changes: { [uri]: rename(manifest, position, newName) } }));
});
connection.onDocumentFormatting(({ textDocument: { uri } }) => {
  const manifest = workspace.manifest(uri);
  return manifest && formattingEdits(manifest);
});
connection.onDocumentRangeFormatting(({ textDocument: { uri }, range }) => {
  const manifest = workspace.manifest(uri);
  return manifest && formattingEdits(manifest, range.start.line, range.end.line);
});
connection.onDocumentLinks(async ({ textDocument: { uri } }) => {
  await workspace.looked(uri);
  const manifest = workspace.manifest(uri);
  return manifest && documentLinks(manifest);
});
connection.onFoldingRanges(({ textDocument: { uri } }) => {
  const manifest = workspace.manifest(uri);
  return manifest && foldingRanges(manifest);
});
connection.onCodeLens(({ textDocument: { uri } }) => {
  const manifest = workspace.manifest(uri);
  const range = manifest && lensRange(manifest);
  return range ? [{ range, data: { uri } }] : [];
});
connection.onCodeLensResolve((lens) => {
  const manifest = workspace.manifest(String((lens.data as { uri?: unknown })?.uri));
  const title = manifest ? imageSizeText(imageSize(manifest, workspace.generation)) : '';
  return { ...lens, command: { title, command: '' } };
});

connection.languages.semanticTokens.on(({ textDocument: { uri } }) => {
  const manifest = workspace.manifest(uri);
  return tokenResults.whole(uri, manifest ? semanticTokens(manifest) : []);
});
connection.languages.semanticTokens.onDelta(({ textDocument: { uri }, previousResultId }) => {
  const manifest = workspace.manifest(uri);
  return tokenResults.delta(uri, previousResultId, manifest ? semanticTokens(manifest) : []);
});
connection.languages.semanticTokens.onRange(({ textDocument: { uri }, range }) => {
  const manifest = workspace.manifest(uri);
  return { data: manifest ? semanticTokens(manifest, range.start.line, range.end.line) : [] };
});

/** A refusal is an answer for the user, not a failure of the server. */
function spoken<T>(answer: () => T): T | ResponseError<void> {
  try {
    return answer();
  } catch (error) {
    return new ResponseError(-32803, error instanceof Error ? error.message : String(error));
  }
}

documents.listen(connection);
connection.listen();
