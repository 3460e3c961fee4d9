export interface FocusedControl {
  id: string;
  name: string;
  isSeen: boolean;
}
export function focusedControl(): FocusedControl | undefined;
