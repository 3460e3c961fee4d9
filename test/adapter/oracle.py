"""A second reading of Sprout, by gdb.Value alone: nothing of the debug adapter's readers, types by DWARF, memory by the stub.

Runs inside gdb at a stop: `gdb -nx -q --batch -ex 'target remote …' -x oracle.py -ex detach sprout.elf`.
Prints one line of JSON on file descriptor 3.
"""
import json

import gdb


def variable(name):
    """A global by its qualified name: expressions find nested namespaces only from a frame that has debug information."""
    symbol = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
    return symbol.value()


def elements(sentinel, type_name, hook):
    """The structures on a List, by container_of."""
    type_ = gdb.lookup_type(type_name)
    offset = [f.bitpos // 8 for f in type_.fields() if f.name == hook][0]
    result = []
    node = sentinel["next"]
    while int(node) and int(node) != int(sentinel.address):
        result.append(gdb.Value(int(node) - offset).cast(type_.pointer()).dereference())
        node = node.dereference()["next"]
    return result


def enum_name(value):
    return str(value).split("::")[-1]


def signed(value):
    address = int(value)
    return address - (1 << 64) if address >= 1 << 63 else address


def thread_row(thread):
    held = []
    for index in range(16):
        slot = thread["held"][index]
        if int(slot["lock"]):
            held.append([signed(slot["lock"]), enum_name(slot["mode"])])
    row = {
        "key": signed(thread.address),
        "id": int(thread["id"]),
        "name": thread["name"].string(),
        "state": enum_name(thread["state"]),
        "cpu": int(thread["cpu"]),
        "switches": int(thread["switches"]),
        "held": sorted(held),
    }
    if row["state"] == "waiting" and int(thread["wait"]["queue"]):
        row["kind"] = enum_name(thread["wait"]["kind"])
        row["queue"] = signed(thread["wait"]["queue"])
    return row


def path_of(vnode):
    names = []
    dentry = vnode["dentry"]
    if not int(dentry):
        return None
    while int(dentry):
        names.append(dentry["name"].string())
        dentry = dentry["parent"]
    path = "/".join(reversed([name for name in names if name != "/"]))
    return "/" + path


def vnode_row(vnode):
    holders = elements(vnode["lock"]["holders"]["sentinel"], "sprout::HeldLock", "link")
    waiters = elements(vnode["lock"]["waiters"]["sentinel"], "sprout::Wait", "link")
    return {
        "key": signed(vnode.address),
        "number": int(vnode["number"]),
        "path": path_of(vnode),
        "size": int(vnode["size"]),
        "links": int(vnode["links"]),
        "fileSystem": vnode["mount"]["file_system"]["name"].string(),
        "holders": [[int(h["thread"]["id"]), enum_name(h["mode"])] for h in holders],
        "waiters": [[int(w["thread"]["id"]), enum_name(w["mode"])] for w in waiters],
        "acquisitions": int(vnode["lock"]["acquisitions"]),
    }


def slab_objects(cpu):
    """Live objects and slabs of one CPU of one pool, counted from its slabs' own records."""
    live = 0
    slabs = 0
    for name in ("partial", "full"):
        for page in elements(cpu[name]["sentinel"], "sprout::Page", "link"):
            live += int(page["live_objects"])
            slabs += 1
    return live, slabs


def pool_row(pool):
    live = 0
    slabs = 0
    busy = False
    for index in range(8):
        busy = busy or int(pool["cpus"][index]["lock"]["taken_"]["_M_i"]) != 0
        cpu_live, cpu_slabs = slab_objects(pool["cpus"][index])
        live += cpu_live
        slabs += cpu_slabs
    return {"size": int(pool["object_size"]), "live": live, "slabs": slabs, "busy": busy}


def timer_rows(cpu):
    timers = []
    buckets = variable("sprout::g_timer_sets")["slots"][cpu]["value"]["buckets"]
    for bucket in range(64):
        for timer in elements(buckets[bucket]["sentinel"], "sprout::Timer", "link"):
            callback = gdb.block_for_pc(int(timer["callback"]))
            line = gdb.find_pc_line(int(timer["callback"])).line
            owner = timer["owner"]
            timers.append({
                "key": signed(timer.address),
                "bucket": bucket,
                "deadline": int(timer["deadline"]),
                "callback": str(callback.function) if callback else None,
                "line": line,
                "owner": int(owner["id"]) if int(owner) else None,
            })
    return sorted(timers, key=lambda timer: timer["key"])


def reading():
    large = elements(variable("sprout::g_large_allocations")["list"]["sentinel"], "sprout::LargeAllocation", "link")
    return {
        "threads": [
            thread_row(t)
            for t in elements(variable("sprout::g_threads")["list"]["sentinel"], "sprout::Thread", "all_link")
        ],
        "vnodes": [
            vnode_row(v)
            for v in elements(variable("sprout::g_vnodes")["list"]["sentinel"], "sprout::Vnode", "table_link")
        ],
        "pools": [pool_row(variable("sprout::g_malloc_pools")[i]) for i in range(32)],
        "large": [[int(l["pages"]), int(l["requested"]), int(l["thread"])] for l in large],
        "freePages": int(variable("sprout::g_page_allocator")["free_pages"]),
        "timers": [timer_rows(cpu) for cpu in range(int(variable("sprout::arch::g_cpu_count")))],
    }


with open(3, "w", encoding="utf-8") as output:
    json.dump(reading(), output)
