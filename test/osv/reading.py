"""A second reading of OSv, by gdb.Value alone: nothing of the debug adapter's readers; types by DWARF, memory by the stub.

Runs inside the session's gdb at a stop: `-exec python reading_file = "…"`, then `-exec source reading.py` in the debug
console. Writes JSON into that file.
Pages are scanned one by one, so a guest with little RAM is read in seconds.
"""
import json
import traceback

import gdb

PAGE = 4096
MEMPOOL = 0x600000000000
AREA = 1 << 44
MASK = (1 << 64) - 1


def type_of(name):
    return gdb.lookup_type(name)


def word(address):
    memory = gdb.selected_inferior().read_memory(address & MASK, 8)
    return int.from_bytes(bytes(memory), "little")


def pointer_at(value):
    """unique_ptr, atomic<T*> and intrusive links are one pointer each, whatever wraps it."""
    return word(int(value.address))


def at(address, type_name):
    return gdb.Value(address).cast(type_of(type_name).pointer()).dereference()


def field_offset(type_, path):
    offset = 0
    for name in path.split("."):
        for field in type_.strip_typedefs().fields():
            if field.name == name:
                offset += field.bitpos // 8
                type_ = field.type
                break
        else:
            raise gdb.error("no field %s in %s" % (name, type_))
    return offset


def signed(address):
    return address - (1 << 64) if address >= 1 << 63 else address


def text(value):
    return str(value).split("::")[-1]


def variable(name):
    return gdb.parse_and_eval("'%s'" % name if "::" in name else name)


def cpus():
    impl = variable("sched::cpus")["_M_impl"]
    count = impl["_M_finish"] - impl["_M_start"]
    return [impl["_M_start"][index] for index in range(int(count))]


def thread_row(address):
    thread = at(address, "sched::thread")
    detached = at(pointer_at(thread["_detached_state"]), "sched::thread::detached_state")
    status = detached["st"]["_M_i"]
    name = thread["_attr"]["_name"]["_M_elems"].string()
    return {"key": signed(address), "id": int(thread["_id"]), "name": name, "status": text(status)}


def threads(all_cpus):
    table = variable("sched::thread_map")["_M_h"]
    expected = int(table["_M_element_count"])
    found = []
    node = int(table["_M_before_begin"]["_M_nxt"])
    while node and len(found) < expected + 1:
        # A link, the key, the thread.
        found.append(word(node + 16))
        node = word(node)
    in_map = len(found)
    for cpu in all_cpus:
        bringup = int(cpu["bringup_thread"])
        if bringup and bringup not in found:
            found.append(bringup)
    return {"map": expected, "walked": in_map, "rows": [thread_row(address) for address in found]}


def chain(head):
    """Threads of wait records, as they are linked."""
    found = []
    while head and len(found) < 10000:
        found.append(word(head))
        head = word(head + 8)
    return found


def mutex(address):
    value = at(address, "lockfree::mutex")
    waiting = chain(pointer_at(value["waitqueue"]["poplist"])) + chain(pointer_at(value["waitqueue"]["pushlist"]))[::-1]
    owner = pointer_at(value["owner"])
    count = int(value["count"]["_M_i"])
    return {
        "owner": signed(owner),
        "count": count,
        "depth": int(value["depth"]),
        "waiters": [signed(thread) for thread in waiting],
        "holds": count == (1 if owner else 0) + len(waiting),
    }


def vnodes():
    table = variable("vnode_table")
    first, last = table.type.range()
    rows = []
    for index in range(first, last + 1):
        vnode = int(table[index]["lh_first"])
        while vnode and len(rows) < 100000:
            value = at(vnode, "vnode")
            dentry = value["v_names"]["lh_first"]
            rows.append(
                {
                    "key": signed(vnode),
                    "mount": value["v_mount"]["m_path"].string() if int(value["v_mount"]) else None,
                    "path": dentry["d_path"].string() if int(dentry) else None,
                    "references": int(value["v_refcnt"]),
                    "mutex": mutex(int(value["v_lock"].address)),
                }
            )
            vnode = int(value["v_link"]["le_next"])
    return rows


def free_ranges():
    ranges = variable("memory::free_page_ranges")
    range_type = type_of("memory::page_range")
    list_hook = field_offset(range_type, "list_hook")
    set_hook = field_offset(range_type, "set_hook")
    found = []
    lists = ranges["_free"]
    first, last = lists.type.strip_typedefs().range()
    for index in range(first, last + 1):
        sentinel = int(lists[index].address)
        node = word(sentinel)
        while node != sentinel and len(found) < 1000000:
            found.append(node - list_hook)
            node = word(node)
    # {compare?, {parent, left, right, color}}: the header is the last thing in the set.
    header = int(ranges["_free_huge"].address)
    pending = [word(header)]
    while pending:
        node = pending.pop()
        if node:
            found.append(node - set_hook)
            pending += [word(node + 8), word(node + 16)]
    return [(address, word(address)) for address in found]


def percpu(symbol, cpu):
    return word((int(cpu["percpu_base"]) + int(variable(symbol).address)) & MASK)


def cached_pages(all_cpus):
    """L1 arrays and the batches of L2, with the page that each batch is kept in."""
    pages = set()
    levels = []
    for cpu in all_cpus:
        address = percpu("memory::page_pool::percpu_l1", cpu)
        if not address:
            continue  # early in the boot
        l1 = at(address, "memory::page_pool::l1")
        count = int(l1["nr"])
        levels.append(count)
        pages.update(int(l1["_pages"][index]) % AREA for index in range(count))
    l2 = variable("memory::page_pool::global_l2")
    per_batch = type_of("memory::page_pool::page_batch").sizeof // 8
    stack = l2["_stack"]
    nodes = int(stack["pool"]["nodes_"])
    index = int(stack["tos"]["_M_i"]["index"])
    # A node: the 16-bit index of the next, and a batch.
    node_type = type_of("boost::lockfree::stack<memory::page_pool::page_batch*, boost::lockfree::fixed_sized<true> >::node")
    count = int(stack["pool"]["node_count_"])
    batches = 0
    while index < count and batches <= count:
        node = gdb.Value(nodes + index * node_type.sizeof).cast(node_type.pointer()).dereference()
        batch = int(node["v"])
        pages.update(word(batch + 8 * entry) % AREA for entry in range(per_batch))
        pages.add((batch - batch % PAGE) % AREA)
        batches += 1
        index = int(node["next"])
    levels.append(batches * per_batch)
    return pages, levels


def pools(all_cpus):
    free = free_ranges()
    cached, levels = cached_pages(all_cpus)
    table = variable("memory::malloc_pools")
    first, last = table.type.range()
    owners = {int(table[index].address): index - first for index in range(first, last + 1)}
    rows = [{"size": int(table[index]["_size"]), "pages": 0, "live": 0} for index in range(first, last + 1)]
    skip = set(cached)
    starts = {address % AREA: size for address, size in free}
    header = type_of("memory::pool::page_header")
    live_offset = field_offset(header, "nalloc")
    scanned = 0
    page = 0
    end = int(variable("memory::phys_mem_size"))
    while page < end:
        if page in starts:
            page += starts[page]
            continue
        if page not in skip:
            scanned += 1
            try:
                memory = bytes(gdb.selected_inferior().read_memory(MEMPOOL + page, live_offset + 4))
                pool = owners.get(int.from_bytes(memory[:8], "little"))
                if pool is not None:
                    rows[pool]["pages"] += 1
                    rows[pool]["live"] += int.from_bytes(memory[live_offset:], "little")
            except gdb.MemoryError:
                pass
        page += PAGE
    return {
        "rows": rows,
        "levels": levels,
        "free": sum(size for _, size in free),
        "ranges": len(free),
        "freeMemory": word(int(variable("memory::free_memory").address)),
        "scanned": scanned,
    }


def listed(sized, type_name, hook, field):
    """Elements of a boost list of constant size: its count, then the sentinel."""
    count = word(int(sized.address))
    sentinel = int(sized.address) + 8
    type_ = type_of(type_name)
    offset = field_offset(type_, hook)
    found = []
    node = word(sentinel)
    while node != sentinel and len(found) <= count:
        element = node - offset
        found.append([signed(element), word(element + field_offset(type_, field))])
        node = word(node)
    return count, found


def timer_set(set_, type_name, field):
    count = 0
    found = []
    first, last = set_["_buckets"].type.strip_typedefs().range()
    for sized in [set_["_buckets"][index] for index in range(first, last + 1)] + [set_["_expired"]]:
        told, elements = listed(sized, type_name, "hook", field)
        count += told
        found += elements
    return count, sorted(found)


def timers(all_cpus):
    rows = []
    for cpu in all_cpus:
        count, found = timer_set(cpu["timers"]["_list"], "sched::timer_base", "_time")
        worker = percpu("async::_percpu_worker", cpu)
        tasks_count, tasks = 0, []
        if worker:
            set_ = at(worker, "async::async_worker")["_timer_tasks"]
            tasks_count, tasks = timer_set(set_, "async::percpu_timer_task", "fire_at")
            tasks = [
                task
                for task in tasks
                if text(at(task[0], "async::percpu_timer_task")["_state"]["_M_i"]) != "RELEASED"
            ]
        rows.append({"cpu": int(cpu["id"]), "told": count, "timers": found, "tasksTold": tasks_count, "tasks": tasks})
    return rows


def callouts():
    """std::set<callout*>: {compare, {color, parent, left, right}, count}; a node is {color, parent, left, right, callout*}."""
    set_ = variable("callouts::_callouts")
    header = int(set_["_M_t"]["_M_impl"]["_M_header"].address)
    found = []
    pending = [word(header + 8)]
    while pending:
        node = pending.pop()
        if node:
            found.append(word(node + 32))
            pending += [word(node + 16), word(node + 24)]
    times = [int(at(one, "callout")["c_to_ns"]["__d"]["__r"]) for one in found]
    return {
        "told": int(set_["_M_t"]["_M_impl"]["_M_node_count"]),
        "rows": sorted([signed(key), time] for key, time in zip(found, times)),
    }


def allocations():
    """What lives, by its chain of callers; None in a kernel that cannot keep track."""
    try:
        tracker = variable("memory::tracker")
    except gdb.error:
        return None
    found = {}
    for index in range(int(tracker["size_allocations"])):
        info = tracker["allocations"][index]
        if int(info["addr"]):
            callers = tuple(int(info["backtrace"][level]) for level in range(int(info["nbacktrace"])))
            count, size = found.get(callers, (0, 0))
            found[callers] = (count + 1, size + int(info["size"]))
    return sorted(found.values())


def reading():
    all_cpus = cpus()
    return {
        "cpus": len(all_cpus),
        "threads": threads(all_cpus),
        "vnodes": vnodes(),
        "pools": pools(all_cpus),
        "timers": timers(all_cpus),
        "callouts": callouts(),
        "allocations": allocations(),
    }


def outcome():
    """gdb keeps what goes wrong in a sourced file to itself."""
    try:
        return reading()
    except Exception:
        return {"error": traceback.format_exc()}


result = outcome()
with open(reading_file, "w", encoding="utf-8") as file:  # noqa: F821 (set before this is sourced)
    json.dump(result, file)
