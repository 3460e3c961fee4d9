#include "sched/mutex.hh"

namespace sprout {

void Mutex::lock() { acquire(LockMode::exclusive); }
bool Mutex::try_lock() { return try_acquire(LockMode::exclusive); }
void Mutex::unlock() { release(); }

} // namespace sprout
