"""How many multiply-adds this machine can do in a second: what all kernels are measured against."""

from __future__ import annotations

import ctypes
import threading
import time

import llvmlite.binding as llvm

from nndsl.runtime.tiles import VECTOR_BYTES

CHAINS = 12  # independent sums: enough to cover the latency of a multiply-add on two units
ROUNDS = 1_000_000
BITS = {4: "float", 8: "double"}


def multiply_adds(threads: int, size: int = 4, repeat: int = 5) -> float:
    """Multiply-adds a second of numbers of `size` bytes, all threads together; the best of several tries."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    lanes = VECTOR_BYTES // size
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(_loop(lanes, size)), machine)
    engine.finalize_object()
    spin = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(engine.get_function_address("spin"))
    best = min(_seconds(lambda: spin(ROUNDS, 1), threads) for _ in range(repeat))
    return ROUNDS * CHAINS * lanes * threads / best


def _seconds(work: object, threads: int) -> float:
    """Until all threads have done the work once."""
    assert callable(work)
    started = [threading.Thread(target=work) for _ in range(threads)]
    begun = time.perf_counter()
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return time.perf_counter() - begun


def _loop(lanes: int, size: int) -> str:
    """IR of a loop that does nothing but multiply and add vectors in registers."""
    number = BITS[size]
    vector, suffix = f"<{lanes} x {number}>", f"v{lanes}f{8 * size}"
    phis, sums, ends = [], [], []
    for i in range(CHAINS):
        phis.append(f"%s{i} = phi {vector} [ %start, %entry ], [ %n{i}, %loop ]")
        sums.append(f"%n{i} = call {vector} @llvm.fma.{suffix}({vector} %s{i}, {vector} %start, {vector} %start)")
        before = f"%t{i - 1}" if i else "%start"
        ends.append(f"%t{i} = fadd {vector} {before}, %n{i}")
    lines = [
        f"declare {vector} @llvm.fma.{suffix}({vector}, {vector}, {vector})",
        "define i64 @spin(i64 %rounds, i64 %seed) {",
        "entry:",
        f"%x = sitofp i64 %seed to {number}",
        f"%one = insertelement {vector} zeroinitializer, {number} %x, i32 0",
        f"%start = shufflevector {vector} %one, {vector} zeroinitializer, <{lanes} x i32> zeroinitializer",
        "br label %loop",
        "loop:",
        "%i = phi i64 [ 0, %entry ], [ %next, %loop ]",
        *phis,
        *sums,
        "%next = add i64 %i, 1",
        "%more = icmp slt i64 %next, %rounds",
        "br i1 %more, label %loop, label %done",
        "done:",
        *ends,
        f"%out = extractelement {vector} %t{CHAINS - 1}, i32 0",
        f"%above = fcmp ogt {number} %out, 0.0",
        "%all = zext i1 %above to i64",
        "ret i64 %all",
        "}",
    ]
    return "\n".join(lines)
