// The objects that the workload keeps alive, of every size class, and the ones that go from worker to worker.
#pragma once
#include "core/result.hh"
#include "workload/random.hh"
#include <atomic>

namespace sprout::workload {

// Objects that one worker gave to another, to be freed there: linked through their first word.
class Inbox {
public:
    // From any thread. `object` has room for a pointer.
    void put(void* object);
    // Everything at once; null when there is nothing. Walk it with next().
    void* take_all();
    static void* next(void* object) { return *static_cast<void**>(object); }

private:
    std::atomic<void*> first_ = nullptr;
};

// An object of a random size, small ones more often than large ones, marked so that free_object() can check it; null
// when there is no memory.
void* make_object(Random&);
// False when somebody wrote over the mark; it is freed all the same.
bool free_object(void* object);
// Takes the mark away, so that the first word can link it. False as above.
bool unmark_object(void* object);

// A fixed number of objects, each replaced now and then by who owns its slot.
class ObjectStore {
public:
    Result<void> create(u64 count, Random&);
    void destroy();
    u64 count() const { return count_; }
    void*& slot(u64 index) { return slots_[index]; }

private:
    void** slots_ = nullptr;
    u64 count_ = 0;
};

} // namespace sprout::workload
