// Allocators: they keep the store's objects changing, and give the old ones to each other to be freed elsewhere.
#include "workload/worker.hh"

namespace sprout::workload {

Result<void> Worker::do_allocating()
{
    empty_inbox();
    constexpr u32 objects_per_piece = 8;
    for (u32 i = 0; i < objects_per_piece; ++i) {
        if (workload_.objects.count() == 0) {
            void* own = nullptr;
            TRY(replace_object(own));
            if (!free_object(own))
                workload_.fail("an object was written over", name_);
            continue;
        }
        // Each allocator has slots of its own: its number among the allocators, and on in steps of how many there are.
        auto const step = workers_of_kind(WorkerKind::allocator, workload_.options.threads);
        auto const first = index_ / worker_kinds;
        if (first >= workload_.objects.count())
            return {};
        auto const slots = (workload_.objects.count() - first + step - 1) / step;
        TRY(replace_object(workload_.objects.slot(first + random_.below(slots) * step)));
    }
    return {};
}

// The new one comes first: there are never fewer objects than the store has slots.
Result<void> Worker::replace_object(void*& slot)
{
    auto* fresh = make_object(random_);
    if (!fresh)
        return Error::no_memory;
    auto* old = std::exchange(slot, fresh);
    if (!old)
        return {};
    if (random_.below(2))
        hand_over(old);
    else if (!free_object(old))
        workload_.fail("an object was written over", name_);
    return {};
}

// Another allocator will free it, likely on another CPU than the one that it came from.
void Worker::hand_over(void* object)
{
    if (!unmark_object(object))
        workload_.fail("an object was written over", name_);
    auto const allocators = workers_of_kind(WorkerKind::allocator, workload_.worker_count);
    auto const other = random_.below(allocators) * worker_kinds + static_cast<u64>(WorkerKind::allocator);
    workload_.workers[other]->inbox_.put(object);
}

void Worker::empty_inbox()
{
    for (auto* object = inbox_.take_all(); object;) {
        auto* next = Inbox::next(object);
        malloc_free(object);
        object = next;
    }
}

} // namespace sprout::workload
