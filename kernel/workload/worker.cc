#include "workload/worker.hh"
#include "arch/x64/cpu.hh"
#include "core/print.hh"

namespace sprout::workload {

namespace {

constexpr char const* kind_names[worker_kinds] = { "writer", "reader", "allocator", "timer", "renamer" };

// About what one piece of work costs on a slow machine: by it the load is reckoned.
constexpr Nanoseconds piece_cost = 200'000;
constexpr Nanoseconds longest_hold = 2'000'000;
constexpr u64 many_threads = 256; // from here on they get small stacks

} // namespace

Worker::Worker(Workload& workload, u64 index)
    : workload_(workload)
    , index_(index)
    , kind_(static_cast<WorkerKind>(index % worker_kinds))
    , random_(index + 1)
{
    format_string(
        name_, sizeof(name_), "%s-%llu", kind_names[index % worker_kinds], static_cast<unsigned long long>(index));
}

Result<void> Worker::start()
{
    ThreadOptions options { .name = name_ };
    if (workload_.options.threads > many_threads)
        options.stack_size = 8 * 1024;
    thread_ = TRY(thread_create(options, entry, this));
    return {};
}

void Worker::join()
{
    if (thread_)
        thread_join(*thread_);
}

void Worker::entry(void* worker) { static_cast<Worker*>(worker)->run(); }

// A worker's life: pieces of work with rests between them, until the workload stops.
void Worker::run()
{
    truth_ = truth_enter();
    timer_.initialize(name_, truth_ ? &truth_->timer : nullptr);
    while (!is_stopping()) {
        auto done = do_one_piece();
        if (done.is_error())
            workload_.fail(error_text(done.error()), name_);
        ++pieces_;
        g_truth.operations.fetch_add(1, std::memory_order_relaxed);
        rest();
    }
    timer_.finish();
    truth_leave(truth_);
}

Result<void> Worker::do_one_piece()
{
    switch (kind_) {
    case WorkerKind::writer:
        return do_writing();
    case WorkerKind::reader:
        return do_reading();
    case WorkerKind::allocator:
        return do_allocating();
    case WorkerKind::timer:
        return do_timing();
    case WorkerKind::renamer:
        return do_renaming();
    }
    return {};
}

// So long that all workers together want `load` percent of all CPUs; at 100 there is no rest.
void Worker::rest()
{
    auto const load = workload_.options.load;
    if (load >= 100) {
        thread_yield();
        return;
    }
    auto const average = piece_cost * workload_.options.threads / arch::g_cpu_count * 100 / load;
    thread_sleep(average / 2 + random_.below(average));
}

// Work that takes time while it holds what others want: so waiting can be seen.
void Worker::hold_on()
{
    if (workload_.options.load >= 100)
        thread_yield();
    else
        thread_sleep(random_.below(longest_hold));
}

} // namespace sprout::workload
