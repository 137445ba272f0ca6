"""Text into object code: whole programs, or units, shared functions and sequences, to be linked by the loader.

Each object holds one function that is visible outside. Kernels get addresses of arrays there, and make the arrays
themselves: their shapes are then known where the kernel is optimized.
"""

from __future__ import annotations

import ast
import contextlib
import types as python_types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import llvmlite.binding
from llvmlite import ir

from nndsl.costs import vectors_pay
from nndsl.ir.collecting import without_collecting
from nndsl.runtime import sequence, shared
from nndsl.runtime.denormals import flush_denormals
from nndsl.runtime.llvm import I32, I64, V
from nndsl.runtime.target import (
    TARGET,
    KernelDispatcher,
    arrayobj,
    global_compiler_lock,
    target_extension,
    types,
)
from nndsl.runtime.units import UNIT, lengths


def prepare() -> None:
    """Do what numba does when it compiles for the first time."""
    with _compiling():
        KernelDispatcher.targetdescr.target_context.refresh()


def symbol(entry: str) -> str:
    """The C name of an entry in the object file."""
    return f"nndsl_{entry}"


# --- whole programs --------------------------------------------------------------------------------------------


def compile_object(text: str, path: Path, entries: Sequence[str]) -> bytes:
    """The module `text` as native object code. Each entry is exported as `int32 nndsl_<entry>(int64, …)`.

    The entries return 0, or 1 where a kernel raised. `path` is the name of the source in messages and tracebacks.
    """
    with _compiling():
        return _object(_whole(text, path, entries))


def inspect_object(text: str, path: Path, entries: Sequence[str], stage: str) -> str:
    """The optimized LLVM IR (`stage` "llvm") or the assembly ("asm") that `compile_object` makes an object of."""
    with _compiling():
        return _shown(_whole(text, path, entries), stage)


def _whole(text: str, path: Path, entries: Sequence[str]) -> Any:
    namespace = _executed(text, path)
    context = KernelDispatcher.targetdescr.target_context
    whole = context.codegen().create_library(path.stem)
    for name in entries:
        entry = namespace[name]
        arguments = (types.int64,) * entry.py_func.__code__.co_argcount
        entry.compile(types.void(*arguments))
        _export(context, whole, entry.overloads[arguments], symbol(name))
    return _optimized(whole, symbol(""), namespace, text)


def _export(context: Any, library: Any, compiled: Any, name: str) -> None:
    """A C function around numba's calling convention."""
    module = library.create_ir_module(name)
    description = compiled.fndesc
    kind = ir.FunctionType(I32, [I64] * len(description.argtypes))
    function = ir.Function(module, kind, name)
    builder = ir.IRBuilder(function.append_basic_block())
    restore = flush_denormals(builder)
    status = _called(context, builder, description, function.args)
    restore()
    builder.ret(status)
    library.add_ir_module(module)
    library.add_linking_library(compiled.library)


def _called(context: Any, builder: Any, description: Any, arguments: Sequence[Any]) -> Any:
    """Emit the call of what numba compiled: 0, or 1 where it raised."""
    callee = context.declare_function(builder.module, description)
    status, _ = context.call_conv.call_function(builder, callee, description.restype, description.argtypes, arguments)
    return builder.zext(status.is_error, I32)


# --- parts -----------------------------------------------------------------------------------------------------


def compile_unit(text: str, name: str) -> tuple[bytes, tuple[str, ...]]:
    """The unit `text` as an object with the function `name`, and the shared functions that it calls."""
    with _compiling(), shared.outside() as needed:
        return _object(_unit(text, name)), tuple(sorted(needed))


def compile_shared(name: str) -> bytes:
    """A shared function as an object."""
    with _compiling():
        return _object(_shared(name))


def compile_sequence(function: ast.FunctionDef, callees: sequence.Callees) -> bytes:
    """The sequence of a program as an object with the function `nndsl_<its name>`."""
    with _compiling():
        return _object(_sequence(function, callees))


def inspect_parts(units: Mapping[str, str], function: ast.FunctionDef, callees: sequence.Callees, stage: str) -> str:
    """As `inspect_object`, of a program in parts: the texts of its units by their symbols, and its sequence."""
    with _compiling():
        module = _sequence(function, callees)
        with shared.outside() as needed:
            for name, text in units.items():
                module.link_in(_unit(text, name))
        for name in sorted(needed):
            module.link_in(_shared(name))
        return _shown(module, stage)


def _unit(text: str, name: str) -> Any:
    namespace = _executed(text, Path(f"{name}.py"))
    kernel = namespace[UNIT]
    kinds = {
        argument: ast.parse(kernel.py_func.__annotations__.get(argument, "i64"), mode="eval").body
        for argument in kernel.py_func.__code__.co_varnames[: kernel.py_func.__code__.co_argcount]
    }
    arguments = tuple(map(_numba_type, kinds.values()))
    kernel.compile(types.void(*arguments))
    compiled = kernel.overloads[arguments]
    context = KernelDispatcher.targetdescr.target_context
    library = context.codegen().create_library(name)
    module = library.create_ir_module(name)
    function = sequence.declared(module, name, [k.id if isinstance(k, ast.Name) else "i64" for k in kinds.values()])
    builder = ir.IRBuilder(function.append_basic_block())
    given = dict(zip(kinds, function.args, strict=True))

    def size(node: ast.expr) -> V:
        assert isinstance(node, ast.Name)
        return V(builder, given[node.id])

    values = [
        _array(context, builder, kind, given[argument], [sequence.number(builder, n, size) for n in dims])
        if (dims := _dims(node))
        else given[argument]
        for (argument, node), kind in zip(kinds.items(), arguments, strict=True)
    ]
    builder.ret(_called(context, builder, compiled.fndesc, values))
    library.add_ir_module(module)
    library.add_linking_library(compiled.library)
    return _optimized(library, name, namespace, text)


def _dims(annotation: ast.expr) -> list[ast.expr]:
    """The sizes of an array; none of a number."""
    match annotation:
        case ast.Subscript(slice=ast.Tuple(elts=sizes)):
            return sizes
        case ast.Subscript(slice=size):
            return [size]
    return []


NUMBA_TYPES = {
    "f32": types.float32, "f64": types.float64, "i32": types.int32, "i64": types.int64, "bool": types.boolean,
}  # fmt: skip


def _numba_type(annotation: ast.expr) -> Any:
    match annotation:
        case ast.Subscript(value=ast.Name(id=dtype)):
            return types.Array(NUMBA_TYPES[dtype], len(_dims(annotation)), "C")
        case ast.Name(id=dtype):
            return NUMBA_TYPES[dtype]
    raise ValueError(ast.unparse(annotation))


def _array(context: Any, builder: Any, kind: Any, address: Any, shape: list[V]) -> Any:
    """A C-contiguous array at an address."""
    element = context.get_data_type(kind.dtype)
    itemsize = context.get_abi_sizeof(element)
    strides = [I64(itemsize)]
    for extent in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], extent.value, flags=["nsw"]))
    made = arrayobj.make_array(kind)(context, builder)
    data = builder.inttoptr(address, element.as_pointer())
    arrayobj.populate_array(
        made, data=data, shape=[n.value for n in shape], strides=strides, itemsize=itemsize, meminfo=None
    )
    return made._getvalue()


def _shared(name: str) -> Any:
    library = KernelDispatcher.targetdescr.target_context.codegen().create_library(name)
    library.add_ir_module(shared.module_of(name, library.create_ir_module(name)))
    return _optimized(library, name, {})


def _sequence(function: ast.FunctionDef, callees: sequence.Callees) -> Any:
    library = KernelDispatcher.targetdescr.target_context.codegen().create_library(function.name)
    module = library.create_ir_module(function.name)
    sequence.define(module, function, symbol(function.name), callees)
    library.add_ir_module(module)
    return _optimized(library, symbol(function.name), {})


# --- what both have --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _compiling() -> Iterator[None]:
    """Holds numba's compiler lock and makes ours the target that overloads are resolved for.

    Garbage is not collected meanwhile: a tenth of the time went into looking for it among what numba has loaded.
    """
    with global_compiler_lock, target_extension.target_override(TARGET), without_collecting():
        numbas = arrayobj.fix_integer_index
        arrayobj.fix_integer_index = _index
        try:
            yield
        finally:
            arrayobj.fix_integer_index = numbas


def _index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    """An index as it is: in kernels a negative one, a literal too, is outside the array.

    Numba would add `size` to it, and the test for that keeps every loop from vectorizing whose first index LLVM
    knows nothing about, which is every loop over a share.
    """
    return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)


def _executed(text: str, path: Path) -> dict[str, Any]:
    namespace = python_types.ModuleType(path.stem)
    namespace.__file__ = str(path)
    exec(compile(text, str(path), "exec"), namespace.__dict__)
    return vars(namespace)


def _optimized(library: Any, visible: str, namespace: dict[str, Any], text: str = "") -> Any:
    """The module of a library with all that it calls; nothing but `visible` (or what begins so) is seen outside.

    `text` are the kernels it was made from.
    """
    library.finalize()
    module = library._final_module
    _name_functions(module, visible, namespace)
    options = llvmlite.binding.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    # A loop of known length is unrolled before vectors are made of loops, and then none are made of it.
    options.loop_unrolling = not vectors_pay(lengths(text))
    builder = llvmlite.binding.create_pass_builder(KernelDispatcher.targetdescr.target_context.codegen()._tm, options)
    builder.getModulePassManager().run(module, builder)
    return module


def _name_functions(module: Any, visible: str, namespace: dict[str, Any]) -> None:
    """Plain names in place of mangled ones, and nothing but `visible` visible from outside."""
    roles = {
        compiled.fndesc.llvm_func_name: (name, made.nndsl_role)
        for name, made in namespace.items()
        if isinstance(made, KernelDispatcher) and hasattr(made, "nndsl_role")
        for compiled in made.overloads.values()
    }
    for function in module.functions:
        if function.is_declaration or function.name.startswith(visible):
            continue
        name, role = roles.get(function.name, (None, None))
        if name == UNIT:
            # Visible in the object too, so that LLVM takes no shape of its arrays for known: inner loops of known
            # length would be unrolled before they are vectorized.
            function.add_function_attribute("noinline")
            function.name = f"{visible}_{UNIT}"
            continue
        function.linkage = "internal"
        if role == "kernel":
            function.add_function_attribute("noinline")
        if name is not None:
            function.name = f"nn_{name}"
    for variable in module.global_variables:
        if variable.name.startswith("_ZN08NumbaEnv"):
            # Only Python objects are kept there, which no kernel has.
            variable.linkage = "internal"


def _object(module: Any) -> bytes:
    code: bytes = KernelDispatcher.targetdescr.target_context.codegen()._tm.emit_object(module)
    return code


def _shown(module: Any, stage: str) -> str:
    if stage == "llvm":
        return str(module)
    return str(KernelDispatcher.targetdescr.target_context.codegen()._tm.emit_assembly(module))
