/** Which document gets which feature: dynamic registration, so that a launch.json is not also formatted or coloured by us. */
import {
  CodeActionKind,
  CodeActionRequest,
  CodeLensRequest,
  CompletionRequest,
  type Connection,
  DefinitionRequest,
  DidChangeConfigurationNotification,
  DocumentFormattingRequest,
  DocumentLinkRequest,
  DocumentRangeFormattingRequest,
  type DocumentSelector,
  FoldingRangeRequest,
  HoverRequest,
  ReferencesRequest,
  RenameRequest,
  SemanticTokensRegistrationType,
  type ServerCapabilities,
} from 'vscode-languageserver/node';
import { LAUNCH_PATTERN, MANIFEST_LANGUAGE, WORKSPACE_PATTERN } from '../protocol.ts';
import { tokenLegend } from './manifest/tokens.ts';

const manifests: DocumentSelector = [{ language: MANIFEST_LANGUAGE }];
const launches: DocumentSelector = [{ pattern: LAUNCH_PATTERN }, { pattern: WORKSPACE_PATTERN }];
const all: DocumentSelector = [...manifests, ...launches];

const completion = { triggerCharacters: ['/', '$', '%', '>', '&', '-', '=', ','], resolveProvider: true };
const codeAction = { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.SourceFixAll] };
const semanticTokens = { legend: tokenLegend, full: { delta: true }, range: true };

/** What a client without dynamic registration is told: it hands us manifests only. */
export const staticCapabilities: ServerCapabilities = {
  completionProvider: completion,
  hoverProvider: true,
  codeActionProvider: codeAction,
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  documentFormattingProvider: true,
  documentRangeFormattingProvider: true,
  documentLinkProvider: {},
  foldingRangeProvider: true,
  codeLensProvider: { resolveProvider: true },
  semanticTokensProvider: semanticTokens,
};

export async function registerFeatures(connection: Connection): Promise<void> {
  const { client } = connection;
  await Promise.all([
    client.register(DidChangeConfigurationNotification.type, { section: 'unikernel.manifest' }),
    client.register(CompletionRequest.type, { documentSelector: all, ...completion }),
    client.register(HoverRequest.type, { documentSelector: all }),
    client.register(CodeActionRequest.type, { documentSelector: all, ...codeAction }),
    client.register(DefinitionRequest.type, { documentSelector: manifests }),
    client.register(ReferencesRequest.type, { documentSelector: manifests }),
    client.register(RenameRequest.type, { documentSelector: manifests, prepareProvider: true }),
    client.register(DocumentFormattingRequest.type, { documentSelector: manifests }),
    client.register(DocumentRangeFormattingRequest.type, { documentSelector: manifests }),
    client.register(DocumentLinkRequest.type, { documentSelector: manifests }),
    client.register(FoldingRangeRequest.type, { documentSelector: manifests }),
    client.register(CodeLensRequest.type, { documentSelector: manifests, resolveProvider: true }),
    client.register(SemanticTokensRegistrationType.type, { documentSelector: manifests, ...semanticTokens }),
  ]);
}
