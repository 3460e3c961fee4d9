/** The toolkit's elements on a page. */
import { provideVSCodeDesignSystem } from '@vscode/webview-ui-toolkit';

type Registries = Parameters<ReturnType<typeof provideVSCodeDesignSystem>['register']>;

/** Registers those that the page uses. A text field without content is then called “Text field”: it gets its own name back. */
export function useElements(...registries: Registries): void {
  const names = [...document.querySelectorAll('[aria-label]')].map(
    (one) => [one, one.getAttribute('aria-label')] as const,
  );
  provideVSCodeDesignSystem().register(...registries);
  for (const [one, name] of names) {
    one.setAttribute('aria-label', name ?? '');
  }
}
