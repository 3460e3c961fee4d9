/** Everything that a page says, seen or heard. Runs in the page. */
export function textsOf(body: object): string[];
