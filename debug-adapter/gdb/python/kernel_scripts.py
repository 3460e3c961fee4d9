"""gdb scripts that a kernel's own tree has, run as gdb runs those that it loads by itself."""
import os
import sys

import gdb


def run_script(path, elf):
    """Runs the script for the ELF file, in names of its own: `gdb.current_objfile()` is that file's meanwhile."""
    real = os.path.realpath(elf)
    objfile = next((one for one in gdb.objfiles() if os.path.realpath(one.filename or "") == real), None)
    current_objfile = gdb.current_objfile
    gdb.current_objfile = lambda: objfile
    try:
        with open(path, encoding="utf-8") as file:
            code = compile(file.read(), path, "exec")
        exec(code, {"__name__": "__script__", "__file__": path, "gdb": gdb, "sys": sys})  # noqa: S102
    finally:
        gdb.current_objfile = current_objfile
