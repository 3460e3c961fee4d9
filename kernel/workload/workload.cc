#include "workload/workload.hh"
#include "core/print.hh"
#include "core/program.hh"
#include "mm/malloc_pool.hh"
#include "workload/worker.hh"

namespace sprout::workload {

namespace {

constexpr u64 failures_told = 10;
constinit std::atomic<bool> g_is_running = false;

int report(Workload const& workload, u64 operations_before)
{
    auto const failures = workload.failures.load();
    print("workload: %llu pieces of work, %llu failures\n",
        static_cast<unsigned long long>(g_truth.operations.load() - operations_before),
        static_cast<unsigned long long>(failures));
    return failures ? 1 : 0;
}

void wait_for_end(WorkloadOptions const& options)
{
    if (options.seconds != WorkloadOptions::forever)
        thread_sleep(options.seconds * 1'000'000'000);
    else
        thread_sleep_until(~0ull);
}

int run(WorkloadOptions const& options)
{
    auto* memory = malloc_allocate(sizeof(Workload));
    if (!memory) {
        print("workload: out of memory\n");
        return 1;
    }
    auto& workload = *new (memory) Workload;
    workload.options = options;
    auto const operations_before = g_truth.operations.load();
    auto started = workload.start();
    if (!started.is_error())
        started = start_faults(workload);
    if (started.is_error()) {
        workload.fail("it cannot start", error_text(started.error()));
    } else {
        print("workload: %llu workers, %llu files, %llu objects, load %llu\n",
            static_cast<unsigned long long>(options.threads), static_cast<unsigned long long>(options.vnodes),
            static_cast<unsigned long long>(options.objects), static_cast<unsigned long long>(options.load));
        wait_for_end(options);
    }
    workload.stop(faults_keep_files(options));
    auto const status = report(workload, operations_before);
    malloc_free(&workload);
    return status;
}

int main(int argument_count, char const* const* arguments)
{
    WorkloadOptions options;
    char const* wrong = nullptr;
    if (!parse_workload_options(argument_count - 1, arguments + 1, options, wrong)) {
        print("workload: \"%s\" is not understood.\n%s", wrong, workload_usage);
        return 2;
    }
    if (g_is_running.exchange(true)) {
        print("workload: one is running already\n");
        return 2;
    }
    auto const status = run(options);
    // With threads that wait for ever its files and its truth stay, and no other can take their place.
    if (!faults_keep_files(options))
        g_is_running.store(false);
    return status;
}

} // namespace

void Workload::fail(char const* what, char const* subject)
{
    if (failures.fetch_add(1) < failures_told)
        print("workload: %s: %s\n", subject, what);
}

Result<void> Workload::start_worker(u64 index)
{
    auto* worker = new (std::nothrow) Worker(*this, index);
    if (!worker)
        return Error::no_memory;
    workers[index] = worker;
    return {};
}

Result<void> Workload::start()
{
    TRY(truth_count_objects());
    g_truth.magic = Truth::running_magic;
    TRY(files.create(options.vnodes));
    Random random(0);
    TRY(objects.create(options.objects, random));
    workers = static_cast<Worker**>(malloc_allocate(options.threads * sizeof(Worker*)));
    if (!workers)
        return Error::no_memory;
    // All exist before any runs: they give things to each other.
    for (; worker_count < options.threads; ++worker_count)
        TRY(start_worker(worker_count));
    for (u64 index = 0; index < worker_count; ++index)
        TRY(workers[index]->start());
    return {};
}

void Workload::stop(bool keep_files)
{
    stopping.store(true);
    for (u64 index = 0; index < worker_count; ++index)
        workers[index]->join();
    for (u64 index = 0; index < worker_count; ++index)
        delete workers[index];
    malloc_free(workers);
    objects.destroy();
    if (keep_files)
        return;
    auto destroyed = files.destroy();
    if (destroyed.is_error())
        fail("its files cannot be removed", error_text(destroyed.error()));
    g_truth.magic = 0;
    truth_stop_counting();
}

} // namespace sprout::workload

SPROUT_PROGRAM(g_workload_program, "workload",
    "threads that write, read, allocate, time and rename; see kernel/workload", sprout::workload::main);
