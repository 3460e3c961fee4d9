// Runs in a page: what of its text can hardly be read.

/**
 * Texts in sight whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3 at level AA), each with its ratio. Texts on a
 * canvas are not seen.
 * @returns {string[]}
 */
export function faintTexts() {
  const LEAST = 4.5;
  const context = /** @type {CanvasRenderingContext2D} */ (
    document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  );

  /** @param {string} css @returns {number[]} red, green, blue 0 to 255, alpha 0 to 1 */
  const parse = (css) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = css;
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  /** @param {number[]} over @param {number[]} under @param {number} share */
  const blend = (over, under, share) =>
    over.slice(0, 3).map((part, index) => part * share + under[index] * (1 - share));
  /** @param {number[]} colour */
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  /** @param {Element} element @returns {Element | null} what is drawn under it */
  const under = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;

  // A panel's page is transparent: the editor is behind it.
  const editor = parse(getComputedStyle(document.documentElement).getPropertyValue('--vscode-editor-background'));
  /** @param {Element} element */
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = under(at)) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) {
        break;
      }
    }
    return layers.reverse().reduce((below, layer) => blend(layer, below, layer[3]), editor);
  };
  /** @param {Element} element */
  const opacity = (element) => {
    let share = 1;
    for (let at = element; at; at = under(at)) {
      share *= Number(getComputedStyle(at).opacity);
    }
    return share;
  };

  const faint = [];
  /** @param {Element} element */
  const look = (element) => {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent.trim())
      .join(' ')
      .trim();
    const isLabel = !['SCRIPT', 'STYLE'].includes(element.tagName);
    if (
      text !== '' &&
      isLabel &&
      element.checkVisibility({ visibilityProperty: true }) &&
      !element.closest('[disabled]')
    ) {
      const back = behind(element);
      const colour = parse(getComputedStyle(element).color);
      const front = blend(colour, back, colour[3] * opacity(element));
      const [dark, light] = [luminance(front), luminance(back)].sort((a, b) => a - b);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < LEAST) {
        faint.push(`${ratio.toFixed(2)}: ${text.slice(0, 60)}`);
      }
    }
    for (const child of [...element.children, ...(element.shadowRoot?.children ?? [])]) {
      look(child);
    }
  };
  look(document.body);
  return faint;
}
