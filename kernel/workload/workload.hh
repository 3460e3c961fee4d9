// One run of the workload: what all workers share.
#pragma once
#include "workload/files.hh"
#include "workload/objects.hh"
#include "workload/options.hh"
#include <atomic>

namespace sprout::workload {

class Worker;

struct Workload {
    WorkloadOptions options;
    Files files;
    ObjectStore objects;
    Worker** workers = nullptr;
    u64 worker_count = 0; // workers that were started
    std::atomic<bool> stopping = false;
    std::atomic<u64> failures = 0; // what should never be seen: a torn file, a damaged object, a timer too early

    // Prints the first few, counts all. `what` is one sentence without an end.
    void fail(char const* what, char const* subject);

    // Everything that options ask for, but the faults.
    Result<void> start();
    // Ends the workers and takes back what start() made. With `keep_files` the files stay.
    void stop(bool keep_files);

private:
    Result<void> start_worker(u64 index);
};

// faults.cc: threads that do what the options ask for, wrongly. They end never, or with the kernel.
Result<void> start_faults(Workload&);
// Whether some of its threads hold files for ever.
inline bool faults_keep_files(WorkloadOptions const& options)
{
    return options.deadlock || options.reader_writer_cycle;
}

} // namespace sprout::workload
