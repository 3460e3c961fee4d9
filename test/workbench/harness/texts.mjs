// Runs in a page: everything that it says.

/**
 * Texts and names, seen or heard.
 * @param {HTMLElement | SVGElement} body
 * @returns {string[]}
 */
export function textsOf(body) {
  const told = [];
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement?.closest('script, style')) {
      told.push(node.textContent ?? '');
    }
  }
  for (const name of ['aria-label', 'aria-roledescription', 'placeholder', 'title']) {
    told.push(...[...body.querySelectorAll(`[${name}]`)].map((one) => one.getAttribute(name) ?? ''));
  }
  return told.filter((text) => text.trim() !== '');
}
