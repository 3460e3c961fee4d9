"""Operators that a person writes and that gdb could only call in the guest: subscripts of containers, arithmetic on what holds one
number, such as std::atomic. They only read, so they work while the guest runs and in a core.
"""
import operator

import gdb
import gdb.xmethod

from containers import container_of, kind_of
from expressions import explained
from summaries import scalar_path, unwrapped

ARITHMETIC = {
    "operator+": operator.add,
    "operator-": operator.sub,
    "operator*": operator.mul,
    "operator/": lambda left, right: left / right,
    "operator%": operator.mod,
    "operator&": operator.and_,
    "operator|": operator.or_,
    "operator^": operator.xor,
    "operator<<": operator.lshift,
    "operator>>": operator.rshift,
    "operator==": operator.eq,
    "operator!=": operator.ne,
    "operator<": operator.lt,
    "operator<=": operator.le,
    "operator>": operator.gt,
    "operator>=": operator.ge,
}


def object_in(value):
    """gdb hands over an object or a pointer to it."""
    return value.dereference() if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR else value


class Subscript(gdb.xmethod.XMethodWorker):
    """`container[i]`: the element that is shown as [i]."""

    def get_arg_types(self):
        return gdb.lookup_type("long")

    @explained
    def __call__(self, container, index):
        return container_of(object_in(container)).element(int(index))


class Arithmetic(gdb.xmethod.XMethodWorker):
    """`wrapper + 1`: of the number in it."""

    def __init__(self, compute, argument):
        self.compute = compute
        self.argument = argument

    def get_arg_types(self):
        return self.argument

    @explained
    def __call__(self, wrapper, argument):
        return gdb.Value(self.compute(unwrapped(object_in(wrapper)), argument))


class Operators(gdb.xmethod.XMethodMatcher):
    def __init__(self):
        super().__init__("unikernel")
        # Which of them are switched on; all are.
        self.methods = []

    def match(self, type_, name):
        if name == "operator[]":
            class_ = kind_of(type_)
            return Subscript() if class_ and class_.has_subscripts else None
        path = scalar_path(type_) if name in ARITHMETIC else None
        return Arithmetic(ARITHMETIC[name], path[-1].type) if path else None


gdb.xmethod.register_xmethod_matcher(None, Operators())
