#include "fs/vnode.hh"
#include "core/panic.hh"
#include "fs/mount.hh"
#include "sched/clock.hh"

namespace sprout {

constinit VnodeTable g_vnodes;

void vnode_initialize(Vnode& vnode, Mount& mount, VnodeType type, VnodeOperations const& operations)
{
    vnode.mount = &mount;
    vnode.type = type;
    vnode.operations = &operations;
    vnode.modified = now();
    vnode.references.store(1, std::memory_order_relaxed);
    SpinlockGuard guard(g_vnodes.lock);
    vnode.number = mount.next_number++;
    g_vnodes.list.push_back(vnode);
    ++g_vnodes.count;
}

void vnode_forget(Vnode& vnode)
{
    SpinlockGuard guard(g_vnodes.lock);
    g_vnodes.list.remove(vnode);
    --g_vnodes.count;
}

void vnode_put(Vnode& vnode)
{
    auto const before = vnode.references.fetch_sub(1, std::memory_order_acq_rel);
    ASSERT(before != 0);
    if (before == 1)
        vnode.operations->release(vnode);
}

} // namespace sprout
