// The pages of a file by page index (roadmap F4): appending copies nothing, holes cost nothing.
#pragma once
#include "fs/radix_tree.hh"
#include "mm/page.hh"

namespace sprout {

using PageTree = RadixTree<Page>;

} // namespace sprout
