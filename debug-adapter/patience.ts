/** Resolves after `milliseconds`, without keeping the process alive. */
export function patience(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
