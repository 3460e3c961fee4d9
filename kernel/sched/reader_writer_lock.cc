#include "sched/reader_writer_lock.hh"

namespace sprout {

void ReaderWriterLock::lock_shared() { acquire(LockMode::shared); }
void ReaderWriterLock::lock_exclusive() { acquire(LockMode::exclusive); }
bool ReaderWriterLock::try_lock_shared() { return try_acquire(LockMode::shared); }
bool ReaderWriterLock::try_lock_exclusive() { return try_acquire(LockMode::exclusive); }
void ReaderWriterLock::unlock() { release(); }

} // namespace sprout
