// From a path to vnodes. Every path is taken from the root, with a leading slash or without.
#pragma once
#include "core/result.hh"
#include "fs/vnode.hh"

namespace sprout {

// The directory in which the last name of a path stands, found or not.
struct PathParent {
    VnodeReference directory;
    char const* name = nullptr; // in the path that was walked; not terminated; never ".", ".." or empty
    usize length = 0;
    bool must_be_directory = false; // slashes follow the name
};

// The vnode of a path: ".", ".." and repeated slashes are understood, mounts are crossed, a slash at the end asks for a
// directory. One lock is held at a time.
Result<VnodeReference> walk(char const* path);
// All but the last name. The root itself, and a last name of "." or "..": Error::invalid.
Result<PathParent> walk_to_parent(char const* path);
// One name in one directory, mounts crossed. Takes the directory's lock, shared.
Result<VnodeReference> look_up(Vnode& directory, char const* name, usize length);
// The same with the directory's lock held, and no mount crossed.
Result<VnodeReference> look_up_locked(Vnode& directory, char const* name, usize length);
// The root of what is mounted on `vnode`, or itself.
VnodeReference cross_mounts(VnodeReference vnode);

} // namespace sprout
