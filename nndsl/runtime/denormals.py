"""Numbers too small to be normal are zero while a program runs.

A moving mean of squared gradients that have become zero halves and halves until its numbers are denormal, and stays
there for thousands of steps; most CPUs take a hundred times as long for each operation on one. Nothing is lost that
training could feel: the largest such number is 1e-38. XLA does the same. The caller's own setting comes back after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
X86_BITS = 0x8040
"""Flush to zero, and denormals are zeros, in MXCSR."""
ARM_BIT = 1 << 24
"""Flush to zero, in FPCR."""


def flush_denormals(builder: Any) -> Callable[[], None]:
    """Emit code that switches it on; the result emits what brings the old setting back."""
    machine = llvmlite.binding.get_process_triple().split("-")[0]
    if machine in ("x86_64", "i686", "i386"):
        return _x86(builder)
    if machine in ("aarch64", "arm64"):
        return _arm(builder)
    return lambda: None


def _x86(builder: Any) -> Callable[[], None]:
    old, new = builder.alloca(I32), builder.alloca(I32)
    store, load = (_with_memory(builder.module, f"llvm.x86.sse.{name}mxcsr") for name in ("st", "ld"))
    builder.call(store, [builder.bitcast(old, I8.as_pointer())])
    builder.store(builder.or_(builder.load(old), I32(X86_BITS)), new)
    builder.call(load, [builder.bitcast(new, I8.as_pointer())])
    return lambda: builder.call(load, [builder.bitcast(old, I8.as_pointer())])


def _with_memory(module: Any, name: str) -> Any:
    known = module.globals.get(name)
    return known or ir.Function(module, ir.FunctionType(ir.VoidType(), [I8.as_pointer()]), name)


def _arm(builder: Any) -> Callable[[], None]:
    old = builder.asm(ir.FunctionType(I64, []), "mrs $0, fpcr", "=r", [], side_effect=True)
    write = ir.FunctionType(ir.VoidType(), [I64])
    builder.asm(write, "msr fpcr, $0", "r", [builder.or_(old, I64(ARM_BIT))], side_effect=True)
    return lambda: builder.asm(write, "msr fpcr, $0", "r", [old], side_effect=True)
