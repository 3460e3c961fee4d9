// What files, directories and their names must do. The same cases run on the host, under sanitizers and with memory
// running out, and in the kernel. Each leaves nothing behind. The includer defines CHECK(condition).
#pragma once
#include "core/print.hh"
#include "fs/dentry.hh"
#include "fs/file.hh"
#include "fs/mount.hh"
#include "fs/vfs.hh"
#include <cstring>

namespace sprout::test {

template<typename T> bool fails_with(Result<T> const& result, Error error)
{
    return result.is_error() && result.error() == error;
}

inline bool text_is(char const* left, char const* right) { return !strcmp(left, right); }

inline File& open_file(char const* path, u32 flags = open_read | open_write | open_create)
{
    auto file = vfs_open(path, flags);
    CHECK(!file.is_error());
    return *file.value();
}

inline bool write_text(File& file, char const* text)
{
    auto written = vfs_write(file, text, strlen(text));
    return !written.is_error() && written.value() == strlen(text);
}

// The file's bytes from `offset` on are these.
inline bool holds(File& file, u64 offset, char const* text)
{
    char buffer[256];
    auto read = vfs_read_at(file, offset, buffer, sizeof(buffer));
    return !read.is_error() && read.value() == strlen(text) && !memcmp(buffer, text, strlen(text));
}

inline void make_text_file(char const* path, char const* text)
{
    auto& file = open_file(path);
    CHECK(write_text(file, text));
    vfs_close(&file);
}

inline bool file_holds(char const* path, char const* text)
{
    auto file = vfs_open(path, open_read);
    if (file.is_error())
        return false;
    bool const same = holds(*file.value(), 0, text);
    vfs_close(file.value());
    return same;
}

inline bool exists(char const* path) { return !vfs_status(path).is_error(); }

inline void a_file_keeps_what_is_written()
{
    auto& file = open_file("/file");
    CHECK(write_text(file, "Hello, "));
    CHECK(write_text(file, "world"));
    CHECK(holds(file, 0, "Hello, world"));
    CHECK(holds(file, 7, "world"));
    CHECK(holds(file, 12, ""));
    CHECK(holds(file, 1'000'000, ""));
    char buffer[8];
    CHECK(vfs_read(file, buffer, 8).value() == 0); // the position is at the end
    CHECK(vfs_seek(file, -5, SeekFrom::current).value() == 7);
    CHECK(vfs_read(file, buffer, 8).value() == 5 && !memcmp(buffer, "world", 5));
    CHECK(vfs_seek(file, -12, SeekFrom::end).value() == 0);
    CHECK(vfs_write_at(file, 5, ";", 1).value() == 1);
    CHECK(vfs_read(file, buffer, 7).value() == 7 && !memcmp(buffer, "Hello; ", 7));
    CHECK(fails_with(vfs_seek(file, -1, SeekFrom::start), Error::invalid));
    CHECK(fails_with(vfs_seek(file, ~0ull >> 1, SeekFrom::current), Error::invalid));
    CHECK(vfs_status(file).value().size == 12);
    vfs_close(&file);
    CHECK(file_holds("/file", "Hello; world"));
    CHECK(!vfs_unlink("/file").is_error());
    CHECK(!exists("/file"));
}

inline void a_hole_reads_as_zeros()
{
    auto& file = open_file("/sparse");
    constexpr u64 far = 5ull << 40;
    CHECK(vfs_write_at(file, far + 10, "x", 1).value() == 1);
    CHECK(vfs_status(file).value().size == far + 11);
    char buffer[32];
    memset(buffer, 1, sizeof(buffer));
    CHECK(vfs_read_at(file, far, buffer, 32).value() == 11);
    for (int i = 0; i < 10; ++i)
        CHECK(buffer[i] == 0);
    CHECK(buffer[10] == 'x');
    CHECK(vfs_read_at(file, 1ull << 30, buffer, 32).value() == 32 && buffer[31] == 0);
    CHECK(fails_with(vfs_write_at(file, ~0ull >> 1, "xy", 2), Error::file_too_big));
    CHECK(fails_with(vfs_write_at(file, ~0ull, "x", 1), Error::file_too_big));
    CHECK(fails_with(vfs_truncate(file, ~0ull), Error::file_too_big));
    vfs_close(&file);
    CHECK(!vfs_unlink("/sparse").is_error());
}

inline void truncation_forgets_what_was_there()
{
    auto& file = open_file("/cut");
    char page[4096];
    memset(page, 'p', sizeof(page));
    for (int i = 0; i < 3; ++i)
        CHECK(vfs_write(file, page, sizeof(page)).value() == sizeof(page));
    CHECK(!vfs_truncate(file, 5000).is_error());
    CHECK(vfs_status(file).value().size == 5000);
    CHECK(!vfs_truncate(file, 12288).is_error());
    for (u64 offset = 4990; offset < 12288; offset += 10) {
        char piece[10];
        CHECK(vfs_read_at(file, offset, piece, 10).value() >= 8);
        CHECK(piece[0] == (offset < 5000 ? 'p' : 0) && piece[7] == (offset < 4993 ? 'p' : 0));
    }
    vfs_close(&file);
    vfs_close(&open_file("/cut", open_write | open_truncate));
    CHECK(file_holds("/cut", ""));
    CHECK(!vfs_unlink("/cut").is_error());
}

inline void appending_goes_to_the_end()
{
    auto& one = open_file("/log", open_write | open_create | open_append);
    auto& other = open_file("/log", open_read | open_write | open_append);
    CHECK(write_text(one, "a") && write_text(other, "b") && write_text(one, "c"));
    CHECK(holds(other, 0, "abc"));
    vfs_close(&one);
    vfs_close(&other);
    CHECK(!vfs_unlink("/log").is_error());
}

inline void opening_asks_for_what_it_needs()
{
    CHECK(fails_with(vfs_open("/none", open_read), Error::no_entry));
    CHECK(fails_with(vfs_open("", open_read), Error::no_entry));
    CHECK(fails_with(vfs_open("/none", 0), Error::invalid));
    CHECK(fails_with(vfs_open("/none", open_create), Error::invalid));
    CHECK(fails_with(vfs_open("/none", open_read | open_truncate), Error::invalid));
    CHECK(fails_with(vfs_open("/none/", open_write | open_create), Error::is_a_directory));
    CHECK(fails_with(vfs_open("/none/file", open_write | open_create), Error::no_entry));
    CHECK(fails_with(vfs_open("/", open_write), Error::is_a_directory));
    CHECK(fails_with(vfs_open("/", open_write | open_create), Error::invalid));
    make_text_file("/file", "text");
    CHECK(fails_with(vfs_open("/file", open_write | open_create | open_exclusive), Error::exists));
    CHECK(fails_with(vfs_open("/file", open_read | open_directory), Error::not_a_directory));
    CHECK(fails_with(vfs_open("/file/", open_read), Error::not_a_directory));
    CHECK(fails_with(vfs_open("/file/more", open_read), Error::not_a_directory));
    CHECK(fails_with(vfs_open("/file/more", open_write | open_create), Error::not_a_directory));
    auto& reading = open_file("/file", open_read);
    auto& writing = open_file("/file", open_write);
    char c = 'c';
    CHECK(fails_with(vfs_write(reading, &c, 1), Error::bad_file));
    CHECK(fails_with(vfs_truncate(reading, 0), Error::bad_file));
    CHECK(fails_with(vfs_read(writing, &c, 1), Error::bad_file));
    DirectoryEntry entry;
    CHECK(fails_with(vfs_read_directory(reading, entry), Error::not_a_directory));
    auto& directory = open_file("/", open_read);
    CHECK(fails_with(vfs_read(directory, &c, 1), Error::is_a_directory));
    CHECK(fails_with(vfs_write(directory, &c, 1), Error::bad_file));
    vfs_close(&directory);
    vfs_close(&reading);
    vfs_close(&writing);
    CHECK(!vfs_unlink("/file").is_error());
}

inline void paths_are_walked_as_everywhere()
{
    CHECK(!vfs_make_directory("/a").is_error());
    CHECK(!vfs_make_directory("//a///b//").is_error());
    make_text_file("/a/b/file", "here");
    for (auto const* path : { "/a/b/file", "a/b/file", "//a//b//file", "/./a/./b/./file", "/a/../a/b/../b/file",
             "/../../a/b/file", "/a/b/../../a/b/file" })
        CHECK(file_holds(path, "here"));
    CHECK(vfs_status("/a/b/").value().type == VnodeType::directory);
    CHECK(vfs_status("/a/b/..").value().number == vfs_status("/a").value().number);
    CHECK(vfs_status("/..").value().number == vfs_status("/").value().number);
    CHECK(fails_with(vfs_status("/a/b/file/."), Error::not_a_directory));
    CHECK(fails_with(vfs_status("/a/b/file/.."), Error::not_a_directory));
    CHECK(fails_with(vfs_status("/a/none/../b"), Error::no_entry));
    CHECK(fails_with(vfs_make_directory("/"), Error::exists));
    CHECK(fails_with(vfs_make_directory("/a/."), Error::exists));
    CHECK(fails_with(vfs_make_directory("/a/b"), Error::exists));
    CHECK(fails_with(vfs_make_directory("/a/b/file"), Error::exists));
    CHECK(fails_with(vfs_make_directory("/none/b"), Error::no_entry));
    auto& file = open_file("/a/b/file", open_read);
    char path[max_path];
    CHECK(vnode_path(vfs_vnode(file), path, sizeof(path)) && text_is(path, "/a/b/file"));
    CHECK(vnode_path(vfs_vnode(file), path, 10) && text_is(path, "/a/b/file"));
    CHECK(!vnode_path(vfs_vnode(file), path, 9) && text_is(path, ""));
    CHECK(!vfs_unlink("/a/b/file").is_error());
    CHECK(!vnode_path(vfs_vnode(file), path, sizeof(path)));
    vfs_close(&file);
    auto& root = open_file("/", open_read);
    CHECK(vnode_path(vfs_vnode(root), path, sizeof(path)) && text_is(path, "/"));
    vfs_close(&root);
    CHECK(!vfs_remove_directory("/a/b").is_error());
    CHECK(!vfs_remove_directory("/a").is_error());
}

inline void names_and_paths_have_limits()
{
    char path[max_path + 2];
    memset(path, 'n', sizeof(path));
    path[0] = '/';
    path[max_name + 1] = 0;
    make_text_file(path, "long");
    CHECK(file_holds(path, "long"));
    CHECK(!vfs_unlink(path).is_error());
    path[max_name + 1] = 'n';
    path[max_name + 2] = 0;
    CHECK(fails_with(vfs_open(path, open_write | open_create), Error::name_too_long));
    CHECK(fails_with(vfs_make_directory(path), Error::name_too_long));
    CHECK(fails_with(vfs_status(path), Error::name_too_long));
    CHECK(fails_with(vfs_unlink(path), Error::name_too_long));
    memset(path, '/', sizeof(path));
    path[max_path - 1] = 0;
    CHECK(!vfs_status(path).is_error());
    path[max_path - 1] = '/';
    path[max_path] = 0;
    CHECK(fails_with(vfs_status(path), Error::name_too_long));
}

inline void removing_takes_the_right_kind()
{
    CHECK(!vfs_make_directory("/dir").is_error());
    make_text_file("/dir/file", "text");
    CHECK(fails_with(vfs_unlink("/dir"), Error::is_a_directory));
    CHECK(fails_with(vfs_remove_directory("/dir"), Error::not_empty));
    CHECK(fails_with(vfs_remove_directory("/dir/file"), Error::not_a_directory));
    CHECK(fails_with(vfs_unlink("/dir/file/"), Error::not_a_directory));
    CHECK(fails_with(vfs_unlink("/dir/none"), Error::no_entry));
    CHECK(fails_with(vfs_remove_directory("/dir/."), Error::invalid));
    CHECK(fails_with(vfs_remove_directory("/dir/.."), Error::invalid));
    CHECK(fails_with(vfs_remove_directory("/"), Error::invalid));
    CHECK(!vfs_unlink("/dir/file").is_error());
    CHECK(!vfs_remove_directory("/dir/").is_error());
    CHECK(!exists("/dir"));
}

inline void an_open_file_outlives_its_name()
{
    auto& file = open_file("/gone");
    CHECK(write_text(file, "still here"));
    CHECK(!vfs_unlink("/gone").is_error());
    CHECK(!exists("/gone"));
    CHECK(vfs_vnode(file).dentry == nullptr);
    CHECK(vfs_status(file).value().links == 0);
    make_text_file("/gone", "another");
    CHECK(holds(file, 0, "still here"));
    CHECK(write_text(file, ", and growing"));
    CHECK(holds(file, 0, "still here, and growing"));
    auto const count = g_vnodes.count;
    vfs_close(&file);
    CHECK(g_vnodes.count == count - 1);
    CHECK(file_holds("/gone", "another"));
    CHECK(!vfs_unlink("/gone").is_error());
}

inline void an_open_directory_outlives_its_name()
{
    CHECK(!vfs_make_directory("/dir").is_error());
    auto& directory = open_file("/dir", open_directory);
    CHECK(!vfs_remove_directory("/dir").is_error());
    DirectoryEntry entry;
    CHECK(!vfs_read_directory(directory, entry).value());
    CHECK(!vfs_make_directory("/dir").is_error());
    make_text_file("/dir/file", "new");
    CHECK(!vfs_read_directory(directory, entry).value());
    vfs_close(&directory);
    CHECK(!vfs_unlink("/dir/file").is_error());
    CHECK(!vfs_remove_directory("/dir").is_error());
}

inline void a_file_is_renamed()
{
    make_text_file("/one", "first");
    auto const number = vfs_status("/one").value().number;
    CHECK(!vfs_rename("/one", "/two").is_error());
    CHECK(!exists("/one") && file_holds("/two", "first"));
    CHECK(vfs_status("/two").value().number == number);
    CHECK(!vfs_make_directory("/dir").is_error());
    CHECK(!vfs_rename("/two", "/dir/three").is_error());
    CHECK(!exists("/two") && file_holds("/dir/three", "first"));
    auto& file = open_file("/dir/three", open_read);
    char path[64];
    CHECK(vnode_path(vfs_vnode(file), path, sizeof(path)) && text_is(path, "/dir/three"));
    CHECK(!vfs_rename("/dir/three", "/dir/three").is_error()); // nothing
    CHECK(holds(file, 0, "first") && exists("/dir/three"));
    vfs_close(&file);
    CHECK(fails_with(vfs_rename("/none", "/dir/x"), Error::no_entry));
    CHECK(fails_with(vfs_rename("/dir/three", "/none/x"), Error::no_entry));
    CHECK(fails_with(vfs_rename("/dir/three", "/x/"), Error::not_a_directory));
    CHECK(fails_with(vfs_rename("/dir/three/", "/x"), Error::not_a_directory));
    CHECK(fails_with(vfs_rename("/", "/x"), Error::invalid));
    CHECK(fails_with(vfs_rename("/dir", "/"), Error::invalid));
    CHECK(fails_with(vfs_rename("/dir/.", "/x"), Error::invalid));
    CHECK(!vfs_unlink("/dir/three").is_error());
    CHECK(!vfs_remove_directory("/dir").is_error());
}

inline void a_rename_replaces_a_file()
{
    make_text_file("/new", "new");
    make_text_file("/old", "old");
    auto& old = open_file("/old", open_read);
    CHECK(!vfs_rename("/new", "/old").is_error());
    CHECK(!exists("/new") && file_holds("/old", "new"));
    CHECK(holds(old, 0, "old") && vfs_vnode(old).links == 0 && !vfs_vnode(old).dentry);
    vfs_close(&old);
    CHECK(!vfs_make_directory("/dir").is_error());
    make_text_file("/dir/old", "older");
    CHECK(!vfs_rename("/old", "/dir/old").is_error());
    CHECK(!exists("/old") && file_holds("/dir/old", "new"));
    CHECK(fails_with(vfs_rename("/dir/old", "/dir"), Error::is_a_directory));
    CHECK(fails_with(vfs_rename("/dir", "/dir/old"), Error::invalid)); // below itself comes first
    make_text_file("/file", "file");
    CHECK(fails_with(vfs_rename("/dir", "/file"), Error::not_a_directory));
    CHECK(!vfs_unlink("/file").is_error());
    CHECK(!vfs_unlink("/dir/old").is_error());
    CHECK(!vfs_remove_directory("/dir").is_error());
}

inline void a_directory_is_renamed()
{
    CHECK(!vfs_make_directory("/a").is_error());
    CHECK(!vfs_make_directory("/a/b").is_error());
    CHECK(!vfs_make_directory("/c").is_error());
    make_text_file("/a/b/file", "inside");
    CHECK(!vfs_rename("/a/b", "/c/d").is_error());
    CHECK(file_holds("/c/d/file", "inside") && !exists("/a/b"));
    CHECK(vfs_status("/c/d/..").value().number == vfs_status("/c").value().number);
    auto& file = open_file("/c/d/file", open_read);
    char path[64];
    CHECK(vnode_path(vfs_vnode(file), path, sizeof(path)) && text_is(path, "/c/d/file"));
    vfs_close(&file);
    CHECK(!vfs_rename("/c/d/", "/c/e/").is_error());
    CHECK(!vfs_rename("/c", "/a/c").is_error());
    CHECK(file_holds("/a/c/e/file", "inside"));
    // Never below itself.
    CHECK(fails_with(vfs_rename("/a", "/a/x"), Error::invalid));
    CHECK(fails_with(vfs_rename("/a", "/a/c/e/x"), Error::invalid));
    CHECK(fails_with(vfs_rename("/a/c", "/a/c/e"), Error::invalid));
    // Over an empty one only, and never over what is above.
    CHECK(!vfs_make_directory("/empty").is_error());
    CHECK(fails_with(vfs_rename("/empty", "/a/c"), Error::not_empty));
    CHECK(fails_with(vfs_rename("/a/c/e", "/a"), Error::not_empty));
    CHECK(fails_with(vfs_rename("/a/c/e", "/a/c"), Error::not_empty));
    CHECK(fails_with(vfs_rename("/a/c/e/file", "/a/c"), Error::is_a_directory));
    CHECK(!vfs_rename("/a/c/e", "/empty").is_error());
    CHECK(file_holds("/empty/file", "inside"));
    CHECK(!vfs_unlink("/empty/file").is_error());
    for (auto const* directory : { "/empty", "/a/c", "/a" })
        CHECK(!vfs_remove_directory(directory).is_error());
}

inline void a_directory_onto_itself_is_nothing()
{
    CHECK(!vfs_make_directory("/same").is_error());
    CHECK(!vfs_rename("/same", "/same").is_error());
    CHECK(!vfs_rename("/same/", "//same").is_error());
    CHECK(!vfs_remove_directory("/same").is_error());
}

inline void readdir_tells_every_entry_once()
{
    CHECK(!vfs_make_directory("/many").is_error());
    char path[64];
    for (int i = 0; i < 300; ++i) {
        format_string(path, sizeof(path), "/many/%d", i);
        if (i % 3 == 0)
            CHECK(!vfs_make_directory(path).is_error());
        else
            make_text_file(path, "x");
    }
    auto& directory = open_file("/many", open_directory);
    CHECK(vfs_status(directory).value().size == 300);
    DirectoryEntry entry;
    u64 last_cookie = 0;
    for (int i = 0; i < 300; ++i) {
        CHECK(vfs_read_directory(directory, entry).value());
        format_string(path, sizeof(path), "%d", i);
        CHECK(text_is(entry.name, path));
        CHECK(entry.type == (i % 3 ? VnodeType::regular : VnodeType::directory));
        CHECK(entry.cookie > last_cookie);
        last_cookie = entry.cookie;
        format_string(path, sizeof(path), "/many/%d", i);
        CHECK(entry.number == vfs_status(path).value().number);
    }
    CHECK(!vfs_read_directory(directory, entry).value());
    // Back to where a cookie was told, and to the beginning.
    CHECK(!vfs_seek(directory, static_cast<i64>(last_cookie) - 1, SeekFrom::start).is_error());
    CHECK(vfs_read_directory(directory, entry).value() && text_is(entry.name, "299"));
    CHECK(!vfs_seek(directory, 0, SeekFrom::start).is_error());
    CHECK(vfs_read_directory(directory, entry).value() && text_is(entry.name, "0"));
    vfs_close(&directory);
    for (int i = 0; i < 300; ++i) {
        format_string(path, sizeof(path), "/many/%d", i);
        CHECK(!(i % 3 ? vfs_unlink(path) : vfs_remove_directory(path)).is_error());
    }
    CHECK(!vfs_remove_directory("/many").is_error());
}

// Roadmap L2: who unlinks what it reads skips nothing, and neither does a reader beside it.
inline void unlinking_while_reading_skips_nothing()
{
    constexpr int count = 1000;
    CHECK(!vfs_make_directory("/many").is_error());
    char path[300];
    for (int i = 0; i < count; ++i) {
        format_string(path, sizeof(path), "/many/file-%d", i);
        make_text_file(path, "");
    }
    auto& directory = open_file("/many", open_directory);
    auto& other = open_file("/many", open_directory);
    DirectoryEntry entry;
    int unlinked = 0;
    int seen_by_other = 0;
    while (vfs_read_directory(directory, entry).value()) {
        // The other reader is always three entries ahead or at the end, so that what it tells is there.
        while (seen_by_other < unlinked + 3 && vfs_read_directory(other, entry).value())
            ++seen_by_other;
        format_string(path, sizeof(path), "/many/file-%d", unlinked);
        CHECK(!vfs_unlink(path).is_error());
        ++unlinked;
    }
    CHECK(unlinked == count);
    CHECK(seen_by_other == count);
    vfs_close(&directory);
    vfs_close(&other);
    CHECK(!vfs_remove_directory("/many").is_error());
}

inline void a_mount_covers_a_directory()
{
    // A mount stays for ever: the directory is made by the first run of this case.
    if (!exists("/mnt")) {
        CHECK(!vfs_make_directory("/mnt").is_error());
        CHECK(!mount("ramfs", "64K", "/mnt").is_error());
    }
    CHECK(fails_with(mount("nofs", "", "/"), Error::no_device));
    CHECK(fails_with(mount("ramfs", "", "/none"), Error::no_entry));
    CHECK(fails_with(mount("ramfs", "1x", "/"), Error::invalid));
    CHECK(fails_with(mount("ramfs", "", "/"), Error::busy));
    make_text_file("/mnt/file", "on it");
    CHECK(file_holds("/mnt/../mnt/file", "on it"));
    CHECK(vfs_status("/mnt/..").value().number == vfs_status("/").value().number);
    auto& file = open_file("/mnt/file");
    CHECK(vfs_vnode(file).mount != g_dentries.root->vnode->mount);
    char path[64];
    CHECK(vnode_path(vfs_vnode(file), path, sizeof(path)) && text_is(path, "/mnt/file"));
    CHECK(fails_with(vfs_rename("/mnt/file", "/file"), Error::cross_device));
    CHECK(fails_with(vfs_remove_directory("/mnt"), Error::busy));
    CHECK(fails_with(vfs_rename("/mnt", "/moved"), Error::busy));
    CHECK(!vfs_make_directory("/dir").is_error());
    CHECK(fails_with(vfs_rename("/dir", "/mnt"), Error::busy));
    CHECK(!vfs_remove_directory("/dir").is_error());
    // 16 pages: then there is no space, and what was written stays.
    static char page[4096];
    CHECK(!vfs_truncate(file, 0).is_error());
    for (int i = 0; i < 16; ++i)
        CHECK(vfs_write(file, page, sizeof(page)).value() == sizeof(page));
    CHECK(fails_with(vfs_write(file, page, 1), Error::no_space));
    CHECK(vfs_write_at(file, 15 * 4096 + 4095, page, 2).value() == 1);
    CHECK(vfs_status(file).value().size == 65536);
    vfs_close(&file);
    CHECK(!vfs_unlink("/mnt/file").is_error());
    make_text_file("/mnt/file", "room again");
    CHECK(!vfs_unlink("/mnt/file").is_error());
}

struct VfsCase {
    char const* name;
    void (*run)();
};

#define VFS_CASE(name)                                                                                                 \
    {                                                                                                                  \
#name, name                                                                                                    \
    }
inline constexpr VfsCase vfs_cases[] = {
    VFS_CASE(a_file_keeps_what_is_written),
    VFS_CASE(a_hole_reads_as_zeros),
    VFS_CASE(truncation_forgets_what_was_there),
    VFS_CASE(appending_goes_to_the_end),
    VFS_CASE(opening_asks_for_what_it_needs),
    VFS_CASE(paths_are_walked_as_everywhere),
    VFS_CASE(names_and_paths_have_limits),
    VFS_CASE(removing_takes_the_right_kind),
    VFS_CASE(an_open_file_outlives_its_name),
    VFS_CASE(an_open_directory_outlives_its_name),
    VFS_CASE(a_file_is_renamed),
    VFS_CASE(a_rename_replaces_a_file),
    VFS_CASE(a_directory_is_renamed),
    VFS_CASE(a_directory_onto_itself_is_nothing),
    VFS_CASE(readdir_tells_every_entry_once),
    VFS_CASE(unlinking_while_reading_skips_nothing),
    VFS_CASE(a_mount_covers_a_directory),
};
#undef VFS_CASE

} // namespace sprout::test
