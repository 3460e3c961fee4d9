// Many threads in the file system at once.
#include "core/program.hh"
#include "fs/dentry.hh"
#include "fs/file.hh"
#include "fs/vfs.hh"
#include "tests/image/threads.hh"
#include <cstring>

namespace sprout::test {

namespace {

constexpr u32 crowd = 8;

struct Member {
    u32 number = 0;
    u32 seed = 0;
    void* shared = nullptr;
    Thread* thread = nullptr;
};

// Starts `crowd` threads and waits for all.
void run_crowd(char const* name, void (*entry)(void*), void* shared)
{
    Member members[crowd];
    for (u32 i = 0; i < crowd; ++i) {
        members[i].number = i;
        members[i].seed = 1000 + i;
        members[i].shared = shared;
        members[i].thread = &start(name, entry, &members[i]);
    }
    for (auto& member : members)
        thread_join(*member.thread);
}

File& open_or_panic(char const* path, u32 flags)
{
    auto file = vfs_open(path, flags);
    if (file.is_error())
        panic("%s: %s", path, error_text(file.error()));
    return *file.value();
}

// Roadmap L4: all readers are inside at the same time; they wait for each other there, so one by one they would never
// end.
struct Meeting {
    File& file;
    std::atomic<u32> inside = 0;
    std::atomic<bool> writer_was_inside = false;
};

void meet(void* argument)
{
    auto& meeting = *static_cast<Meeting*>(static_cast<Member*>(argument)->shared);
    SharedLock lock(vfs_vnode(meeting.file).lock);
    ++meeting.inside;
    wait_until("all readers to be inside", [&] { return meeting.inside.load() == crowd; });
    char c;
    CHECK(vfs_read_locked(meeting.file, 0, &c, 1).value() == 1 && c == 'r');
}

void write_after_meeting(void* argument)
{
    auto& meeting = *static_cast<Meeting*>(argument);
    CHECK(vfs_write_at(meeting.file, 0, "w", 1).value() == 1);
    meeting.writer_was_inside = true;
}

void readers_are_inside_together()
{
    auto& file = open_or_panic("/meeting", open_read | open_write | open_create);
    CHECK(vfs_write(file, "r", 1).value() == 1);
    Meeting meeting { file };
    run_crowd("reader", meet, &meeting);
    // A writer is alone: it comes in only when the last reader has gone.
    auto& lock = vfs_vnode(file).lock;
    lock.lock_shared();
    auto& writer = start("writer", write_after_meeting, &meeting);
    wait_until("the writer to wait", [&] {
        SpinlockGuard guard(lock.guard);
        return !lock.waiters.is_empty();
    });
    CHECK(!meeting.writer_was_inside);
    lock.unlock();
    thread_join(writer);
    CHECK(meeting.writer_was_inside);
    vfs_close(&file);
    CHECK(!vfs_unlink("/meeting").is_error());
}

// Writers of one length each, readers that must see one writer's bytes only.
struct Board {
    File& file;
    std::atomic<u32> torn = 0;
};

void write_and_read(void* argument)
{
    auto& member = *static_cast<Member*>(argument);
    auto& board = *static_cast<Board*>(member.shared);
    char text[256];
    for (int round = 0; round < 300; ++round) {
        if (member.number % 2) {
            memset(text, static_cast<int>('a' + member.number), sizeof(text));
            CHECK(vfs_write_at(board.file, 4000, text, sizeof(text)).value() == sizeof(text));
            continue;
        }
        CHECK(vfs_read_at(board.file, 4000, text, sizeof(text)).value() == sizeof(text));
        for (auto const c : text)
            board.torn += c != text[0];
    }
}

void reads_and_writes_are_whole()
{
    auto& file = open_or_panic("/board", open_read | open_write | open_create);
    char zeros[256] = {};
    CHECK(vfs_write_at(file, 4000, zeros, sizeof(zeros)).value() == sizeof(zeros));
    Board board { file };
    run_crowd("scribbler", write_and_read, &board);
    CHECK_EQUAL(board.torn.load(), 0);
    vfs_close(&file);
    CHECK(!vfs_unlink("/board").is_error());
}

// Everybody appends to one file: no record is lost or mixed, through one File or several.
void append_records(void* argument)
{
    auto& member = *static_cast<Member*>(argument);
    auto& file = open_or_panic("/records", open_write | open_append);
    for (u32 i = 0; i < 500; ++i) {
        u32 const record[2] = { member.number, i };
        CHECK(vfs_write(file, record, sizeof(record)).value() == sizeof(record));
    }
    vfs_close(&file);
}

void appends_lose_nothing()
{
    auto& file = open_or_panic("/records", open_read | open_create | open_write);
    run_crowd("appender", append_records, nullptr);
    u32 next[crowd] = {};
    u32 record[2];
    for (u32 i = 0; i < crowd * 500; ++i) {
        CHECK(vfs_read(file, record, sizeof(record)).value() == sizeof(record));
        CHECK(record[0] < crowd && record[1] == next[record[0]]++);
    }
    CHECK(vfs_read(file, record, sizeof(record)).value() == 0);
    vfs_close(&file);
    CHECK(!vfs_unlink("/records").is_error());
}

// Directories that wander, into each other and over each other, and files between them. Whoever loses a race gets an
// error; what matters is that all end, that no directory is lost or below itself, and that every path leads where it
// says.
constexpr char const* storm_places[]
    = { "/storm/a", "/storm/b", "/storm/a/c", "/storm/b/d", "/storm/a/c/e", "/storm/b/d/f" };

void storm(void* argument)
{
    auto& member = *static_cast<Member*>(argument);
    char own[64];
    for (int round = 0; round < 400; ++round) {
        auto const* from = storm_places[next_random(member.seed) % 6];
        auto const* to = storm_places[next_random(member.seed) % 6];
        format_string(own, sizeof(own), "%s/file-%u", to, member.number);
        switch (next_random(member.seed) % 8) {
        case 0:
            (void)vfs_make_directory(to);
            break;
        case 1:
            (void)vfs_remove_directory(from);
            break;
        case 2: {
            auto file = vfs_open(own, open_write | open_create);
            if (!file.is_error())
                vfs_close(file.value());
            break;
        }
        case 3:
            (void)vfs_unlink(own);
            break;
        case 4: {
            char other[64];
            format_string(other, sizeof(other), "%s/file-%u", from, member.number);
            (void)vfs_rename(other, own);
            break;
        }
        case 5: {
            auto directory = vfs_open(from, open_directory);
            DirectoryEntry entry;
            if (directory.is_error())
                break;
            while (vfs_read_directory(*directory.value(), entry).value()) { }
            vfs_close(directory.value());
            break;
        }
        default:
            (void)vfs_rename(from, to);
        }
    }
}

// Removes all below `path`; how many entries that were.
u32 remove_all(char const* path)
{
    auto& directory = open_or_panic(path, open_directory);
    DirectoryEntry entry;
    u32 count = 0;
    while (vfs_read_directory(directory, entry).value()) {
        char child[256];
        format_string(child, sizeof(child), "%s/%s", path, entry.name);
        auto const status = vfs_status(child);
        CHECK(!status.is_error());
        if (entry.type == VnodeType::directory)
            count += remove_all(child);
        auto const removed = entry.type == VnodeType::directory ? vfs_remove_directory(child) : vfs_unlink(child);
        CHECK(!removed.is_error());
        ++count;
    }
    vfs_close(&directory);
    return count;
}

void renames_in_a_storm_lose_nothing()
{
    auto const vnodes = g_vnodes.count;
    auto const dentries = g_dentries.count;
    u32 left = 0;
    for (int round = 0; round < 3; ++round) {
        CHECK(!vfs_make_directory("/storm").is_error());
        for (auto const* place : storm_places)
            CHECK(!vfs_make_directory(place).is_error());
        run_crowd("stormer", storm, nullptr);
        left += remove_all("/storm");
        CHECK(!vfs_remove_directory("/storm").is_error());
        // What nobody can reach any more would still be counted.
        CHECK_EQUAL(g_vnodes.count, vnodes);
        CHECK_EQUAL(g_dentries.count, dentries);
    }
    print("   %u entries were left\n", left);
}

// One file is unlinked and made again while everybody opens, writes and reads it.
void use_what_is_there(void* argument)
{
    auto& member = *static_cast<Member*>(argument);
    for (u32 i = 0; i < 300; ++i) {
        if (member.number == 0) {
            (void)vfs_unlink("/fleeting");
            continue;
        }
        auto& file = open_or_panic("/fleeting", open_read | open_write | open_create);
        u64 const word = member.number * 1000 + i;
        u64 read_back = 0;
        CHECK(vfs_write_at(file, 8192 + 8 * member.number, &word, sizeof(word)).value() == sizeof(word));
        CHECK(vfs_read_at(file, 8192 + 8 * member.number, &read_back, sizeof(word)).value() == sizeof(word));
        CHECK_EQUAL(read_back, word);
        vfs_close(&file);
    }
}

void a_fleeting_file_serves_all()
{
    auto const vnodes = g_vnodes.count;
    run_crowd("visitor", use_what_is_there, nullptr);
    (void)vfs_unlink("/fleeting");
    CHECK_EQUAL(g_vnodes.count, vnodes);
}

constexpr Case cases[] = {
    { "readers-are-inside-together", readers_are_inside_together },
    { "reads-and-writes-are-whole", reads_and_writes_are_whole },
    { "appends-lose-nothing", appends_lose_nothing },
    { "renames-in-a-storm-lose-nothing", renames_in_a_storm_lose_nothing },
    { "a-fleeting-file-serves-all", a_fleeting_file_serves_all },
};

int main(int argument_count, char const* const* arguments) { return run_cases(cases, argument_count, arguments); }

} // namespace

} // namespace sprout::test

SPROUT_PROGRAM(g_vfs_crowd_test, "test-vfs-crowd", "many threads in the file system", sprout::test::main);
