// What the workload is asked for: `workload load=40 threads=8 --deadlock`. A word may be `name=value`, `--name=value`
// or
// `--name value`; for those without a value just `name` or `--name`.
#pragma once
#include "core/types.hh"

namespace sprout {

struct WorkloadOptions {
    static constexpr u64 forever = ~0ull;
    static constexpr u64 never = ~0ull;

    u64 load = 20;                    // 1..100: how much of the machine the workers want, in percent
    u64 threads = 8;                  // workers
    u64 vnodes = 32;                  // files
    u64 objects = 1000;               // objects that live at any time, at least
    u64 seconds = forever;            // how long
    bool deadlock = false;            // two threads lock /data/a and /data/b in opposite order
    bool reader_writer_cycle = false; // the same with readers that want to write, on /data/c and /data/d
    bool leak = false;                // a thread that allocates and forgets
    u64 panic = never;                // after so many seconds; 0 (or no value): at once
    bool stack_overflow = false;      // a thread that calls itself until its stack ends
};

inline constexpr char workload_usage[]
    = "workload [load=1..100] [threads=N] [vnodes=N] [objects=N] [seconds=N|forever]\n"
      "         [deadlock] [reader-writer-cycle] [leak] [panic[=SECONDS]] [stack-overflow]\n";

// False when a word is wrong: `wrong` tells which. Pure; tested on the host.
bool parse_workload_options(int count, char const* const* words, WorkloadOptions& options, char const*& wrong);

} // namespace sprout
