// What goes wrong on purpose, for the debugger to find.
#include "core/panic.hh"
#include "core/print.hh"
#include "workload/worker.hh"

namespace sprout::workload {

namespace {

// Two threads that each hold one file and want the other's.
struct Crossing {
    char const* first_path;
    char const* second_path;
    LockMode held; // of what each has
    char const* thread_names[2];
    File* files[2] = {};
    std::atomic<u32> holding = 0;

    Result<void> start();
    void hold_one_and_want_the_other(u32 side);
};

constinit Crossing g_deadlock { "/data/a", "/data/b", LockMode::exclusive, { "deadlock-a", "deadlock-b" } };
constinit Crossing g_cycle { "/data/c", "/data/d", LockMode::shared, { "cycle-c", "cycle-d" } };

void enter_first(void* crossing) { static_cast<Crossing*>(crossing)->hold_one_and_want_the_other(0); }
void enter_second(void* crossing) { static_cast<Crossing*>(crossing)->hold_one_and_want_the_other(1); }

Result<void> Crossing::start()
{
    files[0] = TRY(make_file(first_path));
    files[1] = TRY(make_file(second_path));
    TRY(thread_create({ .name = thread_names[0], .detached = true }, enter_first, this));
    TRY(thread_create({ .name = thread_names[1], .detached = true }, enter_second, this));
    return {};
}

// Never comes back: both sides hold theirs before either asks for the other's.
void Crossing::hold_one_and_want_the_other(u32 side)
{
    auto* truth = truth_enter();
    auto const other = 1 - side;
    char const* const paths[] = { first_path, second_path };
    TruthfulLock mine(truth, 0, vfs_vnode(*files[side]).lock, held, paths[side]);
    ++holding;
    while (holding.load() < 2)
        thread_sleep(100'000);
    TruthfulLock theirs(truth, 1, vfs_vnode(*files[other]).lock, LockMode::exclusive, paths[other]);
    panic("thread \"%s\" came out of a deadlock", current_thread().name);
}

// Ten objects a second that nobody will ever free.
void leak_objects(void*)
{
    Random random(0x1eaf);
    for (;;) {
        auto* forgotten = make_object(random);
        if (!forgotten)
            print("leak: out of memory\n");
        thread_sleep(100'000'000);
    }
}

// Each call takes 256 bytes of stack; none ever returns.
[[gnu::noinline]] u64 use_stack(u64 depth)
{
    u64 volatile frame[32];
    frame[depth % 32] = depth;
    if (frame[depth % 32] != depth) // never: but the compiler refuses an endless recursion that it sees through
        return depth;
    return use_stack(depth + 1) + frame[depth % 32];
}

void overflow_stack(void*)
{
    print("stack overflow: returned with %llu\n", static_cast<unsigned long long>(use_stack(0)));
}

void panic_later(void* argument)
{
    auto const seconds = reinterpret_cast<u64>(argument);
    thread_sleep(seconds * 1'000'000'000);
    panic("the workload was told to panic after %llu seconds", static_cast<unsigned long long>(seconds));
}

} // namespace

Result<void> start_faults(Workload& workload)
{
    auto const& options = workload.options;
    if (options.deadlock)
        TRY(g_deadlock.start());
    if (options.reader_writer_cycle)
        TRY(g_cycle.start());
    if (options.leak)
        TRY(thread_create({ .name = "leak", .detached = true }, leak_objects, nullptr));
    if (options.stack_overflow)
        TRY(thread_create({ .name = "stack-overflow", .detached = true }, overflow_stack, nullptr));
    if (options.panic != WorkloadOptions::never)
        TRY(thread_create({ .name = "panic", .detached = true }, panic_later, reinterpret_cast<void*>(options.panic)));
    return {};
}

} // namespace sprout::workload
