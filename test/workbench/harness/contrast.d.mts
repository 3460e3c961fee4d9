export function faintTexts(): string[];
