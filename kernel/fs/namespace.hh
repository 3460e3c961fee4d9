// Names made and taken away; shared by file.cc, namespace.cc and rename.cc.
#pragma once
#include "fs/path.hh"

namespace sprout {

FileStatus vnode_status(Vnode&);

// Takes the directory's lock, exclusive, and makes an entry; when there is one already: that one, mounts crossed, or
// Error::exists when `exclusive`.
Result<VnodeReference> create_entry(Vnode& directory, char const* name, usize length, VnodeType, bool exclusive);

// Whether the entry `child`, whose lock the caller holds, may be taken away as `wanted`; else the error that tells why
// not.
Result<void> check_removable(Vnode& child, VnodeType wanted);

// `child` has lost its last link: no name, and one reference less. The caller holds a reference of its own, and the
// locks of the directory and of `child`, exclusive.
void drop_link(Vnode& child);

} // namespace sprout
