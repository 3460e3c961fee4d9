// Runs in a page: which control has the focus, and whether a person can see and hear that.

/**
 * The control that has the focus: what a screen reader calls it, and whether it is marked with the theme's colour for that; undefined
 * when none in this page has.
 * @returns {{ id: string, name: string, isSeen: boolean } | undefined}
 */
export function focusedControl() {
  const host = document.activeElement;
  if (!document.hasFocus() || !host || host === document.body) {
    return undefined;
  }
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = 'var(--vscode-focusBorder)';
  const mark = getComputedStyle(probe).color;
  probe.remove();

  /** @param {Element} element @returns {Element[]} */
  const within = (element) => [
    element,
    ...[...(element.shadowRoot?.children ?? []), ...element.children].flatMap(within),
  ];
  /** @param {Element} element */
  const isMarked = (element) => {
    const { outlineStyle, outlineColor, borderTopStyle, borderTopColor, boxShadow } = getComputedStyle(element);
    return (
      (outlineStyle !== 'none' && outlineColor === mark) ||
      (borderTopStyle !== 'none' && borderTopColor === mark) ||
      boxShadow.includes(mark)
    );
  };
  const labels = [host.getAttribute('aria-label'), host.textContent, host.getAttribute('title')];
  const name = labels.map((label) => label?.trim()).find((label) => label) ?? '';
  return { id: host.id, name, isSeen: within(host).some(isMarked) };
}
