// A worker: a thread that does one kind of work over and over. `Worker::run` is the place to begin reading.
#pragma once
#include "workload/truth.hh"
#include "workload/workload.hh"

namespace sprout::workload {

enum class WorkerKind : u8 { writer, reader, allocator, timer, renamer };
inline constexpr usize worker_kinds = 5;

// Of `workers` workers, those with numbers of this kind: 0, 5, 10, … are writers, 1, 6, 11, … readers, and so on.
constexpr u64 workers_of_kind(WorkerKind kind, u64 workers)
{
    return (workers + worker_kinds - 1 - static_cast<u64>(kind)) / worker_kinds;
}

// A timer and what the truth says about it.
class TruthfulTimer {
public:
    // `truth` may be null: then nothing is told.
    void initialize(char const* name, TruthTimer* truth);
    // The truth forgets it, and its callback runs no more. Precondition: not armed.
    void finish();
    // At `deadline`, and then every `period` when that is not 0. Precondition: not armed.
    void arm(Nanoseconds deadline, Nanoseconds period);
    void cancel();
    u64 fired() const { return fired_.load(std::memory_order_acquire); }
    // The time at which the callback ran last.
    Nanoseconds fired_at() const { return fired_at_.load(std::memory_order_acquire); }

private:
    static void one_shot_fired(Timer&);
    static void period_passed(Timer&);
    void note_fired();

    Timer timer_;
    Spinlock lock_;     // protects the truth's entry against the callback
    TruthTimer untold_; // in place of a slot in the truth
    TruthTimer* truth_ = nullptr;
    std::atomic<u64> fired_ = 0;
    std::atomic<Nanoseconds> fired_at_ = 0;
};

class Worker {
public:
    Worker(Workload&, u64 index);
    ~Worker() { empty_inbox(); } // what came when it had ended
    Result<void> start();
    void join();

    char const* name() const { return name_; }

private:
    // worker.cc
    static void entry(void* worker);
    void run();
    Result<void> do_one_piece();
    void rest();
    void hold_on(); // a while, with locks held
    bool is_stopping() const { return workload_.stopping.load(std::memory_order_relaxed); }

    // worker_files.cc
    Result<void> do_writing();
    Result<void> write_shared_file(SharedFile&, u64 word);
    Result<void> copy_shared_file(SharedFile& from, SharedFile& to);
    Result<void> write_private_file(char const* path, usize bytes);
    Result<void> do_reading();
    Result<void> read_shared_file(SharedFile&);
    Result<void> list_directory(char const* path);

    // worker_objects.cc
    Result<void> do_allocating();
    Result<void> replace_object(void*& slot);
    void hand_over(void* object);
    void empty_inbox();

    // worker_timers.cc
    Result<void> do_timing();
    void wait_for_one_shot(Nanoseconds delay);
    void change_mind(Nanoseconds delay);
    void count_periods(Nanoseconds period, u32 periods);

    // worker_names.cc
    Result<void> do_renaming();
    Result<void> move_to_and_fro(char const* left, char const* right);
    Result<void> replace_by_rename(char const* path);
    Result<void> unlink_open_file(char const* path);

    Workload& workload_;
    u64 index_;
    WorkerKind kind_;
    char name_[32] = {};
    Random random_;
    TruthWorker* truth_ = nullptr; // null: the truth is full
    Thread* thread_ = nullptr;
    Inbox inbox_;
    TruthfulTimer timer_;
    u64 pieces_ = 0; // of work, done
    u64 buffer_[Files::piece_words] = {};
};

} // namespace sprout::workload
