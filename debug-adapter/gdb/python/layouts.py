"""Type layouts and demangled names, told by gdb without a target.

Runs inside gdb: `gdb -nx -q --batch -x layouts.py ELF`, the request on file descriptor 3, the answer on descriptor 4, JSON both:
  {"types": [names], "variables": [names], "demangle": [linker names]}
  {"types": [layout...], "names": {type name: index}, "variables": {name: index},
   "demangled": {linker name: name}, "missing": [what was not found]}
A layout refers to others by index; the closure of all field types is in the list. Offsets and sizes are bytes, but
`bitOffset` and `bitSize`, which only bit fields have. debug-adapter/guest/layouts.ts has the same as types.
"""
import json

import gdb

STRUCTS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)


class Layouts:
    """Collects each type once; `types` is the answer's list."""

    def __init__(self):
        self.types = []
        self.indexes = {}
        self.pending = []

    def index_of(self, type_):
        """The index of `type_`, queued to be described when it is new."""
        type_ = type_.strip_typedefs().unqualified()
        key = self.key_of(type_)
        if key in self.indexes:
            return self.indexes[key]
        index = len(self.types)
        self.indexes[key] = index
        self.types.append(None)
        self.pending.append((index, type_))
        return index

    @staticmethod
    def key_of(type_):
        if type_.code in STRUCTS and type_.tag is None:
            # Anonymous: told apart by what is in it.
            fields = [(f.name, getattr(f, "bitpos", -1), str(f.type)) for f in type_.fields()]
            return "anonymous %d %r" % (type_.sizeof, fields)
        return "%d %s" % (type_.code, type_)

    def describe_all(self):
        while self.pending:
            index, type_ = self.pending.pop()
            self.types[index] = self.describe(type_)

    def describe(self, type_):
        code = type_.code
        if code in STRUCTS:
            return self.describe_struct(type_)
        size = type_.sizeof
        if code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF):
            return {"kind": "pointer", "size": size, "target": self.target_name(type_)}
        if code == gdb.TYPE_CODE_ARRAY:
            low, high = type_.range()
            element = type_.target()
            return {"kind": "array", "size": size, "element": self.index_of(element), "count": max(0, high - low + 1)}
        if code == gdb.TYPE_CODE_ENUM:
            values = {f.name.split("::")[-1]: f.enumval for f in type_.fields()}
            return {"kind": "enum", "name": str(type_), "size": size, "signed": type_.is_signed, "values": values}
        if code == gdb.TYPE_CODE_BOOL:
            return {"kind": "bool", "size": size}
        if code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR):
            return {"kind": "integer", "name": str(type_), "size": size, "signed": type_.is_signed}
        if code == gdb.TYPE_CODE_FLT:
            return {"kind": "float", "size": size}
        return {"kind": "other", "name": str(type_), "size": size}

    @staticmethod
    def target_name(type_):
        """What a pointer points to, by name: the closure stops here."""
        return str(type_.target().strip_typedefs().unqualified())

    def describe_struct(self, type_):
        fields = []
        for field in type_.fields():
            if not hasattr(field, "bitpos"):
                continue  # static
            entry = {"name": field.name or "", "offset": field.bitpos // 8, "type": self.index_of(field.type)}
            if field.is_base_class:
                entry["base"] = True
            if field.bitsize:
                entry["bitOffset"] = field.bitpos
                entry["bitSize"] = field.bitsize
            fields.append(entry)
        layout = {"kind": "struct", "name": type_.tag or "", "size": type_.sizeof, "fields": fields}
        arguments = self.template_arguments(type_)
        if arguments:
            layout["templateArguments"] = arguments
        return layout

    @staticmethod
    def template_arguments(type_):
        arguments = []
        if not (type_.tag or "").endswith(">"):
            return arguments
        for index in range(16):
            try:
                arguments.append(str(type_.template_argument(index)))
            except (RuntimeError, ValueError, gdb.error):
                break
        return arguments


def demangled_names(names):
    gdb.execute("set language c++")
    answer = {}
    for name in names:
        try:
            text = gdb.execute("demangle -- " + name, to_string=True).strip()
        except gdb.error:
            continue
        if text and text != name and not text.startswith("Can't"):
            answer[name] = text
    return answer


def answer(request):
    layouts = Layouts()
    result = {"names": {}, "variables": {}, "missing": []}
    for name in request.get("types", []):
        try:
            result["names"][name] = layouts.index_of(gdb.lookup_type(name))
        except gdb.error:
            result["missing"].append("type " + name)
    for name in request.get("variables", []):
        try:
            result["variables"][name] = layouts.index_of(gdb.parse_and_eval(name).type)
        except gdb.error:
            result["missing"].append("variable " + name)
    layouts.describe_all()
    result["types"] = layouts.types
    result["demangled"] = demangled_names(request.get("demangle", []))
    return result


with open(3, encoding="utf-8") as requests, open(4, "w", encoding="utf-8") as answers:
    json.dump(answer(json.load(requests)), answers)
