#include "fs/ramfs.hh"
#include "core/number.hh"

namespace sprout {

namespace {

Result<Vnode*> mount_ramfs(Mount& mount, char const* source)
{
    u64 bytes = ~0ull;
    if (*source && !parse_number(source, bytes))
        return Error::invalid;
    auto* data = new (std::nothrow) RamfsMount;
    if (!data)
        return Error::no_memory;
    data->page_limit = bytes / page_size;
    mount.data = data;
    auto root = ramfs_make_directory(mount);
    if (root.is_error()) {
        delete data;
        return root.error();
    }
    root.value()->links = 1;
    return root.value();
}

void unmount_ramfs(Mount& mount) { delete static_cast<RamfsMount*>(mount.data); }

} // namespace

constinit FileSystem g_ramfs { {}, "ramfs", mount_ramfs, unmount_ramfs };

} // namespace sprout
