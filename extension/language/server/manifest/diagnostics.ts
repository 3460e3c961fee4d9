/** Findings as the editor shows them. */
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver/node';
import type { Finding } from '../../../../kernel/image/manifest-check.ts';
import type { ManifestDocument } from './document.ts';
import { spanRange } from './target.ts';

export const SOURCE = 'unikernel';
const MAX_DIAGNOSTICS = 1_000;

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  unnecessary: DiagnosticSeverity.Hint,
} as const;

/** What a quick fix needs to know of its diagnostic. */
export interface FindingData {
  subject?: string;
  relatedLine?: number;
}

function toDiagnostic(uri: string, finding: Finding): Diagnostic {
  const { line, code, severity, message, related, subject } = finding;
  const data: FindingData = {};
  if (subject !== undefined) {
    data.subject = subject;
  }
  if (related) {
    data.relatedLine = related.line;
  }
  const diagnostic: Diagnostic = {
    range: spanRange(line, finding),
    severity: severities[severity],
    code,
    source: SOURCE,
    message,
    data,
  };
  if (severity === 'unnecessary') {
    diagnostic.tags = [DiagnosticTag.Unnecessary];
  }
  if (related) {
    const location = { uri, range: spanRange(related.line, related.span) };
    diagnostic.relatedInformation = [{ location, message: related.message }];
  }
  return diagnostic;
}

/** The document's diagnostics by what is known now; at most 1,000. */
export function diagnostics(document: ManifestDocument): Diagnostic[] {
  return document
    .findings()
    .slice(0, MAX_DIAGNOSTICS)
    .map((finding) => toDiagnostic(document.uri, finding));
}
