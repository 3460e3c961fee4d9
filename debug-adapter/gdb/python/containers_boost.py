"""Boost's intrusive lists, by which OSv links what it owns: an element is found by its hook."""
import itertools

import gdb

from containers import Container, element_at, kind, member_offset


@kind("boost::intrusive::list", "boost::intrusive::slist")
class IntrusiveList(Container):
    """Circular through a header; a `slist` has one direction."""

    def walk(self):
        # The options stand in a parameter pack, which gdb cannot read; the base has them as one type.
        traits = base_of(self.type, "boost::intrusive::").template_argument(0)
        element = traits.template_argument(0)
        offset = hook_offset(traits, element)
        node = self.first()
        end = int(node.address)
        for index in itertools.count():
            if int(node) in (0, end):
                return
            yield element_at("[%d]" % index, element, int(node) - offset)
            node = node["next_"]

    def first(self):
        """The header's link, with which the header begins."""
        root = self.value["data_"]["root_plus_size_"]
        for header in ("m_header", "header_holder_"):
            try:
                return root[header]["next_"]
            except gdb.error:
                pass
        raise gdb.error("This version of boost is not known.")


def base_of(type_, prefix):
    return next(field.type.strip_typedefs() for field in type_.fields() if field.is_base_class and field.name.startswith(prefix))


def hook_offset(traits, element):
    """Where in an element its hook lies, in bytes: `mhtraits<T, Hook, &T::hook>`, or `bhtraits<T, NodeTraits, LinkMode, Tag, …>`."""
    if traits.name.startswith("boost::intrusive::mhtraits<"):
        return member_offset(traits.template_argument(2), element)
    nodes, tag = traits.template_argument(1), traits.template_argument(3)
    for field in element.strip_typedefs().fields():
        if field.is_base_class and field.name.startswith("boost::intrusive::"):
            hook = base_of(field.type.strip_typedefs(), "boost::intrusive::generic_hook<")
            if hook.template_argument(1) == nodes and hook.template_argument(2) == tag:
                return field.bitpos // 8
    raise gdb.error("%s has no hook of this list." % element)
