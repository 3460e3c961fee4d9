/** What the extension host tells the outside. */
export interface HostReport {
  tests: { title: string; error?: string }[];
}
