"""What this machine can do at most: multiply-adds and bytes a second, measured in the run that reports them."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable

import llvmlite.binding as llvm
import numpy as np

CHAINS = 12  # independent sums: enough to cover the latency of a multiply-add on two units
ROUNDS = 2_000_000


def _loop(lanes: int) -> str:
    """IR of a loop that does nothing but multiply and add vectors in registers."""
    vector = f"<{lanes} x float>"
    phis, sums, ends = [], [], []
    for i in range(CHAINS):
        phis.append(f"%s{i} = phi {vector} [ %start, %entry ], [ %n{i}, %loop ]")
        sums.append(f"%n{i} = call {vector} @llvm.fma.v{lanes}f32({vector} %s{i}, {vector} %start, {vector} %start)")
        before = f"%t{i - 1}" if i else "%start"
        ends.append(f"%t{i} = fadd {vector} {before}, %n{i}")
    lines = [
        f"declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})",
        "define float @spin(i64 %rounds, float %x) {",
        "entry:",
        f"%one = insertelement {vector} zeroinitializer, float %x, i32 0",
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
        "ret float %out",
        "}",
    ]
    return "\n".join(lines)


def _in_threads(work: Callable[[], object], threads: int) -> float:
    """Seconds until all are done."""
    started = [threading.Thread(target=work) for _ in range(threads)]
    begun = time.perf_counter()
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return time.perf_counter() - begun


def multiply_adds(threads: int) -> float:
    """Multiply-adds a second in f32, all threads together, in 1e9; the best of five."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    lanes = 16 if features.get("avx512f") else 8 if features.get("avx2") else 4
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(_loop(lanes)), machine)
    engine.finalize_object()
    spin = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64, ctypes.c_float)(engine.get_function_address("spin"))
    best = min(_in_threads(lambda: spin(ROUNDS, 0.5), threads) for _ in range(5))
    return ROUNDS * CHAINS * lanes * threads / best / 1e9


def bytes_copied(threads: int) -> float:
    """Bytes read and written a second by copies of arrays larger than any cache, in 1e9; the best of five."""
    count = 16 * 2**20
    pairs = [(np.ones(count, np.float32), np.empty(count, np.float32)) for _ in range(threads)]
    queue = list(pairs)

    def work() -> None:
        source, target = queue.pop()
        np.copyto(target, source)

    best = float("inf")
    for _ in range(6):
        queue = list(pairs)
        best = min(best, _in_threads(work, threads))
    return 2 * 4 * count * threads / best / 1e9
