"""MI commands of the session's gdb: threads, values, registers, log points.

Loaded by `-ix` before the kernel. Each command takes `--thread N --frame M` as every MI command does. Values that can be
opened get a handle, valid until the target goes on. Lists of values are told as one text of JSON, which the adapter parses
several times faster than the machine interface's own lists. Text that nobody asked for begins with a record separator (0x1e).
"""
import contextlib
import json
import os
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from expressions import at_address, evaluate, resolve  # noqa: E402
from kernel_scripts import run_script  # noqa: E402
from stepping import place_of_step  # noqa: E402
from summaries import text_of, unwrapped  # noqa: E402
from variables import HANDLES, LARGEST_PAGE, children_of, describe  # noqa: E402


def tell(text):
    """A message to the adapter that no command asked for."""
    gdb.write("\x1e" + text.replace("\n", " ") + "\n")


def locals_of(frame):
    """Arguments, then locals, innermost block first; an outer variable that is hidden is left out."""
    try:
        block = frame.block()
    except RuntimeError:
        return []
    seen = set()
    arguments, others = [], []
    while block is not None:
        for symbol in block:
            if symbol.name in seen or not (symbol.is_argument or symbol.is_variable):
                continue
            seen.add(symbol.name)
            (arguments if symbol.is_argument else others).append(symbol)
        if block.function is not None:
            break
        block = block.superblock
    return arguments + others


# What reading a value can end with. gdb.error is a RuntimeError.
FAILURES = (RuntimeError, ValueError, OverflowError, TypeError)


class Command(gdb.MICommand):
    """An MI command whose failure is gdb's `^error` with one sentence."""

    def invoke(self, argv):
        try:
            return self.run(*argv)
        except FAILURES as error:
            raise gdb.GdbError(str(error))


class Threads(Command):
    """-unikernel-threads: gdb's thread numbers with the stub's ids. Unwinds nothing."""

    def run(self):
        threads = gdb.selected_inferior().threads()
        return {"threads": [{"number": str(t.num), "id": str(t.ptid[1] or t.ptid[2])} for t in threads]}


class Locals(Command):
    """-unikernel-locals HEX"""

    def run(self, hexadecimal="0"):
        frame = gdb.selected_frame()
        rows = []
        for symbol in locals_of(frame):
            try:
                value = symbol.value(frame)
            except (gdb.error, RuntimeError, ValueError) as error:
                rows.append({"name": symbol.name, "type": str(symbol.type), "value": "<%s>" % error, "expression": symbol.name})
                continue
            rows.append(describe(symbol.name, value, symbol.name, hexadecimal == "1"))
        return {"variables": json.dumps(rows)}


class Children(Command):
    """-unikernel-children HANDLE START COUNT HEX"""

    def run(self, handle, start, count, hexadecimal="0"):
        value, expression = HANDLES.get(handle)
        start, count = max(0, int(start)), min(LARGEST_PAGE, int(count))
        return {"variables": json.dumps(children_of(value, expression, start, count, hexadecimal == "1"))}


class Expand(Command):
    """-unikernel-expand EXPRESSION START COUNT HEX: the children of a value that is named anew each time."""

    def run(self, expression, start, count, hexadecimal="0"):
        start, count = max(0, int(start)), min(LARGEST_PAGE, int(count))
        with reading_only():
            return {"variables": json.dumps(children_of(evaluate(expression), expression, start, count, hexadecimal == "1"))}


class Watch(Command):
    """-unikernel-watch HEX COUNT EXPRESSION... [EXPRESSION START COUNT]...: COUNT values, and a page of children of each that follows.

    What cannot be read says why and does not keep the others from being told.
    """

    def run(self, hexadecimal, count, *rest):
        hexadecimal, count = hexadecimal == "1", int(count)
        pages = zip(*[iter(rest[count:])] * 3)
        with reading_only():
            values = [self.value(expression, hexadecimal) for expression in rest[:count]]
            children = [self.children(*page, hexadecimal) for page in pages]
        return {"values": json.dumps(values), "children": json.dumps(children)}

    @staticmethod
    def value(expression, hexadecimal):
        try:
            return describe(expression, evaluate(expression), expression, hexadecimal)
        except FAILURES as error:
            return {"name": expression, "expression": expression, "error": str(error)}

    @staticmethod
    def children(expression, start, count, hexadecimal):
        try:
            return children_of(evaluate(expression), expression, int(start), min(LARGEST_PAGE, int(count)), hexadecimal)
        except FAILURES:
            return []


@contextlib.contextmanager
def reading_only():
    """No expression changes the guest: `n++` is refused."""
    gdb.execute("set may-write-memory off")
    try:
        yield
    finally:
        gdb.execute("set may-write-memory on")


class Resolve(Command):
    """-unikernel-resolve HEX EXPRESSION [PLACE]: as resolve() tells; the row's expression is the one that lacks nothing."""

    def run(self, hexadecimal, expression, place=None):
        with reading_only():
            value, whole = resolve(expression, place)
            return {"variable": describe(expression, value, whole, hexadecimal == "1")}


class Evaluate(Command):
    """-unikernel-evaluate MAY-CALL HEX EXPRESSION: functions of the guest run only when MAY-CALL is 1."""

    def run(self, may_call, hexadecimal, expression):
        if may_call == "1":
            gdb.execute("set may-call-functions on")
            # One that is stopped in the middle is taken back.
            gdb.execute("set unwindonsignal on")
        try:
            value = evaluate(expression)
            return {"variable": describe(expression, value, expression, hexadecimal == "1")}
        finally:
            gdb.execute("set may-call-functions off")


class Assign(Command):
    """-unikernel-assign EXPRESSION VALUE HEX"""

    def run(self, expression, text, hexadecimal="0"):
        place = expression
        value = evaluate(expression)
        scalar = unwrapped(value)
        if scalar is not value and scalar.address is not None:
            # Of a wrapper such as std::atomic what it holds.
            place = at_address(scalar.type, int(scalar.address))
        evaluate("(%s) = (%s)" % (place, text))
        value = evaluate(expression)
        return {"variable": describe(expression, value, expression, hexadecimal == "1")}


class Registers(Command):
    """-unikernel-registers HEX NAME...: of the selected frame; unknown names are left out."""

    def run(self, hexadecimal, *names):
        frame = gdb.selected_frame()
        rows = []
        for name in names:
            try:
                rows.append(self.row(name, frame.read_register(name), hexadecimal == "1"))
            except (gdb.error, ValueError) as error:
                if not str(error).startswith("Bad register"):
                    rows.append({"name": name, "type": "", "value": "<%s>" % error, "expression": "$" + name})
        return {"variables": json.dumps(rows)}

    @staticmethod
    def row(name, value, hexadecimal):
        row = describe(name, value, "$" + name, hexadecimal)
        if value.type.code == gdb.TYPE_CODE_FLAGS and not row["value"].startswith("<"):
            row["value"] = "%s %s" % (value.format_string(format="x"), value)
        return row


class StepPlace(Command):
    """-unikernel-step-place RSP RIP: where the selected thread's step stands that began with these registers."""

    def run(self, stack_pointer, program_counter):
        return place_of_step(int(stack_pointer), int(program_counter))


class LogPoint(gdb.Breakpoint):
    """Tells a message and never stops. The message's parts are texts and expressions, in turn."""

    def stop(self):
        try:
            if self.only_if and not gdb.parse_and_eval(self.only_if):
                return False
            parts = []
            for index, part in enumerate(self.parts):
                parts.append(part if index % 2 == 0 else self.tell_value(part))
            tell("log %d %s" % (self.number, "".join(parts)))
        except (gdb.error, RuntimeError, ValueError) as error:
            tell("log %d <%s>" % (self.number, error))
        return False

    @staticmethod
    def tell_value(expression):
        try:
            return text_of(evaluate(expression))
        except (gdb.error, RuntimeError, ValueError) as error:
            return "<%s>" % error


class InsertLogPoint(Command):
    """-unikernel-logpoint LOCATION CONDITION PART...: CONDITION may be empty."""

    def run(self, location, condition, *parts):
        point = LogPoint(location)
        point.only_if = condition
        point.parts = parts
        return {"number": str(point.number)}


class Script(Command):
    """-unikernel-script PATH ELF"""

    def run(self, path, elf):
        run_script(path, elf)
        return {}


for name, command in {
    "threads": Threads,
    "step-place": StepPlace,
    "locals": Locals,
    "children": Children,
    "expand": Expand,
    "evaluate": Evaluate,
    "watch": Watch,
    "resolve": Resolve,
    "assign": Assign,
    "registers": Registers,
    "logpoint": InsertLogPoint,
    "script": Script,
}.items():
    command("-unikernel-" + name)
