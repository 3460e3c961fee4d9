"""Where a step stands that was interrupted before its end."""
import gdb

# Frames that are looked through for the one where the step began.
DEEPEST = 500


def place_of_step(stack_pointer, program_counter):
    """The frame in which a step began, given the registers that it began with: its level, counted from the innermost frame, and
    whether it still is in the line, and at the instruction. No level: the frame has returned.
    """
    frame = gdb.newest_frame()
    level = first = 0
    while frame is not None and level < DEEPEST:
        older = frame.older()
        # Inlined functions share the frame of the function that they are in.
        if frame.type() != gdb.INLINE_FRAME:
            if older is None or int(older.read_register("rsp")) & (2**64 - 1) > stack_pointer:
                return place(frame, first, program_counter) if begins_at(frame, program_counter) else {}
            first = level + 1
        frame = older
        level += 1
    return {}


def begins_at(frame, program_counter):
    """Whether the frame is of the function in which the step began: a caller's frame has a greater stack pointer, too."""
    return gdb.block_for_pc(program_counter) is None or physical_function(frame.pc()) == physical_function(program_counter)


def physical_function(program_counter):
    """The start of the function around an address, inlined ones aside."""
    block = gdb.block_for_pc(program_counter)
    while block is not None and not (block.function is not None and block.superblock is not None and block.superblock.is_static):
        block = block.superblock
    return block.start if block is not None else None


def place(frame, level, program_counter):
    # A caller's address is behind its call.
    now = gdb.find_pc_line(frame.pc() - (1 if level > 0 else 0))
    then = gdb.find_pc_line(program_counter)
    same = now.symtab is not None and then.symtab is not None and (now.symtab.filename, now.line) == (then.symtab.filename, then.line)
    moved = level > 0 or frame.pc() != program_counter
    return {"level": str(level), "same-line": "y" if same else "n", "same-instruction": "n" if moved else "y"}
