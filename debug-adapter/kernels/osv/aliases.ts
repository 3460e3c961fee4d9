import type { Aliases } from '../../guest/needs.ts';
import { THREAD_NODE, THREAD_PAIR } from './structures.ts';

/**
 * What other versions of OSv call what the views ask for: types and variables by name, fields as `structure.path`. The only place
 * that knows of versions; names have hardly changed since v0.13.
 */
export const OSV_ALIASES: Aliases = {
  // Until v0.24 the map's key was an unsigned long: the node has the same fields.
  [THREAD_NODE]: ['std::__detail::_Hash_node<std::pair<unsigned long const, sched::thread*>, false>'],
  [THREAD_PAIR]: ['std::pair<unsigned long const, sched::thread*>'],
};
