// Opening, closing, and what is done with an open file.
#include "fs/file.hh"
#include "core/panic.hh"
#include "fs/namespace.hh"

namespace sprout {

constinit FileTable g_files;

namespace {

constexpr u64 largest_offset = ~0ull >> 1;

// Enters `file` into the table. It takes over the reference.
void enter_file(File& file, VnodeReference vnode, u32 flags)
{
    trace_vnode(*vnode, VnodeOperation::open);
    file.vnode = vnode.release();
    file.flags = flags;
    SpinlockGuard guard(g_files.lock);
    g_files.list.push_back(file);
    ++g_files.count;
}

Result<VnodeReference> find_or_create(char const* path, u32 flags)
{
    auto parent = TRY(walk_to_parent(path));
    if (parent.must_be_directory)
        return Error::is_a_directory;
    auto& directory = *parent.directory;
    if (!(flags & open_exclusive)) {
        auto found = look_up(directory, parent.name, parent.length);
        if (found || found.error() != Error::no_entry)
            return found;
    }
    return create_entry(directory, parent.name, parent.length, VnodeType::regular, flags & open_exclusive);
}

Result<void> check_open(Vnode const& vnode, u32 flags)
{
    if (vnode.type == VnodeType::directory && flags & (open_write | open_truncate | open_append | open_create))
        return Error::is_a_directory;
    if (vnode.type != VnodeType::directory && flags & open_directory)
        return Error::not_a_directory;
    return {};
}

Result<usize> read_vnode(Vnode& vnode, u64 offset, void* buffer, usize bytes)
{
    trace_vnode(vnode, VnodeOperation::read);
    return vnode.operations->read(vnode, offset, buffer, bytes);
}

Result<usize> write_vnode(Vnode& vnode, u64 offset, void const* buffer, usize bytes)
{
    if (bytes == 0)
        return usize(0);
    if (offset > largest_offset || bytes > largest_offset - offset)
        return Error::file_too_big;
    if (!vnode.operations->write)
        return Error::read_only;
    trace_vnode(vnode, VnodeOperation::write);
    return vnode.operations->write(vnode, offset, buffer, bytes);
}

Result<void> check_readable(File const& file)
{
    if (file.vnode->type == VnodeType::directory)
        return Error::is_a_directory;
    if (!(file.flags & open_read))
        return Error::bad_file;
    return {};
}

Result<void> check_writable(File const& file)
{
    if (!(file.flags & open_write))
        return Error::bad_file;
    return {};
}

} // namespace

Result<File*> vfs_open(char const* path, u32 flags)
{
    if (!(flags & (open_read | open_write | open_directory)) || (flags & open_truncate && !(flags & open_write)))
        return Error::invalid;
    // First, so that no file is created when there is no memory to open it.
    auto* file = new (std::nothrow) File;
    if (!file)
        return Error::no_memory;
    auto opened = [&]() -> Result<void> {
        auto vnode = TRY(flags & open_create ? find_or_create(path, flags) : walk(path));
        TRY(check_open(*vnode, flags));
        enter_file(*file, std::move(vnode), flags);
        return {};
    }();
    if (opened.is_error()) {
        delete file;
        return opened.error();
    }
    if (flags & open_truncate) {
        auto truncated = vfs_truncate(*file, 0);
        if (truncated.is_error()) {
            vfs_close(file);
            return truncated.error();
        }
    }
    return file;
}

void vfs_close(File* file)
{
    {
        SpinlockGuard guard(g_files.lock);
        g_files.list.remove(*file);
        --g_files.count;
    }
    trace_vnode(*file->vnode, VnodeOperation::close);
    vnode_put(*file->vnode);
    delete file;
}

Result<usize> vfs_read(File& file, void* buffer, usize bytes)
{
    TRY(check_readable(file));
    SharedLock lock(file.vnode->lock);
    ScopedLock position_lock(file.lock);
    auto const done = TRY(read_vnode(*file.vnode, file.position, buffer, bytes));
    file.position += done;
    return done;
}

Result<usize> vfs_write(File& file, void const* buffer, usize bytes)
{
    TRY(check_writable(file));
    ExclusiveLock lock(file.vnode->lock);
    ScopedLock position_lock(file.lock);
    auto const offset = file.flags & open_append ? file.vnode->size : file.position;
    auto const done = TRY(write_vnode(*file.vnode, offset, buffer, bytes));
    file.position = offset + done;
    return done;
}

Result<usize> vfs_read_at(File& file, u64 offset, void* buffer, usize bytes)
{
    TRY(check_readable(file));
    SharedLock lock(file.vnode->lock);
    return read_vnode(*file.vnode, offset, buffer, bytes);
}

Result<usize> vfs_write_at(File& file, u64 offset, void const* buffer, usize bytes)
{
    TRY(check_writable(file));
    ExclusiveLock lock(file.vnode->lock);
    return write_vnode(*file.vnode, offset, buffer, bytes);
}

Result<u64> vfs_seek(File& file, i64 offset, SeekFrom from)
{
    SharedLock lock(file.vnode->lock);
    ScopedLock position_lock(file.lock);
    // A directory's positions are cookies: only ones that it told make sense.
    if (file.vnode->type == VnodeType::directory && from != SeekFrom::start)
        return Error::invalid;
    auto const base = from == SeekFrom::start ? 0 : from == SeekFrom::current ? file.position : file.vnode->size;
    i64 target;
    if (__builtin_add_overflow(static_cast<i64>(base), offset, &target) || target < 0)
        return Error::invalid;
    file.position = static_cast<u64>(target);
    return file.position;
}

Result<void> vfs_truncate(File& file, u64 size)
{
    TRY(check_writable(file));
    if (size > largest_offset)
        return Error::file_too_big;
    auto& vnode = *file.vnode;
    if (!vnode.operations->truncate)
        return Error::read_only;
    ExclusiveLock lock(vnode.lock);
    trace_vnode(vnode, VnodeOperation::truncate);
    return vnode.operations->truncate(vnode, size);
}

Result<bool> vfs_read_directory(File& file, DirectoryEntry& entry)
{
    auto& vnode = *file.vnode;
    if (vnode.type != VnodeType::directory)
        return Error::not_a_directory;
    SharedLock lock(vnode.lock);
    ScopedLock position_lock(file.lock);
    trace_vnode(vnode, VnodeOperation::read_directory);
    auto const found = TRY(vnode.operations->read_directory(vnode, file.position, entry));
    if (found)
        file.position = entry.cookie;
    return found;
}

Result<FileStatus> vfs_status(File& file) { return vnode_status(*file.vnode); }

Vnode& vfs_vnode(File& file) { return *file.vnode; }

Result<usize> vfs_read_locked(File& file, u64 offset, void* buffer, usize bytes)
{
    TRY(check_readable(file));
    return read_vnode(*file.vnode, offset, buffer, bytes);
}

Result<usize> vfs_write_locked(File& file, u64 offset, void const* buffer, usize bytes)
{
    TRY(check_writable(file));
    return write_vnode(*file.vnode, offset, buffer, bytes);
}

} // namespace sprout
