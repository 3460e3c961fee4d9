"""The peer of the big snapshot: plain gdb Python that reads the same lists, without the count of all pages that our view has."""
import gdb


def elements(head, type_name, member):
    """The structures of an intrusive list, by its sentinel."""
    type_ = gdb.lookup_type(type_name)
    offset = next(field.bitpos // 8 for field in type_.fields() if field.name == member)
    end = int(head.address)
    node = head["next"]
    while int(node) != end:
        yield gdb.Value(int(node) - offset).cast(type_.pointer()).dereference()
        node = node["next"]


def number(value):
    """The number in an atomic."""
    return int(value["_M_i"]) if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT else int(value)


def read():
    threads = [
        (int(t["id"]), t["name"].string(), str(t["state"]), int(t["cpu"]), int(t["held_count"]))
        for t in elements(gdb.parse_and_eval("sprout::g_threads.list.sentinel"), "sprout::Thread", "all_link")
    ]
    vnodes = [
        (int(v["number"]), int(v["size"]), v["dentry"]["name"].string() if int(v["dentry"]) else "", int(v["lock"]["acquisitions"]))
        for v in elements(gdb.parse_and_eval("sprout::g_vnodes.list.sentinel"), "sprout::Vnode", "table_link")
    ]
    pools = gdb.parse_and_eval("sprout::g_malloc_pools")
    live = 0
    for index in range(pools.type.range()[1] + 1):
        cpus = pools[index]["cpus"]
        live += sum(int(cpus[cpu]["live_objects"]) for cpu in range(cpus.type.range()[1] + 1))
    print("%d threads, %d vnodes, %d objects" % (len(threads), len(vnodes), live))


read()
