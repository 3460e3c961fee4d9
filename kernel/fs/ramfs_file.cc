// Contents of RAMFS files.
#include "fs/ramfs.hh"
#include "mm/page_pool.hh"
#include "sched/clock.hh"
#include <cstring>

namespace sprout {

namespace {

RamfsFile& file_of(Vnode& vnode) { return static_cast<RamfsFile&>(vnode); }
RamfsMount& mount_of(Vnode& vnode) { return *static_cast<RamfsMount*>(vnode.mount->data); }

// Up to `bytes` of one page, from `offset` on.
struct Chunk {
    u64 index;
    usize offset;
    usize bytes;

    Chunk(u64 position, usize wanted)
        : index(position / page_size)
        , offset(position % page_size)
    {
        bytes = wanted < page_size - offset ? wanted : page_size - offset;
    }
    bool is_whole_page() const { return bytes == page_size; }
};

// The page at `index`, made when there is none: of zeros, or undefined when `overwritten` says that the caller writes
// it all.
Result<Page*> page_for_writing(RamfsFile& file, u64 index, bool overwritten)
{
    if (auto* page = file.pages.get(index))
        return page;
    auto& mount = mount_of(file);
    if (mount.pages.fetch_add(1, std::memory_order_relaxed) >= mount.page_limit) {
        mount.pages.fetch_sub(1, std::memory_order_relaxed);
        return Error::no_space;
    }
    auto allocated = allocate_page(PageKind::file, &file);
    auto inserted = allocated ? file.pages.insert(index, *allocated.value()) : Result<void>(allocated.error());
    if (inserted.is_error()) {
        if (allocated)
            free_page(*allocated.value());
        mount.pages.fetch_sub(1, std::memory_order_relaxed);
        return inserted.error();
    }
    auto* page = allocated.value();
    page->value = index;
    if (!overwritten)
        memset(address_of(*page), 0, page_size);
    return page;
}

void free_pages_from(RamfsFile& file, u64 first)
{
    u64 index = 0;
    while (file.pages.find_from(first, index)) {
        free_page(*file.pages.remove(index));
        mount_of(file).pages.fetch_sub(1, std::memory_order_relaxed);
    }
}

Result<usize> read_file(Vnode& vnode, u64 offset, void* buffer, usize bytes)
{
    auto& file = file_of(vnode);
    if (offset >= file.size)
        return usize(0);
    if (bytes > file.size - offset)
        bytes = file.size - offset;
    auto* to = static_cast<char*>(buffer);
    for (usize done = 0; done < bytes;) {
        Chunk const chunk(offset + done, bytes - done);
        if (auto const* page = file.pages.get(chunk.index))
            memcpy(to + done, static_cast<char const*>(address_of(*page)) + chunk.offset, chunk.bytes);
        else
            memset(to + done, 0, chunk.bytes); // a hole
        done += chunk.bytes;
    }
    return bytes;
}

Result<usize> write_file(Vnode& vnode, u64 offset, void const* buffer, usize bytes)
{
    auto& file = file_of(vnode);
    auto const* from = static_cast<char const*>(buffer);
    usize done = 0;
    while (done < bytes) {
        Chunk const chunk(offset + done, bytes - done);
        auto page = page_for_writing(file, chunk.index, chunk.is_whole_page());
        if (page.is_error() && done == 0)
            return page.error();
        if (page.is_error())
            break;
        memcpy(static_cast<char*>(address_of(*page.value())) + chunk.offset, from + done, chunk.bytes);
        done += chunk.bytes;
    }
    if (offset + done > file.size)
        file.size = offset + done;
    file.modified = now();
    return done;
}

Result<void> truncate_file(Vnode& vnode, u64 size)
{
    auto& file = file_of(vnode);
    if (size < file.size) {
        free_pages_from(file, (size + page_size - 1) / page_size);
        // What a later growth uncovers must be zeros.
        auto const kept = size % page_size;
        auto* page = kept ? file.pages.get(size / page_size) : nullptr;
        if (page)
            memset(static_cast<char*>(address_of(*page)) + kept, 0, page_size - kept);
    }
    file.size = size;
    file.modified = now();
    return {};
}

void release_file(Vnode& vnode)
{
    auto& file = file_of(vnode);
    vnode_forget(file);
    free_pages_from(file, 0);
    delete &file;
}

} // namespace

constinit VnodeOperations const g_ramfs_file_operations {
    .lookup = nullptr,
    .create = nullptr,
    .remove = nullptr,
    .rename = nullptr,
    .read = read_file,
    .write = write_file,
    .truncate = truncate_file,
    .read_directory = nullptr,
    .is_empty = nullptr,
    .release = release_file,
};

} // namespace sprout
