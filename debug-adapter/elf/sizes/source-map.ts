/** Sources of a file that was built elsewhere, told by where they are here. */
import type { SizeModel, SourcePlace } from './model.ts';

/** Prefixes of paths: from → to, as in launch configurations. */
export type SourceMap = Readonly<Record<string, string>>;

/** `path` with the longest prefix of whole names that `map` has replaced. */
export function mapPath(path: string, map: SourceMap): string {
  let best: string | undefined;
  for (const from of Object.keys(map)) {
    const prefix = from.replace(/\/+$/, '');
    const isBelow = path === prefix || path.startsWith(`${prefix}/`);
    if (isBelow && (best === undefined || from.length > best.length)) {
      best = from;
    }
  }
  if (best === undefined) {
    return path;
  }
  return (map[best] ?? '').replace(/\/+$/, '') + path.slice(best.replace(/\/+$/, '').length);
}

/** The account with its sources mapped; `model` stays as it is. */
export function mapSources(model: SizeModel, map: SourceMap): SizeModel {
  if (Object.keys(map).length === 0) {
    return model;
  }
  const known = new Map<string, string>();
  const mapped = (path: string): string => {
    let to = known.get(path);
    if (to === undefined) {
      to = mapPath(path, map);
      known.set(path, to);
    }
    return to;
  };
  const place = ({ file, line }: SourcePlace): SourcePlace => ({ file: mapped(file), line });
  const items = model.items.map((item) => ({
    ...item,
    ...(item.definition && { definition: place(item.definition) }),
    ...(item.declaration && { declaration: place(item.declaration) }),
    ...(item.unit !== undefined && { unit: mapped(item.unit) }),
  }));
  return { ...model, items };
}
