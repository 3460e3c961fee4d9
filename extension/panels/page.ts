/** A panel's page: one script of ours, one style, and a policy that lets nothing else in. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** What a page is made of. */
export interface Page {
  /** The script's name in dist/webviews, without `.js`. */
  script: string;
  /** The document's title, for screen readers. */
  title: string;
  /** Rules that this page adds to those of all pages. */
  style: string;
  /** What `markup` gives: nothing of a guest or a file may be in it. */
  body: string;
  /** It lives on while another editor hides it: for a page that has gathered something. */
  livesHidden?: true;
}

/** The hash of nothing: the toolkit adds an empty style element, which it fills by script. */
const EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

const STYLE = `
html, body { height: 100%; margin: 0; padding: 0; }
body { display: flex; flex-direction: column; gap: 6px; padding: 8px; box-sizing: border-box; color: var(--vscode-foreground); }
:is(a, button, canvas, summary, vscode-panel-tab):focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
body.vscode-high-contrast-light { --vscode-list-activeSelectionForeground: var(--vscode-foreground); }
`;

/** A new panel that shows `page`; messages go by `panel.webview`. The caller disposes it. */
export function openPage(
  extension: vscode.Uri,
  type: string,
  page: Page,
  column: vscode.ViewColumn | { viewColumn: vscode.ViewColumn; preserveFocus: boolean } = vscode.ViewColumn.Active,
): vscode.WebviewPanel {
  const scripts = vscode.Uri.joinPath(extension, 'dist/webviews');
  const panel = vscode.window.createWebviewPanel(type, page.title, column, {
    enableScripts: true,
    retainContextWhenHidden: page.livesHidden ?? false,
    localResourceRoots: [scripts],
  });
  panel.iconPath = vscode.Uri.joinPath(extension, 'extension/media/icon.png');
  panel.webview.html = html(panel.webview, vscode.Uri.joinPath(scripts, `${page.script}.js`), page);
  return panel;
}

/** Markup with the user's texts in it, escaped: `markup\`<p>${vscode.l10n.t('Pages')}</p>\``. */
export function markup(parts: TemplateStringsArray, ...texts: string[]): string {
  return String.raw({ raw: parts }, ...texts.map(escapeHtml));
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** What the page's script is told of the user's language, as data: it finds it before its own modules begin. */
function translations(): string {
  const bundle = JSON.stringify(vscode.l10n.bundle ?? {}).replaceAll('<', '\\u003c');
  return `<script id="translations" type="application/json">${bundle}</script>`;
}

function html(webview: vscode.Webview, script: vscode.Uri, { title, style, body }: Page): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}' ${EMPTY_STYLE}; font-src ${webview.cspSource}`;
  return `<!DOCTYPE html>
<html lang="${vscode.l10n.bundle ? vscode.env.language : 'en'}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style nonce="${nonce}">${STYLE}${style}</style>
</head>
<body>
${body}
${translations()}
<script nonce="${nonce}" src="${webview.asWebviewUri(script).toString()}"></script>
</body>
</html>`;
}
